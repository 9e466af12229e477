import type { Task } from '../model';
import type { LabelledRows } from '../performance/labelled-rows';
import { metricsOf } from '../performance/metrics-of-rows';
import { isLoss } from '../performance/metric';
import type { GatePolicy, GateRule } from '../policy';
import { worstVerdict, type Reason, type Verdict } from '../verdict';
import type { BootstrapInterval } from './cluster-bootstrap';
import { groupClusters, type Clusters } from './cluster-statistic';
import { heldOutRows } from './held-out-rows';
import { metricOf, pairedDifference, type PairedDifference } from './paired-difference';

export interface GateInput {
  readonly task: Task;
  readonly classes: readonly string[];
  readonly threshold: number;
  /** Held-out rows: truth, both models' scores and the cluster, row by row. */
  readonly truth: readonly string[];
  readonly candidate: readonly number[];
  /** null: there is none to compare with. */
  readonly champion: readonly number[] | null;
  readonly cluster: readonly string[];
  readonly seed: number;
  /** Multiclass only: the answered classes. */
  readonly candidateLabels?: readonly string[];
  readonly championLabels?: readonly string[];
  /** true: the model has no champion on purpose. Without it a missing champion is missing data and never passes. */
  readonly firstVersion?: boolean;
}

/** Plain JSON; with the policy and the hold-out enough to repeat the judgement exactly. */
export interface GateReport {
  readonly schemaVersion: 1;
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  readonly rows: number;
  readonly clusters: number;
  readonly candidateMetrics: Readonly<Record<string, number>>;
  readonly championMetrics: Readonly<Record<string, number>> | null;
  readonly rules: readonly GateRuleResult[];
  readonly resamples: number;
  readonly confidence: number;
  readonly seed: number;
}

export interface GateRuleResult {
  readonly rule: GateRule;
  /** `skipped`: speaks of a champion, and there is none. */
  readonly verdict: Verdict | 'skipped';
  readonly candidate: number | null;
  readonly champion: number | null;
  /** Positive: the candidate is better. */
  readonly difference: number | null;
  /** Of the difference, clusters resampled. */
  readonly interval: BootstrapInterval | null;
  readonly reason: Reason;
}

/**
 * Judges a candidate on held-out clusters. Every rule must hold: a broken one is `fail` (also a lower bound below what the
 * policy asks: an improvement that is not proven is not there), one that cannot be computed is `inconclusive`, and too few rows
 * or clusters make the whole `inconclusive`. A score that is not finite, an unknown truth or unequal lengths are `error`.
 *
 * Without a champion, improvement and relative rules are skipped. With `firstVersion` the absolute rules decide alone, and
 * with none in the policy it passes and says so; without `firstVersion` it is `inconclusive`. Never throws.
 */
export function judgeGate(input: GateInput, policy: GatePolicy): GateReport {
  const { faults, candidate, champion } = readInput(input);
  if (faults.length > 0 || candidate === null) return report(input, policy, { verdict: 'error', reasons: faults });

  const clusters = groupClusters(input.cluster);
  const compare = memoize((metric: GateRule['metric']) =>
    champion === null ? null : pairedDifference(metric, candidate, champion, clusters, { ...policy, seed: input.seed }),
  );
  const rules = policy.rules.map((rule) => judgeRule(rule, metricOf(rule.metric, candidate), compare, policy));
  const shortages = shortagesOf(input, clusters, policy);
  const overall = [...shortages, ...absence(input, policy, rules)];
  const judged = rules.flatMap((rule) => (rule.verdict === 'skipped' ? [] : [rule.verdict]));
  const verdict = shortages.length > 0 ? 'inconclusive' : combine(judged, input, policy);
  return report(input, policy, {
    verdict,
    reasons: [...overall, ...rules.map((rule) => rule.reason)],
    clusters: clusters.count,
    candidateMetrics: byName(candidate),
    championMetrics: champion === null ? null : byName(champion),
    rules,
  });
}

