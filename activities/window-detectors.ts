/** Streaming detectors over the errors of late labels, in the order in which labels arrived. Their state travels from check to check. */
import { createDetector, updateDetector, type DetectorConfig, type DetectorState } from '../core/drift/streaming';
import type { ModelContract, ModelName, ModelVersion } from '../core/model';
import type { Policy } from '../core/policy';
import type { EvaluationRecord, WindowStatistics } from '../core/ports';
import type { Reason } from '../core/verdict';

/** What a check stores of the detectors: enough for the next check to go on exactly here. Plain JSON. */
export interface DetectorMeasurement {
  /** Of the last error that was taken; null: none yet. */
  readonly cursor: string | null;
  /** Errors taken by this check. */
  readonly taken: number;
  readonly detectors: readonly {
    readonly action: 'warn' | 'breach';
    readonly state: DetectorState;
    /** By this check's errors: 0-based index since the version began. */
    readonly signals: readonly { readonly index: number; readonly kind: 'warning' | 'drift' }[];
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
    /** Evaluations of the model; the newest one of this version holds the state. */
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
    state: structuredClone(stateOf(before, config)),
    signals: [] as { index: number; kind: 'warning' | 'drift' }[],
    problem: null as string | null,
    last: 'none',
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
    detectors: running.map(({ action, state, signals, problem }) => ({ action, state, signals, problem })),
    reasons: running.flatMap(({ state, signals, problem }) => reasonsOf(state, signals, problem)),
  };
}

interface Running {
  readonly state: DetectorState;
  readonly signals: { index: number; kind: 'warning' | 'drift' }[];
  problem: string | null;
  last: string;
}

function feed(detector: Running, error: number): void {
  if (detector.problem !== null) return;
  const index = detector.state.seen;
  try {
    const { signal } = updateDetector(detector.state, error);
    if (signal !== 'none' && (signal === 'drift' || detector.last !== 'warning')) {
      detector.signals.push({ index, kind: signal });
    }
    detector.last = signal;
  } catch (cause) {
    detector.problem = cause instanceof Error ? cause.message : String(cause);
  }
}

/** The same detector with the same parameters goes on; a new or changed one begins. */
function stateOf(before: DetectorMeasurement | null, config: DetectorConfig): DetectorState {
  const fresh = createDetector(config);
  const same = before?.detectors.find(
    ({ state }) =>
      state.detector === fresh.detector && JSON.stringify(state.parameters) === JSON.stringify(fresh.parameters),
  );
  return same?.state ?? fresh;
}

function lastOf(earlier: readonly EvaluationRecord[], version: ModelVersion): DetectorMeasurement | null {
  const known = earlier
    .filter((record) => record.version === version)
    .sort((a, b) => b.windowEnd - a.windowEnd)
    .map((record) => record.measurement['detectors'])
    .find((found) => found !== null && found !== undefined);
  return (known as DetectorMeasurement | undefined) ?? null;
}

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
