import { zoneOffset } from '../../../activities/zone-offset';
import { nextAllowedStart } from '../../../core/trigger/allowed-start';
import { dataArrived } from '../../../core/trigger/data-arrival';
import type { HeavyWindow } from '../../../core/policy';

const at = (text: string): number => Date.parse(text);
const next = (window: Partial<HeavyWindow>, now: string): string => {
  const whole: HeavyWindow = { from: '22:00', to: '06:00', days: [], timeZone: 'America/New_York', ...window };
  return new Date(nextAllowedStart(whole, at(now), zoneOffset(whole.timeZone))).toISOString().slice(0, 16);
};

describe('nextAllowedStart', () => {
  it.each<[string, Partial<HeavyWindow>, string, string]>([
    ['inside the night', {}, '2026-01-15T04:00:00Z', '2026-01-15T04:00'],
    ['after midnight, still open', {}, '2026-01-15T10:59:00Z', '2026-01-15T10:59'],
    ['at the end: the next evening', {}, '2026-01-15T11:00:00Z', '2026-01-16T03:00'],
    ['in the afternoon', {}, '2026-01-15T20:00:00Z', '2026-01-16T03:00'],
    ['in summer, an hour earlier', {}, '2026-07-15T20:00:00Z', '2026-07-16T02:00'],
    ['Friday nights, asked on Monday', { days: ['fri'] }, '2026-01-12T12:00:00Z', '2026-01-17T03:00'],
    ['Friday nights, asked on Saturday at five', { days: ['fri'] }, '2026-01-17T10:00:00Z', '2026-01-17T10:00'],
    [
      'only this weekday, just over: a week later',
      { days: ['fri'], from: '01:00', to: '02:00' },
      '2026-01-16T07:00:00Z',
      '2026-01-23T06:00',
    ],
    [
      'from 02:30, which the clocks skip on 8 March',
      { from: '02:30', to: '05:00' },
      '2026-03-08T06:00:00Z',
      '2026-03-08T07:00',
    ],
    [
      'from 01:30, which comes twice on 1 November',
      { from: '01:30', to: '05:00' },
      '2026-11-01T04:00:00Z',
      '2026-11-01T05:30',
    ],
    ['from = to: the whole day', { from: '00:00', to: '00:00' }, '2026-01-15T20:00:00Z', '2026-01-15T20:00'],
  ])('%s', (_, window, now, expected) => {
    expect(next(window, now)).toBe(expected);
  });
});

describe('dataArrived', () => {
  const probe = { since: 1000, rows: 50, newest: 5000 };
  it('needs 50 of 50 rows, none too few, and any newer row when no number is asked', () => {
    expect(dataArrived({ newRows: 50 }, probe)).toMatchObject({ arrived: true, id: 'data:5000:50' });
    expect(dataArrived({ newRows: 51 }, probe)).toMatchObject({
      arrived: false,
      reason: { observed: 50, expected: 51 },
    });
    expect(dataArrived({ newRows: null }, probe).arrived).toBe(true);
    expect(dataArrived({ newRows: null }, { since: 1000, rows: 0, newest: null }).arrived).toBe(false);
  });
});
