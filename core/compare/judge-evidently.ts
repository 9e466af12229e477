/** Evidently's rule over two tables (core/drift/evidently.ts says what it is). */
import {
  EVIDENTLY_DRIFT_SHARE,
  EVIDENTLY_TESTS,
  evidentlyChoice,
  evidentlyDrifted,
  type EvidentlyTest,
} from '../drift/evidently';
import type { DriftMethod, MethodResult } from '../drift/method';
import type { NumberPair, StringPair } from './column-pair';
import type { ComparedTest, Comparison, FeatureComparison } from './comparison';
import { figure, sizesOf, type Judged } from './judge-effect';
import type { MethodRuns } from './run-methods';

export interface EvidentlyJudgement extends Judged {
  /** The test that Evidently would choose, run. */
  readonly decisive: MethodResult;
}

export function judgeAsEvidently(pair: NumberPair | StringPair, runs: MethodRuns): EvidentlyJudgement {
  const [before] = sizesOf(pair);
  const choice = evidentlyChoice(pair.kind, before, distinctOf(pair));
  const decisive = choice.as === 'number' ? runs.run(choice.method) : runs.runAsCategories(choice.method);
  const test = testOf(choice.method);
  const score = test === null ? null : scoreOf(test, decisive);
  if (test === null || score === null) {
    const text = `${pair.name} could not be compared: ${decisive.note ?? `${choice.method} is not defined`}`;
    return {
      decisive,
      effect: null,
      pValue: null,
      adjustedPValue: null,
      verdict: 'insufficient',
      reason: { code: 'compare.insufficient', text, observed: null },
    };
  }
  const drifted = evidentlyDrifted(test, score);
  const sign = score < test.threshold ? '<' : score > test.threshold ? '>' : '=';
  const what = test.score === 'p' ? `${choice.method} p` : choice.method;
  return {
    decisive,
    effect: test.score === 'distance' ? score : decisive.statistic,
    pValue: decisive.pValue,
    adjustedPValue: null,
    verdict: drifted ? 'drift' : 'ok',
    reason: {
      code: drifted ? 'compare.drift' : 'compare.ok',
      text: `${pair.name} ${what} ${figure(score)} ${sign} ${test.threshold}`,
      observed: score,
      expected: test.threshold,
    },
  };
}

const testOf = (method: DriftMethod): EvidentlyTest | null =>
  Object.hasOwn(EVIDENTLY_TESTS, method) ? EVIDENTLY_TESTS[method as keyof typeof EVIDENTLY_TESTS] : null;

const scoreOf = (test: EvidentlyTest, result: MethodResult): number | null =>
  test.score === 'p' ? result.pValue : result.statistic;

function distinctOf(pair: NumberPair | StringPair): number {
  return new Set<number | string>(
    pair.kind === 'number' ? distinctNumbers(pair) : [...pair.reference.keys(), ...pair.current.keys()],
  ).size;
}

/** Both sides are sorted: neighbours that are equal are one value. */
function* distinctNumbers({ reference, current }: NumberPair): Generator<number> {
  for (const side of [reference, current]) {
    for (let i = 0; i < side.length; i++) if (i === 0 || side[i] !== side[i - 1]) yield side[i]!;
  }
}

/** Evidently's thresholds beside the tests that it has. */
export function withEvidentlyThresholds(tests: readonly ComparedTest[]): ComparedTest[] {
  return tests.map((result) => {
    const test = testOf(result.method);
    if (test === null) return result;
    const score = test.score === 'p' ? result.pValue : result.statistic;
    const { note, ...rest } = result;
    return {
      ...rest,
      threshold: test.threshold,
      ...(score === null ? {} : { drifted: evidentlyDrifted(test, score) }),
      ...(note === undefined ? {} : { note }),
    };
  });
}

export function judgeTableAsEvidently(features: readonly FeatureComparison[]): Comparison['dataset'] {
  const drifted = features.filter((f) => f.verdict === 'drift').length;
  const unknown = features.filter((f) => f.verdict === 'insufficient').length;
  const driftedShare = features.length === 0 ? null : drifted / features.length;
  const enough = driftedShare !== null && driftedShare >= EVIDENTLY_DRIFT_SHARE;
  return {
    verdict: enough ? 'drift' : unknown > 0 || driftedShare === null ? 'insufficient' : 'noDrift',
    driftedShare,
    reasons: [
      {
        code: 'compare.features',
        text:
          driftedShare === null
            ? 'the tables have no column in common'
            : `${drifted} of ${features.length} features drifted (drift from ${100 * EVIDENTLY_DRIFT_SHARE} %)`,
        ...(driftedShare === null ? {} : { observed: driftedShare }),
        expected: EVIDENTLY_DRIFT_SHARE,
      },
    ],
  };
}