function readInput(input: GateInput): {
  readonly faults: readonly Reason[];
  readonly candidate: LabelledRows | null;
  readonly champion: LabelledRows | null;
} {
  const candidate = heldOutRows('candidate', { ...input, scores: input.candidate, labels: input.candidateLabels });
  const champion =
    input.champion === null
      ? { rows: null, faults: [] }
      : heldOutRows('champion', { ...input, scores: input.champion, labels: input.championLabels });
  const observed = input.cluster.length;
  const expected = input.truth.length;
  const clusterFaults: readonly Reason[] =
    observed === expected
      ? []
      : [{ code: 'gate.length', text: `${observed} clusters named for ${expected} rows`, observed, expected }];
  return {
    faults: [...candidate.faults, ...champion.faults, ...clusterFaults],
    candidate: candidate.rows,
    champion: champion.rows,
  };
}

function combine(judged: readonly Verdict[], input: GateInput, policy: GatePolicy): Verdict {
  if (input.champion !== null) return worstVerdict(judged);
  if (input.firstVersion !== true) return worstVerdict([...judged, 'inconclusive']);
  return policy.rules.some((rule) => rule.kind === 'absolute') ? worstVerdict(judged) : 'pass';
}

function absence(input: GateInput, policy: GatePolicy, rules: readonly GateRuleResult[]): readonly Reason[] {
  const reasons: Reason[] = [];
  if (policy.rules.length === 0) reasons.push({ code: 'gate.noRules', text: 'the policy has no gate rule' });
  if (input.champion !== null) return reasons;
  const skipped = rules.filter((rule) => rule.verdict === 'skipped').length;
  reasons.push(
    input.firstVersion === true
      ? { code: 'gate.firstVersion', text: `first version: nothing to compare with (${skipped} rules skipped)` }
      : { code: 'gate.noChampion', text: `no champion scores to compare with (${skipped} rules skipped)` },
  );
  return reasons;
}

function shortagesOf(input: GateInput, clusters: Clusters, policy: GatePolicy): readonly Reason[] {
  const shortage = (what: string, observed: number, wanted: number): readonly Reason[] => {
    const expected = Math.max(1, wanted);
    if (observed >= expected) return [];
    return [{ code: `gate.${what}`, text: `${observed} held-out ${what}, needs ${expected}`, observed, expected }];
  };
  return [
    ...shortage('rows', input.truth.length, policy.minRows),
    ...shortage('clusters', clusters.count, policy.minClusters),
  ];
}

type Compare = (metric: GateRule['metric']) => PairedDifference | null;

function judgeRule(rule: GateRule, candidate: number | null, compare: Compare, policy: GatePolicy): GateRuleResult {
  if (rule.kind === 'absolute') return judgeAbsolute(rule, candidate);
  const paired = compare(rule.metric);
  if (paired === null) {
    const reason = { code: 'gate.skipped', text: `${rule.kind} of ${rule.metric}: skipped, there is no champion` };
    return { rule, verdict: 'skipped', candidate, champion: null, difference: null, interval: null, reason };
  }
  if (paired.candidate === null || paired.champion === null || paired.difference === null) {
    const reason = { code: 'gate.undefined', text: `${rule.metric} is undefined on these rows`, observed: null };
    return { rule, verdict: 'inconclusive', ...paired, reason };
  }
  return rule.kind === 'improvement'
    ? judgeImprovement(rule, paired, paired.difference, policy)
    : judgeRelative(rule, paired, paired.candidate, paired.champion);
}

