/** The lattice of every judgement (DESIGN §2): worst wins. Missing data is never `pass` (I2). */
export type Verdict = 'pass' | 'fail' | 'inconclusive' | 'error';

/** Why, with its numbers. `text` is complete on its own: "wrong answers 37.3 % against 16.1 %, E = 31.2 >= 20". */
export interface Reason {
  /** Stable, e.g. `guardrail.errors`, `drift.features`, `gate.bound`. */
  readonly code: string;
  readonly text: string;
  readonly observed?: number | string | null;
  readonly expected?: number | string | null;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
}

const ORDER: readonly Verdict[] = ['pass', 'inconclusive', 'error', 'fail'];

/**
 * The worst of several verdicts; `inconclusive` when there is none, because nothing measured never passes.
 * Order: pass < inconclusive < error < fail.
 */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.length === 0) return 'inconclusive';
  return verdicts.reduce((worst, v) => (ORDER.indexOf(v) > ORDER.indexOf(worst) ? v : worst), 'pass');
}
