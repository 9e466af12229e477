/** From comparisons to verdicts: of each feature, and of the data as a whole. */
import type { Reason } from '../verdict';
import { benjaminiHochberg } from './benjamini-hochberg';
import type { Comparison, EffectLimits, MeasurePolicy } from './compare-counts';
import type { DriftMeasurement, DriftRule, FeatureDrift, FeatureDriftLevel } from './drift-measurement';
import { EFFECT_NAMES } from './histogram-effect';
import type { ReferenceProfile } from './profile';

export interface JudgementInput {
  readonly features: readonly Comparison[];
  /** null: not asked. */
  readonly prediction: Comparison | null;
  /** The policy asks for the answers and the reference has none. */
  readonly predictionUnknown: boolean;
  readonly profile: ReferenceProfile;
  readonly currentRows: number;
  readonly rule: DriftRule;
}

export function judgeDrift(input: JudgementInput, policy: MeasurePolicy): DriftMeasurement {
  const all = [...input.features, ...(input.prediction === null ? [] : [input.prediction])];
  const measured = all.filter((comparison) => comparison.outcome !== null);
  const adjusted = benjaminiHochberg(measured.map((comparison) => comparison.outcome?.pValue ?? 1));
  const adjustedOf = new Map(measured.map((comparison, i) => [comparison, adjusted[i]!]));
  const { importance } = input.profile;
  const judged = (comparison: Comparison): FeatureDrift =>
    judgeFeature(
      comparison,
      adjustedOf.get(comparison) ?? null,
      comparison.kind === 'number' ? policy.numeric : policy.categorical,
      input.rule,
      importance !== undefined && Object.hasOwn(importance, comparison.name) ? importance[comparison.name]! : null,
    );
  const features = input.features.map(judged).sort((a, b) => (b.effect ?? -1) - (a.effect ?? -1));
  return judgeDataset(features, input.prediction && judged(input.prediction), input);
}

function judgeFeature(
  comparison: Comparison,
  adjustedPValue: number | null,
  limits: EffectLimits,
  rule: DriftRule,
  importance: number | null,
): FeatureDrift {
  const { name, kind, outcome } = comparison;
  const level = levelOf(comparison, adjustedPValue, limits, rule);
  return {
    name,
    kind,
    level,
    effect: outcome?.effect ?? null,
    method: limits.method,
    warn: limits.warn,
    threshold: limits.threshold,
    also: outcome?.also ?? [],
    importance,
    pValue: outcome?.pValue ?? null,
    adjustedPValue,
    test: outcome?.test ?? null,
    reference: comparison.reference,
    current: comparison.current,
    histogram: comparison.histogram,
    reason: featureReason(comparison, level, adjustedPValue, limits),
  };
}

function levelOf(
  { outcome }: Comparison,
  adjustedPValue: number | null,
  limits: EffectLimits,
  rule: DriftRule,
): FeatureDriftLevel {
  if (outcome === null || adjustedPValue === null) return 'insufficient';
  if (rule.pValue !== 'none' && adjustedPValue > rule.alpha) return 'ok';
  if (outcome.effect >= limits.threshold || outcome.also.some((extra) => extra.effect >= extra.threshold))
    return 'drift';
  return outcome.effect >= limits.warn ? 'warn' : 'ok';
}

function featureReason(
  { name, outcome, missing }: Comparison,
  level: FeatureDriftLevel,
  adjustedPValue: number | null,
  limits: EffectLimits,
): Reason {
  const code = `drift.feature.${level}`;
  if (outcome === null) return { code, text: `${name} could not be measured: ${missing}`, observed: null };
  const extra = outcome.also.find((other) => other.effect >= other.threshold);
  const decisive =
    level === 'drift' && outcome.effect < limits.threshold && extra !== undefined
      ? { method: extra.method, effect: extra.effect, limit: extra.threshold }
      : { method: limits.method, effect: outcome.effect, limit: level === 'drift' ? limits.threshold : limits.warn };
  const sign = decisive.effect >= decisive.limit ? '>=' : '<';
  const design = outcome.test.designEffect;
  const text =
    `${name} ${EFFECT_NAMES[decisive.method]} ${figure(decisive.effect)} ${sign} ${decisive.limit}, ` +
    `adjusted p ${figure(adjustedPValue ?? 1)} (raw ${figure(outcome.pValue)}` +
    `${design === null ? '' : `, design effect ${figure(design.mean)}`})`;
  return { code, text, observed: decisive.effect, expected: decisive.limit };
}

