import { judgeWindow } from '../../core/judge-window';
import type { WindowMeasurement } from '../../activities/measure-window';
import { keptDetectors, runDetectors, type DetectorMeasurement } from '../../activities/window-detectors';
import { detectChanges, type DetectorConfig } from '../../core/drift/streaming';
import type { ModelContract } from '../../core/model';
import type { Policy } from '../../core/policy';
import type { EvaluationRecord } from '../../core/ports';
import { testPolicy } from '../workflows/fixtures';

const BASE = testPolicy();
const contract = {} as ModelContract;
type Wanted = DetectorConfig & { readonly action: 'warn' | 'breach' };

const policyOf = (...detectors: readonly Wanted[]): Policy => ({
  ...BASE,
  performance: { ...BASE.performance, detectors },
});

/** The errors of a version, of which the first `arrived` labels have come; pages of at most `page`. */
class Stream {
  arrived = 0;
  reads = 0;
  constructor(
    private readonly errors: readonly number[],
    private readonly page = 173,
  ) {}

  readErrors = async (_m: string, _c: ModelContract, _v: string, after: string | null, limit: number) => {
    this.reads += 1;
    const from = Number(after ?? 0);
    const to = Math.min(this.arrived, from + Math.min(limit, this.page));
    return { errors: this.errors.slice(from, to), cursor: to === 0 ? after : String(to) };
  };
}

/** Checks of one version, as evaluateWindow stores them: through JSON. */
class Checks {
  readonly records: EvaluationRecord[] = [];
  constructor(private readonly stream: Stream) {}

  async check(policy: Policy, arrived: number, version = '1'): Promise<DetectorMeasurement> {
    this.stream.arrived = arrived;
    const detectors = await runDetectors(this.stream, {
      model: 'late',
      version,
      contract,
      policy,
      earlier: this.records,
    });
    if (detectors === null) throw new Error('the policy names no detector');
    this.add(detectors, version, this.records.length);
    return detectors;
  }

  add(detectors: DetectorMeasurement, version: string, window: number): void {
    this.records.push({
      model: 'late',
      version,
      windowStart: window,
      windowEnd: window + 1,
      measurement: JSON.parse(JSON.stringify({ detectors })) as Record<string, unknown>,
      at: this.records.length,
    } as unknown as EvaluationRecord);
  }
}

/** 0/1 errors: 5 % wrong, and from `turn` on 40 %. A fixed linear congruential sequence. */
function errorsOf(rows: number, turn: number): number[] {
  let state = 12_345;
  return Array.from({ length: rows }, (_, i) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648 < (i < turn ? 0.05 : 0.4) ? 1 : 0;
  });
}

const ERRORS = errorsOf(3000, 1500);
const ddm: Wanted = { detector: 'ddm', action: 'warn' };
const adwin: Wanted = { detector: 'adwin', action: 'warn' };

