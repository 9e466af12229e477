/**
 * Streaming change detectors under one roof: made for the stream of late labels, one value a labelled prediction (1 the model was
 * wrong, 0 it was right, or a loss). The state is plain JSON of bounded size, so it lives in a workflow and survives
 * continue-as-new: `JSON.parse(JSON.stringify(state))` goes on exactly as `state` would.
 */
import { RatchetError } from '../../errors';
import { ADWIN, type AdwinMemory, type AdwinParameters } from './adwin';
import { DDM, type DdmMemory, type DdmParameters } from './ddm';
import { EDDM, type EddmMemory, type EddmParameters } from './eddm';
import { HDDM_A, type HddmAMemory, type HddmAParameters } from './hddm-a';
import { HDDM_W, type HddmWMemory, type HddmWParameters } from './hddm-w';
import { KSWIN, type KswinMemory, type KswinParameters } from './kswin';
import { PAGE_HINKLEY, type PageHinkleyMemory, type PageHinkleyParameters } from './page-hinkley';
import type { DetectorSignal, StreamingDetector } from './streaming-detector';

interface DetectorKinds {
  adwin: { readonly parameters: AdwinParameters; readonly memory: AdwinMemory };
  ddm: { readonly parameters: DdmParameters; readonly memory: DdmMemory };
  eddm: { readonly parameters: EddmParameters; readonly memory: EddmMemory };
  hddm_a: { readonly parameters: HddmAParameters; readonly memory: HddmAMemory };
  hddm_w: { readonly parameters: HddmWParameters; readonly memory: HddmWMemory };
  page_hinkley: { readonly parameters: PageHinkleyParameters; readonly memory: PageHinkleyMemory };
  kswin: { readonly parameters: KswinParameters; readonly memory: KswinMemory };
}

export type DetectorName = keyof DetectorKinds;

/** A detector by name with the parameters that differ from the defaults, e.g. `{ detector: 'adwin', delta: 0.01 }`. */
export type DetectorConfig = {
  readonly [N in DetectorName]: { readonly detector: N } & Partial<DetectorKinds[N]['parameters']>;
}[DetectorName];

/** Plain JSON: no NaN, no infinity, bounded size (ADWIN: O(log n); KSWIN: its window; the others: a few numbers). */
export type DetectorState = {
  [N in DetectorName]: {
    readonly detector: N;
    readonly parameters: DetectorKinds[N]['parameters'];
    /** Values taken since the detector was created, drifts included: the 0-based index of the next value. */
    seen: number;
    /** The detector's own; changed in place. */
    memory: DetectorKinds[N]['memory'];
  };
}[DetectorName];

export interface DetectorUpdate {
  /** The state that was passed in, updated in place. */
  readonly state: DetectorState;
  /** `warning`: in the warning zone at this value. `drift`: a change was found, and the detector has started anew. */
  readonly signal: DetectorSignal;
}

export interface DetectedChange {
  /** 0-based index of the value at which it was found. */
  readonly index: number;
  readonly kind: 'warning' | 'drift';
}

const TABLE: {
  readonly [N in DetectorName]: StreamingDetector<DetectorKinds[N]['parameters'], DetectorKinds[N]['memory']>;
} = {
  adwin: ADWIN,
  ddm: DDM,
  eddm: EDDM,
  hddm_a: HDDM_A,
  hddm_w: HDDM_W,
  page_hinkley: PAGE_HINKLEY,
  kswin: KSWIN,
};

/** The detectors and their default parameters, which are river 0.26.1's. */
export const DETECTORS: { readonly [N in DetectorName]: DetectorKinds[N]['parameters'] } = {
  adwin: ADWIN.defaults,
  ddm: DDM.defaults,
  eddm: EDDM.defaults,
  hddm_a: HDDM_A.defaults,
  hddm_w: HDDM_W.defaults,
  page_hinkley: PAGE_HINKLEY.defaults,
  kswin: KSWIN.defaults,
};

export const DETECTOR_NAMES = Object.keys(DETECTORS) as readonly DetectorName[];

/** The names belong together by construction (see DetectorState); the compiler cannot follow a union of pairs. */
type AnyDetector = StreamingDetector<object, object>;

function detectorOf(name: string): AnyDetector {
  if (!Object.hasOwn(TABLE, name)) {
    throw new RatchetError(
      'RATCHET_INPUT_INVALID',
      `unknown detector ${JSON.stringify(name)}; known: ${DETECTOR_NAMES.join(', ')}`,
      { details: { detector: name, known: DETECTOR_NAMES } },
    );
  }
  return TABLE[name as DetectorName];
}