function judgeDataset(
  features: readonly FeatureDrift[],
  prediction: FeatureDrift | null,
  { rule, profile, currentRows, predictionUnknown }: JudgementInput,
): DriftMeasurement {
  const at = (level: FeatureDriftLevel): readonly FeatureDrift[] => features.filter((f) => f.level === level);
  const drifted = at('drift');
  const warned = at('warn');
  const insufficient = at('insufficient');
  const count = features.length;
  const byImportance = rule.weightByImportance || rule.anyTopK !== null;
  // Without drifted features no weight can change the answer. Zeros everywhere say as little as nothing.
  const weighty = features.every((f) => f.importance !== null) && features.some((f) => (f.importance ?? 0) > 0);
  const importanceMissing = byImportance && drifted.length > 0 && !weighty;
  const driftedShare = count === 0 ? null : shareOf(drifted, features, rule.weightByImportance);
  const top = topOf(features, rule.anyTopK);
  const decisiveTop = drifted.filter((f) => top.includes(f));
  const enough =
    (drifted.length > 0 &&
      (drifted.length >= rule.minFeatures || (driftedShare ?? 0) >= rule.minShare || decisiveTop.length > 0)) ||
    (rule.prediction === 'drift' && prediction?.level === 'drift');
  const unknown =
    insufficient.length > 0 ||
    count === 0 ||
    importanceMissing ||
    prediction?.level === 'insufficient' ||
    (predictionUnknown && rule.prediction === 'drift');
  const stirred = drifted.length + warned.length > 0 || prediction?.level === 'warn' || prediction?.level === 'drift';
  const effects = features.flatMap((f) => (f.effect === null ? [] : [f.effect]));
  const share = rule.weightByImportance ? ' of the importance' : '';
  return {
    schemaVersion: 1,
    verdict: enough ? 'drift' : unknown ? 'insufficient' : stirred ? 'warn' : 'noDrift',
    driftedFeatures: drifted.map((f) => f.name),
    insufficientFeatures: insufficient.map((f) => f.name),
    driftScore: effects.length === 0 ? null : Math.max(...effects),
    driftedShare,
    reasons: [
      {
        code: 'drift.features',
        text: `${drifted.length} of ${count} features drifted (drift from ${rule.minFeatures}, or ${figure(100 * rule.minShare)} %${share})`,
        observed: drifted.length,
        expected: rule.minFeatures,
      },
      ...decisiveTop.map((f) => ({
        code: 'drift.importantFeature',
        text: `${f.name} is one of the ${rule.anyTopK} most important features`,
        observed: f.importance,
      })),
      ...(count === 0 ? [{ code: 'drift.noFeatures', text: 'there is no feature to measure', observed: 0 }] : []),
      ...(importanceMissing
        ? [
            {
              code: 'drift.importanceUnknown',
              text: 'the reference does not have the importance of every feature',
              observed: null,
            },
          ]
        : []),
      ...(predictionUnknown
        ? [
            {
              code: 'drift.predictionUnknown',
              text: 'the reference does not have the answers: they are not judged',
              observed: null,
            },
          ]
        : []),
      ...(prediction === null || prediction.level === 'ok' ? [] : [prediction.reason]),
      ...[...drifted, ...warned, ...insufficient].map((f) => f.reason),
    ],
    referenceRows: profile.rows,
    currentRows,
    prediction,
    features,
    rule,
  };
}

/** null: weights are asked for and not known, or all of them are 0. */
function shareOf(
  drifted: readonly FeatureDrift[],
  features: readonly FeatureDrift[],
  weighted: boolean,
): number | null {
  if (!weighted) return drifted.length / features.length;
  if (features.some((f) => f.importance === null)) return null;
  const largest = Math.max(...features.map((f) => f.importance ?? 0));
  if (!(largest > 0)) return null;
  const sum = (some: readonly FeatureDrift[]): number =>
    some.reduce((total, f) => total + (f.importance ?? 0) / largest, 0);
  return sum(drifted) / sum(features);
}

/** The k most important; those as important as the k-th belong to them. Features without importance (0) never do. */
function topOf(features: readonly FeatureDrift[], k: number | null): readonly FeatureDrift[] {
  if (k === null) return [];
  const known = features.filter((f) => (f.importance ?? 0) > 0);
  const least = known.map((f) => f.importance ?? 0).sort((a, b) => b - a)[Math.min(k, known.length) - 1];
  return least === undefined ? [] : known.filter((f) => (f.importance ?? 0) >= least);
}

/** Three significant digits, for people; the exact number stands in `observed`. */
const figure = (value: number): string => String(Number(value.toPrecision(3)));
