import { clusterNamer } from '../../../adapters/postgres/cluster-of';

describe('clusterNamer', () => {
  it('changes the day at midnight of the zone, also on the day the clocks change', () => {
    const name = clusterNamer({ clusterBy: 'day', timeZone: 'America/New_York' });
    const at = (iso: string) => name(Date.parse(iso), 0);
    expect(at('2013-11-03T03:59:59.999Z')).toBe('2013-11-02');
    expect(at('2013-11-03T04:00:00Z')).toBe('2013-11-03');
    // Clocks went back at 06:00 UTC: this day has 25 hours.
    expect(at('2013-11-04T04:59:59Z')).toBe('2013-11-03');
    expect(at('2013-11-04T05:00:00Z')).toBe('2013-11-04');
  });

  it('names the hour in a zone of 45 minutes', () => {
    const name = clusterNamer({ clusterBy: 'hour', timeZone: 'Asia/Kathmandu' });
    expect(name(Date.parse('2026-01-01T18:14:59Z'), 0)).toBe('2026-01-01T23');
    expect(name(Date.parse('2026-01-01T18:15:00Z'), 0)).toBe('2026-01-02T00');
  });

  it('names each row its own cluster with none', () => {
    const name = clusterNamer({ clusterBy: 'none', timeZone: 'UTC' });
    expect([name(0, 0), name(0, 12)]).toEqual(['row-00000000', 'row-00000012']);
  });
});
