/** Streaming detectors over the errors of late labels, in the order in which labels arrived. Their state travels from check to check. */
import { createDetector, updateDetector, type DetectorConfig, type DetectorState } from '../core/drift/streaming';
import type { EpochMs, ModelContract, ModelName, ModelVersion } from '../core/model';
import type { Policy } from '../core/policy';
import type { EvaluationRecord, WindowStatistics } from '../core/ports';
import type { Reason } from '../core/verdict';

/** What a check stores of the detectors: enough for the next check to go on exactly here. Plain JSON. */
export interface DetectorMeasurement {
  /** Of the last error that was taken; null: none yet. */
  readonly cursor: string | null;
  /** Errors taken by this check. */
  readonly taken: number;
  /** Errors taken since the version began: the record with most of them holds the newest state. */
  readonly total: number;
  readonly detectors: readonly {
    readonly action: 'warn' | 'breach';
    readonly state: DetectorState;
    /** By this check's errors: 0-based index since the version began. */
    readonly signals: readonly { readonly index: number; readonly kind: 'warning' | 'drift' }[];
    /** In the warning zone at the last error: the next check signals an entry into it, not that it is there still. */
    readonly inWarning: boolean;
    /** Set when the stream cannot feed the detector (DDM wants 0/1, a regression has other errors). */
    readonly problem: string | null;
  }[];
  readonly reasons: readonly Reason[];
}

const PAGE = 10_000;
/** Errors a check takes at most; the next one takes the rest. */
const MOST_ERRORS = 500_000;

/** null: the policy names no detector. */
export async function runDetectors(
  statistics: Pick<WindowStatistics, 'readErrors'>,
  input: {
    readonly model: ModelName;
    readonly version: ModelVersion;
    readonly contract: ModelContract;
    readonly policy: Policy;
    /** Evaluations of the model; one of this version holds the state. */
    readonly earlier: readonly EvaluationRecord[];
  },
): Promise<DetectorMeasurement | null> {
  const wanted = input.policy.performance.detectors ?? [];
  if (wanted.length === 0) return null;
  const before = lastOf(input.earlier, input.version);
  let cursor = before?.cursor ?? null;
  let taken = 0;
  const running = wanted.map(({ action, ...config }) => ({
    action,
    // The states are changed in place: those of the record stay as they are.
    ...structuredClone(startOf(before, config)),
    signals: [] as { index: number; kind: 'warning' | 'drift' }[],
    problem: null as string | null,
  }));
  while (taken < MOST_ERRORS) {
    const page = await statistics.readErrors(input.model, input.contract, input.version, cursor, PAGE);
    for (const error of page.errors) for (const detector of running) feed(detector, error);
    taken += page.errors.length;
    // A page of invalid labels has no errors and still moves on.
    if (page.cursor === null || page.cursor === cursor) break;
    cursor = page.cursor;
  }
  return {
    cursor,
    taken,
    total: (before?.total ?? 0) + taken,
    detectors: running.map(({ action, state, signals, inWarning, problem }) => ({
      action,
      state,
      signals,
      inWarning,
      problem,
    })),
    reasons: running.flatMap(({ state, signals, problem }) => reasonsOf(state, signals, problem)),
  };
}

/**
 * What the window's first evaluation knew of the detectors. A recomputation takes this over: its late labels come by the stream, to the
 * next check. Without it the window would lose its signals, and the next check the state.
 */
export function keptDetectors(
  earlier: readonly EvaluationRecord[],
  version: ModelVersion,
  windowStart: EpochMs,
): DetectorMeasurement | null {
  const former = earlier.find((record) => record.version === version && record.windowStart === windowStart);
  return former === undefined ? null : detectorsOf(former);
}

interface Running {
  readonly state: DetectorState;
  readonly signals: { index: number; kind: 'warning' | 'drift' }[];
  inWarning: boolean;
  problem: string | null;
}

function feed(detector: Running, error: number): void {
  if (detector.problem !== null) return;
  const index = detector.state.seen;
  try {
    const { signal } = updateDetector(detector.state, error);
    if (signal !== 'none' && (signal === 'drift' || !detector.inWarning)) {
      detector.signals.push({ index, kind: signal });
    }
    detector.inWarning = signal === 'warning';
  } catch (cause) {
    detector.problem = cause instanceof Error ? cause.message : String(cause);
  }
}

/** The same detector with the same parameters goes on; a new or changed one begins. */
function startOf(
  before: DetectorMeasurement | null,
  config: DetectorConfig,
): { readonly state: DetectorState; readonly inWarning: boolean } {
  const fresh = createDetector(config);
  const same = before?.detectors.find(
    ({ state }) =>
      state.detector === fresh.detector && JSON.stringify(state.parameters) === JSON.stringify(fresh.parameters),
  );
  return same === undefined ? { state: fresh, inWarning: false } : { state: same.state, inWarning: same.inWarning };
}

/** Windows are not always judged in their order (rows may come late), so the stream's position decides, not the window's. */
function lastOf(earlier: readonly EvaluationRecord[], version: ModelVersion): DetectorMeasurement | null {
  const known = earlier
    .filter((record) => record.version === version)
    .flatMap((record) => {
      const detectors = detectorsOf(record);
      return detectors === null ? [] : [{ at: record.at, detectors }];
    })
    .sort((a, b) => b.detectors.total - a.detectors.total || b.at - a.at);
  return known[0]?.detectors ?? null;
}

const detectorsOf = (record: EvaluationRecord): DetectorMeasurement | null =>
  (record.measurement['detectors'] as DetectorMeasurement | null | undefined) ?? null;

function reasonsOf(
  state: DetectorState,
  signals: readonly { readonly index: number; readonly kind: 'warning' | 'drift' }[],
  problem: string | null,
): readonly Reason[] {
  if (problem !== null) return [{ code: 'detector.unusable', text: `${state.detector} cannot be used: ${problem}` }];
  const drifts = signals.filter(({ kind }) => kind === 'drift');
  const shown = drifts.length > 0 ? drifts : signals;
  const last = shown.at(-1);
  if (last === undefined) return [];
  const text = `${state.detector} signals ${last.kind} at label ${last.index} since the version began${shown.length > 1 ? ` (${shown.length} times)` : ''}`;
  return [{ code: `detector.${last.kind}`, text, observed: last.index }];
}