/**
 * A detector that has seen nothing.
 * @throws RatchetError RATCHET_INPUT_INVALID: an unknown detector or parameter, or a parameter out of range (all listed).
 */
export function createDetector(config: DetectorConfig): DetectorState {
  const { detector: name, ...given } = config;
  const detector = detectorOf(name);
  const known: object = detector.defaults;
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const parameters = { ...known, ...set };
  const unknown = Object.keys(set).filter((key) => !Object.hasOwn(known, key));
  const wrong = mistyped(known, set);
  const problems = [
    ...unknown.map((key) => `unknown parameter ${key}; known: ${Object.keys(known).join(', ')}`),
    ...wrong,
    // Ranges are asked of numbers only.
    ...(wrong.length > 0 ? [] : detector.problems(parameters)),
  ];
  if (problems.length > 0) {
    throw new RatchetError('RATCHET_INPUT_INVALID', `detector ${name}: ${problems.join('; ')}`, {
      details: { detector: name, problems },
    });
  }
  return { detector: name, parameters, seen: 0, memory: detector.start(parameters) } as DetectorState;
}

function mistyped(known: object, set: object): readonly string[] {
  const types = new Map(Object.entries(known).map(([key, value]) => [key, typeof value]));
  return Object.entries(set).flatMap(([key, value]) => {
    const expected = types.get(key);
    return expected === undefined || typeof value === expected ? [] : [`${key} must be a ${expected}`];
  });
}

/**
 * Takes one value. The state is consumed: it is updated in place, for speed, and returned; copy it (structuredClone) to keep it.
 * @throws RatchetError RATCHET_INPUT_INVALID, with `details.index`: the value is not finite or beyond ±1e150, or not 0 or 1 (ddm, eddm), or not in
 *   [0, 1] (hddm_a, hddm_w). The state is then unchanged.
 */
export function updateDetector(state: DetectorState, value: number): DetectorUpdate {
  return { state, signal: advance(detectorOf(state.detector), state, value) };
}

function advance(detector: AnyDetector, state: DetectorState, value: number): DetectorSignal {
  if (!isInDomain(detector.domain, value)) throw outOfDomain(state, detector.domain, value);
  const signal = detector.step(state.parameters, state.memory, value);
  state.seen += 1;
  if (signal === 'drift') state.memory = detector.start(state.parameters) as DetectorState['memory'];
  return signal;
}

/** Squares and sums of larger values would leave the doubles, and the state with them. */
const LARGEST_VALUE = 1e150;

/** Typed values only: a string that looks like a number is not one. */
function isInDomain(domain: AnyDetector['domain'], value: number): boolean {
  if (!Number.isFinite(value) || Math.abs(value) > LARGEST_VALUE) return false;
  if (domain === 'binary') return value === 0 || value === 1;
  return domain === 'finite' || (value >= 0 && value <= 1);
}

function outOfDomain(state: DetectorState, domain: AnyDetector['domain'], value: number): RatchetError {
  const wanted = {
    binary: '0 or 1',
    unit: 'a number in [0, 1]',
    finite: `a finite number of at most ${LARGEST_VALUE} in size`,
  }[domain];
  return new RatchetError(
    'RATCHET_INPUT_INVALID',
    `detector ${state.detector}: value ${String(value)} at index ${state.seen} is not ${wanted}`,
    { details: { detector: state.detector, index: state.seen, value: String(value), expected: wanted } },
  );
}

/**
 * All changes in a stream: every drift, and every entry into the warning zone.
 * @param values in the order of the stream; 0/1 for ddm and eddm, in [0, 1] for hddm_a and hddm_w, finite for the others.
 * @returns ascending by index; empty for an empty stream.
 * @throws RatchetError RATCHET_INPUT_INVALID as {@link createDetector} and {@link updateDetector}.
 */
export function detectChanges(config: DetectorConfig, values: ArrayLike<number>): readonly DetectedChange[] {
  const state = createDetector(config);
  const detector = detectorOf(state.detector);
  const changes: DetectedChange[] = [];
  let before: DetectorSignal = 'none';
  for (let index = 0; index < values.length; index++) {
    const signal = advance(detector, state, values[index]!);
    if (signal !== 'none' && (signal === 'drift' || before !== 'warning')) changes.push({ index, kind: signal });
    before = signal;
  }
  return changes;
}
