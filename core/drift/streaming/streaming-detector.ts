/** What a streaming detector says after a value. A drift also starts the detector anew: the next value is its first. */
export type DetectorSignal = 'none' | 'warning' | 'drift';

/**
 * One change detector. `Parameters` and `Memory` are plain JSON, without NaN and infinities, so that a memory that went
 * through `JSON.stringify` goes on exactly where it stopped.
 */
export interface StreamingDetector<Parameters, Memory> {
  /** The parameters of river 0.26.1. */
  readonly defaults: Parameters;
  /** Values it takes: `finite` any finite number, `unit` numbers in [0, 1], `binary` 0 (right) or 1 (wrong). */
  readonly domain: 'finite' | 'unit' | 'binary';
  /** What is wrong with the parameters, each as a sentence; empty when nothing is. */
  problems(parameters: Parameters): readonly string[];
  start(parameters: Parameters): Memory;
  /** Takes one value of the domain; changes `memory` in place. */
  step(parameters: Parameters, memory: Memory, value: number): DetectorSignal;
}

/** Sentences for parameters outside their range; `ok` is written so that NaN fails it. */
export const problemsOf = (checks: readonly (readonly [ok: boolean, problem: string])[]): readonly string[] =>
  checks.filter(([ok]) => !ok).map(([, problem]) => problem);

export const isOpenShare = (value: number): boolean => value > 0 && value < 1;

export const isCount = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least;
