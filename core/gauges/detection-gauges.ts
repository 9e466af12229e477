import type { DriftReportVerdict } from '../drift/report-data';
import type { NewestEvaluation } from '../ports';
import { finite, storedMeasurement, type StoredMeasurement } from '../report/stored-measurement';
import type { GaugeFamily, GaugeSample, Labels } from './exposition';

/** Series a model at most in the gauges that have one a feature: the largest effects. */
const MOST_FEATURES = 500;

const VERDICTS = ['noDrift', 'warn', 'breach', 'dataInvalid', 'insufficient'] as const satisfies DriftReportVerdict[];

interface Seen {
  readonly record: NewestEvaluation;
  readonly m: StoredMeasurement;
  /** `model` and `version`. */
  readonly labels: Labels;
}

type Definition = readonly [name: string, help: string, read: (seen: Seen) => readonly Sample[]];
type Sample = readonly [labels: Labels, value: number | null | undefined];

/** `ratchet_*`. What an evaluation does not know has no sample. */
const DEFINITIONS: readonly Definition[] = [
  [
    'drift_score',
    'Effect of a feature in the newest window; compare with ratchet_drift_threshold.',
    ({ m }) => featuresOf(m).map((f) => [{ feature: f.name, method: f.method }, f.effect]),
  ],
  [
    'drift_threshold',
    'Effect from which a feature may have drifted.',
    ({ m }) => featuresOf(m).map((f) => [{ feature: f.name, method: f.method }, f.threshold]),
  ],
  [
    'drift_p_adjusted',
    'Benjamini-Hochberg adjusted p-value of a feature.',
    ({ m }) => featuresOf(m).map((f) => [{ feature: f.name }, f.adjustedPValue]),
  ],
  [
    'drift_features',
    'Features by level (ok, warn, drift, insufficient).',
    ({ m }) =>
      m.drift === null
        ? []
        : (['ok', 'warn', 'drift', 'insufficient'] as const).map((level) => [
            { level },
            m.drift?.features.filter((f) => f.level === level).length,
          ]),
  ],
  [
    'drifted_share',
    'Share of the features (or of their importance) that drifted.',
    ({ m }) => one(m.drift?.driftedShare),
  ],
  [
    'performance',
    'Realised over the labels of the newest window.',
    ({ m }) => (m.performance?.metrics ?? []).map((x) => [{ metric: x.name }, x.value]),
  ],
  [
    'performance_low',
    'Lower end of its 95 % interval.',
    ({ m }) => (m.performance?.metrics ?? []).map((x) => [{ metric: x.name }, x.low]),
  ],
  [
    'performance_high',
    'Upper end of its 95 % interval.',
    ({ m }) => (m.performance?.metrics ?? []).map((x) => [{ metric: x.name }, x.high]),
  ],
  ['performance_bound', 'What a rule compares the metric with.', ({ m }) => boundsOf(m)],
  [
    'estimated_performance',
    'Estimated without labels (CBPE); believe it only while ratchet_estimate_reliable is 1.',
    ({ m }) => (m.estimate?.estimate.metrics ?? []).map((x) => [{ metric: x.metric }, x.value]),
  ],
  [
    'estimate_reliable',
    '0: the inputs left the support of the reference.',
    ({ m }) => (m.estimate === null ? [] : one(m.estimate.reliability?.reliable === true ? 1 : 0)),
  ],
  ['label_coverage', 'Share of the rows of the newest window with a label.', ({ m }) => one(m.performance?.coverage)],
  [
    'consecutive_breaches',
    'Breaches in a row, up to the newest judged window.',
    ({ record }) => one(record.consecutiveBreaches),
  ],
  [
    'quality_failures',
    'Broken hard rules on the data.',
    ({ m }) =>
      m.quality === null
        ? []
        : one(m.quality.issues.filter((i) => i.severity === 'fail' || i.severity === 'error').length),
  ],
  ['quality_issues', 'Issues of the data by rule and severity.', ({ m }) => issuesOf(m)],
  [
    'evaluation_verdict',
    '1 for the verdict of the newest window, 0 for the others.',
    ({ m }) => {
      // A verdict of another release is not known here: nothing is claimed.
      const verdict = VERDICTS.find((known) => known === m.outcome) ?? 'insufficient';
      return VERDICTS.map((known) => [{ verdict: known }, known === verdict ? 1 : 0]);
    },
  ],
  ['evaluation_rows', 'Rows of the newest window.', ({ m }) => one(m.rows)],
  [
    'evaluation_window_end_timestamp_seconds',
    'End of the newest evaluated window, event time.',
    ({ record }) => one(record.windowEnd / 1000),
  ],
  ['evaluation_timestamp_seconds', 'When it was evaluated, real time.', ({ record }) => one(record.at / 1000)],
];

/** Names and help of the families, in the order of {@link detectionGauges}. */
export const DETECTION_GAUGES: readonly Pick<GaugeFamily, 'name' | 'help'>[] = DEFINITIONS.map(([name, help]) => ({
  name: `ratchet_${name}`,
  help,
}));

/**
 * Drift, performance, labels and data quality of each model's newest window as gauges, labelled by model and version. Every
 * series occurs once; values are finite.
 */
export function detectionGauges(newest: readonly NewestEvaluation[]): readonly GaugeFamily[] {
  const seen = newest.map((record): Seen => ({
    record,
    m: storedMeasurement(record),
    labels: { model: record.model, version: record.version },
  }));
  return DEFINITIONS.map(([name, help, read]) => ({
    name: `ratchet_${name}`,
    help,
    samples: seen.flatMap((one) => unique(read(one), one.labels)),
  }));
}

function unique(samples: readonly Sample[], labels: Labels): readonly GaugeSample[] {
  const known = new Map<string, GaugeSample>();
  for (const [own, value] of samples) {
    const number = finite(value);
    const key = JSON.stringify(own);
    // A series that occurs twice makes Prometheus refuse the whole scrape.
    if (number !== null && !known.has(key)) known.set(key, { labels: { ...labels, ...own }, value: number });
  }
  return [...known.values()];
}

const one = (value: number | null | undefined): readonly Sample[] => [[{}, value]];

/** Largest effect first, as the measurement has them. */
const featuresOf = ({ drift }: StoredMeasurement) => (drift?.features ?? []).slice(0, MOST_FEATURES);

function boundsOf({ performance }: StoredMeasurement): readonly Sample[] {
  return (performance?.rules ?? []).map((rule) => [{ metric: rule.metric, rule: rule.kind }, rule.bound]);
}

function issuesOf({ quality }: StoredMeasurement): readonly Sample[] {
  const counts = new Map<string, { readonly labels: Labels; count: number }>();
  for (const { code, severity } of quality?.issues ?? []) {
    const key = `${code} ${severity}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { labels: { rule: code, severity }, count: 1 });
    else known.count++;
  }
  return [...counts.values()].map(({ labels, count }) => [labels, count]);
}
