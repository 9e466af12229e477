import type { Logger, NewestEvaluation } from '../../core/ports';
import { DetectionGauges } from '../../gateway/detection-gauges';
import { MetricsRegistry } from '../../gateway/metrics';

const EVALUATION: NewestEvaluation = {
  model: 'm',
  version: '1',
  windowStart: 0,
  windowEnd: 1000,
  report: { version: '1', windowStart: 0, windowEnd: 1000, breached: false, driftScore: null, reasons: [] },
  measurement: { rows: 10 },
  workflowId: 'w',
  at: 1000,
  consecutiveBreaches: 0,
};

function setup(read: () => Promise<readonly NewestEvaluation[]>, waitMs?: number) {
  const warnings: string[] = [];
  const logger: Logger = { debug() {}, info() {}, error() {}, warn: (message) => warnings.push(message) };
  const clock = { now: 0 };
  let reads = 0;
  const gauges = new DetectionGauges({ newestEvaluations: () => (reads++, read()) }, logger, {
    monotonicMs: () => clock.now,
    ...(waitMs === undefined ? {} : { waitMs }),
  });
  const metrics = new MetricsRegistry();
  gauges.register(metrics);
  return { gauges, metrics, clock, warnings, reads: () => reads };
}

describe("the gateway's gauges of detection", () => {
  it('asks PostgreSQL once for 20 scrapes in 14.9 s and again at 15 s', async () => {
    const { gauges, metrics, clock, reads } = setup(async () => [EVALUATION]);
    for (let i = 0; i < 20; i++) {
      clock.now = 14_900 * (i / 19);
      await gauges.refresh();
    }
    expect(reads()).toBe(1);
    expect(metrics.render()).toContain('ratchet_evaluation_rows{model="m",version="1"} 10\n');
    clock.now = 15_000;
    await Promise.all([gauges.refresh(), gauges.refresh()]);
    expect(reads()).toBe(2);
  });

  it('keeps the last values when PostgreSQL fails, says how old they are, and does not hammer it', async () => {
    let fails = false;
    const { gauges, metrics, clock, warnings, reads } = setup(async () => {
      if (fails) throw new Error('connection refused');
      return [EVALUATION];
    });
    await gauges.refresh();
    fails = true;
    clock.now = 20_000;
    await gauges.refresh();
    await gauges.refresh();
    expect(reads()).toBe(2);
    expect(warnings).toHaveLength(1);
    const text = metrics.render();
    expect(text).toContain('ratchet_evaluation_rows{model="m",version="1"} 10\n');
    expect(text).toContain('ratchet_detection_age_seconds 20\n');
    expect(text).toContain('ratchet_detection_read_failures_total 1\n');
  });

  it('does not hold a scrape for a PostgreSQL that hangs, and asks it only once', async () => {
    const { gauges, metrics, clock, reads } = setup(() => new Promise(() => undefined), 5);
    await gauges.refresh();
    clock.now = 60_000;
    await gauges.refresh();
    expect(reads()).toBe(1);
    expect(metrics.render()).not.toMatch(/^ratchet_detection_age_seconds /m);
  });
});