function judgeImprovement(
  rule: Extract<GateRule, { kind: 'improvement' }>,
  paired: PairedDifference,
  difference: number,
  policy: GatePolicy,
): GateRuleResult {
  const { interval } = paired;
  const percent = `${figure(100 * policy.confidence)} %`;
  const bounds = interval === null ? 'no interval' : `${percent} [${signed(interval.low)}, ${signed(interval.high)}]`;
  const said = `${rule.metric} better by ${signed(difference)}, ${bounds}`;
  const result = (verdict: Verdict, code: string, text: string, observed: number | null, expected: number | null) => ({
    rule,
    verdict,
    ...paired,
    reason: { code, text: `${said}: ${text}`, observed, expected },
  });
  if (!(difference >= rule.min)) {
    return result('fail', 'gate.improvement', `less than ${signed(rule.min)}`, difference, rule.min);
  }
  if (rule.lowerBound !== null) {
    if (interval === null) {
      return result('inconclusive', 'gate.bound', 'the lower bound cannot be computed', null, rule.lowerBound);
    }
    if (!(interval.low >= rule.lowerBound)) {
      const text = `its lower bound is below ${signed(rule.lowerBound)}`;
      return result('fail', 'gate.bound', text, interval.low, rule.lowerBound);
    }
  }
  const bound = rule.lowerBound === null ? '' : `, and its lower bound at least ${signed(rule.lowerBound)}`;
  return result('pass', 'gate.improvement', `at least ${signed(rule.min)}${bound}`, difference, rule.min);
}

function judgeRelative(
  rule: Extract<GateRule, { kind: 'relative' }>,
  paired: PairedDifference,
  candidate: number,
  champion: number,
): GateRuleResult {
  const limit = rule.factor * champion;
  const holds = isLoss(rule.metric) ? candidate <= limit : candidate >= limit;
  const asked = `${isLoss(rule.metric) ? 'at most' : 'at least'} ${figure(limit)} (${rule.factor} × ${figure(champion)})`;
  const reason: Reason = {
    code: 'gate.relative',
    text: `${rule.metric} ${figure(candidate)}: ${holds ? '' : 'not '}${asked}`,
    observed: candidate,
    expected: limit,
  };
  return { rule, verdict: holds ? 'pass' : 'fail', ...paired, reason };
}

function judgeAbsolute(rule: Extract<GateRule, { kind: 'absolute' }>, candidate: number | null): GateRuleResult {
  const base = { rule, candidate, champion: null, difference: null, interval: null };
  if (candidate === null || (rule.min === null && rule.max === null)) {
    const text = candidate === null ? `${rule.metric} is undefined on these rows` : `${rule.metric} has no bound`;
    return { ...base, verdict: 'inconclusive', reason: { code: 'gate.undefined', text, observed: candidate } };
  }
  const low = rule.min !== null && !(candidate >= rule.min);
  const high = rule.max !== null && !(candidate <= rule.max);
  const asked = [
    ...(rule.min === null ? [] : [`at least ${figure(rule.min)}`]),
    ...(rule.max === null ? [] : [`at most ${figure(rule.max)}`]),
  ].join(' and ');
  const reason: Reason = {
    code: 'gate.absolute',
    text: `${rule.metric} ${figure(candidate)}: ${low || high ? 'not ' : ''}${asked}`,
    observed: candidate,
    expected: high ? rule.max : (rule.min ?? rule.max),
  };
  return { ...base, verdict: low || high ? 'fail' : 'pass', reason };
}

type Findings = Pick<GateReport, 'verdict' | 'reasons'> &
  Partial<Pick<GateReport, 'clusters' | 'candidateMetrics' | 'championMetrics' | 'rules'>>;

const report = (input: GateInput, policy: GatePolicy, found: Findings): GateReport => ({
  schemaVersion: 1,
  verdict: found.verdict,
  reasons: found.reasons,
  rows: input.truth.length,
  clusters: found.clusters ?? new Set(input.cluster).size,
  candidateMetrics: found.candidateMetrics ?? {},
  championMetrics: found.championMetrics ?? null,
  rules: found.rules ?? [],
  resamples: policy.resamples,
  confidence: policy.confidence,
  seed: input.seed,
});

const byName = (rows: LabelledRows): Readonly<Record<string, number>> =>
  Object.fromEntries(metricsOf(rows).map((metric) => [metric.name, metric.value]));

function memoize<K, V>(compute: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    if (!known.has(key)) known.set(key, compute(key));
    return known.get(key) as V;
  };
}

const figure = (value: number): string => String(Number(value.toPrecision(4)));
const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