describe('runDetectors', () => {
  it.each(['ddm', 'adwin', 'eddm', 'hddm_a', 'hddm_w', 'page_hinkley', 'kswin'] as const)(
    'lets %s go on from check to check: 12 checks signal exactly what one run over 3000 errors does',
    async (detector) => {
      const checks = new Checks(new Stream(ERRORS));
      const steps = [0, 1, 30, 31, 500, 1499, 1510, 1525, 1540, 1555, 1560, 2200, 3000];
      const signals = [];
      for (const arrived of steps) {
        const found = await checks.check(policyOf({ detector, action: 'warn' }), arrived);
        signals.push(...(found.detectors[0]?.signals ?? []));
      }
      expect(signals).toEqual(detectChanges({ detector }, ERRORS));
      const last = checks.records.at(-1)?.measurement['detectors'] as DetectorMeasurement;
      expect(last).toMatchObject({ cursor: '3000', total: 3000, taken: 800 });
      expect(last.detectors[0]?.state.seen).toBe(3000);
      const whole = new Checks(new Stream(ERRORS, 10_000));
      const once = await whole.check(policyOf({ detector, action: 'warn' }), 3000);
      expect(last.detectors[0]?.state).toEqual(JSON.parse(JSON.stringify(once.detectors[0]?.state)));
    },
  );

  it('finds the turn at error 1500 with ddm and adwin, so that the comparison above compares something', () => {
    for (const detector of ['ddm', 'adwin'] as const) {
      const drifts = detectChanges({ detector }, ERRORS).filter(({ kind }) => kind === 'drift');
      expect(drifts.some(({ index }) => index >= 1500 && index < 1700)).toBe(true);
    }
  });

  it('signals the entry into the warning zone once, though every error in it is checked on its own', async () => {
    const checks = new Checks(new Stream(ERRORS));
    const entries = detectChanges({ detector: 'ddm' }, ERRORS.slice(0, 1600));
    expect(entries.some(({ kind }) => kind === 'warning')).toBe(true);
    await checks.check(policyOf(ddm), 1495);
    const signals = [...(await checks.check(policyOf(ddm), 1500)).detectors[0]!.signals];
    for (let arrived = 1501; arrived <= 1600; arrived++) {
      signals.push(...(await checks.check(policyOf(ddm), arrived)).detectors[0]!.signals);
    }
    expect(signals).toEqual(entries.filter(({ index }) => index >= 1495));
  });

  it('goes on from the stream position, not from the newest window, when an older window is judged after a newer one', async () => {
    const checks = new Checks(new Stream(ERRORS));
    const first = await checks.check(policyOf(adwin), 1000);
    checks.records.length = 0;
    checks.add(first, '1', 5);
    const second = await runDetectors(new Arrived(2000), {
      model: 'late',
      version: '1',
      contract,
      policy: policyOf(adwin),
      earlier: checks.records,
    });
    checks.add(second!, '1', 2);
    expect(await checks.check(policyOf(adwin), 3000)).toMatchObject({ taken: 1000, total: 3000 });
  });

  it('starts anew for a new champion', async () => {
    const checks = new Checks(new Stream(ERRORS));
    await checks.check(policyOf(ddm), 2000);
    const other = await checks.check(policyOf(ddm), 700, '2');
    expect(other).toMatchObject({ taken: 700, total: 700 });
    expect(other.detectors[0]?.state.seen).toBe(700);
  });

  it('starts a detector anew whose parameters changed, and no other', async () => {
    const checks = new Checks(new Stream(ERRORS));
    await checks.check(policyOf(ddm, adwin), 600);
    const changed = { ...adwin, delta: 0.05 } as Wanted;
    const { detectors, taken } = await checks.check(policyOf(ddm, changed), 900);
    expect(taken).toBe(300);
    expect(detectors.map(({ state }) => [state.detector, state.seen])).toEqual([
      ['ddm', 900],
      ['adwin', 300],
    ]);
    const next = await checks.check(policyOf(ddm, changed), 1000);
    expect(next.detectors.map(({ state }) => state.seen)).toEqual([1000, 400]);
  });

  it('does not change what an earlier check stored, and takes nothing when no label came', async () => {
    const checks = new Checks(new Stream(ERRORS));
    await checks.check(policyOf(ddm), 500);
    const stored = JSON.stringify(checks.records[0]);
    await checks.check(policyOf(ddm), 900);
    expect(JSON.stringify(checks.records[0])).toBe(stored);
    expect(await checks.check(policyOf(ddm), 900)).toMatchObject({ taken: 0, total: 900, reasons: [] });
  });

  it('gives the problem of a detector that regression errors cannot feed, and feeds the others', async () => {
    const checks = new Checks(new Stream(ERRORS.map((e, i) => (i < 50 ? e : e + 0.25))));
    const { detectors, reasons } = await checks.check(policyOf({ ...ddm, action: 'breach' }, adwin), 400);
    expect(detectors[0]).toMatchObject({ problem: expect.stringMatching(/index 50 is not 0 or 1/), signals: [] });
    expect(detectors[1]).toMatchObject({ problem: null, state: { seen: 400 } });
    expect(reasons).toContainEqual({
      code: 'detector.unusable',
      text: expect.stringMatching(/^ddm cannot be used/) as string,
    });
    const again = await checks.check(policyOf({ ...ddm, action: 'breach' }, adwin), 500);
    expect(again.detectors.map(({ problem }) => problem === null)).toEqual([false, true]);
  });

  it('ends at a cursor that does not move, and goes on over a page of invalid labels without errors', async () => {
    const pages = [
      { errors: [0, 1], cursor: '2' },
      { errors: [], cursor: '9' },
      { errors: [1], cursor: '10' },
      { errors: [], cursor: '10' },
    ];
    const readErrors = async () => pages.shift() ?? { errors: [], cursor: '10' };
    const found = await runDetectors(
      { readErrors },
      { model: 'late', version: '1', contract, policy: policyOf(ddm), earlier: [] },
    );
    expect(found).toMatchObject({ cursor: '10', taken: 3 });
  });

  it('is null and reads nothing when the policy names no detector', async () => {
    const stream = new Stream(ERRORS);
    const input = { model: 'late', version: '1', contract, policy: policyOf(), earlier: [] };
    expect(await runDetectors(stream, input)).toBeNull();
    expect(stream.reads).toBe(0);
  });

  it.each([
    ['breach', 'breach', 'breach'],
    ['warn', 'warn', 'warn'],
  ] as const)('makes a detection with action %s a %s under require performance', async (action, _, outcome) => {
    const checks = new Checks(new Stream(ERRORS));
    const detectors = await checks.check(policyOf({ ...adwin, action }), 3000);
    const m = {
      quality: { verdict: 'pass', reasons: [] },
      drift: { verdict: 'noDrift', reasons: [] },
      performance: { verdict: 'pass', reasons: [] },
      estimate: null,
      multivariate: null,
      target: null,
      detectors,
    } as unknown as WindowMeasurement;
    const policy = { ...BASE, triggers: { ...BASE.triggers, require: 'performance' as const } };
    expect(judgeWindow(m, policy).outcome).toBe(outcome);
  });
});

describe('keptDetectors', () => {
  it('is what the window of this version knew before, null for a window that nobody evaluated', async () => {
    const checks = new Checks(new Stream(ERRORS));
    await checks.check(policyOf(ddm), 500);
    await checks.check(policyOf(ddm), 900);
    expect(keptDetectors(checks.records, '1', 0)).toMatchObject({ cursor: '500', taken: 500 });
    expect(keptDetectors(checks.records, '1', 1)).toMatchObject({ cursor: '900', taken: 400 });
    expect(keptDetectors(checks.records, '1', 2)).toBeNull();
    expect(keptDetectors(checks.records, '2', 0)).toBeNull();
  });
});

/** The stream with so many labels from the start. */
class Arrived extends Stream {
  constructor(arrived: number) {
    super(ERRORS);
    this.arrived = arrived;
  }
}
