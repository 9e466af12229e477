/**
 * `npm run bench:false-alarms`: how often each rule says "drift" where there is none, and what it sees of what there is. The rows
 * of the published table (equal distributions from 100 × 100 to 1,000,000 × 1,000,000), clustered rows, and 30 features at once.
 * Seeded: the same figures on every machine. Exit code 1 when our rule exceeds α by more than three binomial standard errors.
 */
import type { MeasurePolicy } from '../core/drift/compare-counts';
import { countInBins } from '../core/drift/feature-values';
import { jensenShannonDistance } from '../core/drift/jensen-shannon';
import { ksTwoSampleSorted } from '../core/drift/ks';
import { measureDrift } from '../core/drift/measure';
import { buildReferenceProfile } from '../core/drift/profile-build';
import type { FeatureColumns, FeatureSpec } from '../core/model';
import { describeMachine } from './report/machine';
import { metricOf, type Metric } from './report/metric';
import { printReport } from './report/print';
import { benchArguments } from './world/arguments';
import { clusteredRows, type ClusteredWorld } from './world/clustered-rows';
import { progress, runBench } from './world/run-bench';
import { Seeded } from './world/seeded';

const ALPHA = 0.05;
/** Sound for every size: the least effect anybody looks at. */
const RULE: MeasurePolicy = {
  numeric: { method: 'psi', warn: 0.1, threshold: 0.1 },
  categorical: { method: 'js', warn: 0.1, threshold: 0.1 },
  alpha: ALPHA,
  pValue: 'counts',
  // The table asks what the rule does on few rows; the presets say "insufficient" below 200.
  minRows: 1,
  minFeatures: 1,
  minShare: 1,
};

interface Row {
  readonly name: string;
  /** Share of features (or of runs, for "any") that each column flagged. */
  readonly flagged: Readonly<Record<string, number>>;
  readonly trials: number;
  /** No drift: our rule must stay at α. */
  readonly quiet: boolean;
}

const specsOf = (features: number, kind: FeatureSpec['kind'] = 'number'): readonly FeatureSpec[] =>
  Array.from({ length: features }, (_, f) => ({ name: `f${f}`, kind }));

const normals = (random: Seeded, rows: number, features: number, shift: number): FeatureColumns => ({
  rows,
  columns: Object.fromEntries(
    specsOf(features).map(({ name }) => [name, Array.from({ length: rows }, () => random.normal() + shift)]),
  ),
});

/** Counts of `true` by column. */
class Tally {
  private readonly flags = new Map<string, number>();
  trials = 0;
  add(flags: Readonly<Record<string, boolean>>): void {
    this.trials++;
    for (const [name, flag] of Object.entries(flags)) this.flags.set(name, (this.flags.get(name) ?? 0) + Number(flag));
  }
  shares(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.flags].map(([name, count]) => [name, count / this.trials]));
  }
}

function independent(rows: number, now: number, shift: number, runs: number): Row {
  const random = new Seeded(rows + now);
  const tally = new Tally();
  const specs = specsOf(1);
  for (let run = 0; run < runs; run++) {
    const before = normals(random, rows, 1, 0);
    const current = normals(random, now, 1, shift);
    const [measured] = measureDrift(buildReferenceProfile(before, specs, { bins: 10 }), current, specs, RULE).features;
    const sorted = [before, current].map((side) => Float64Array.from(side.columns['f0'] as number[]).sort());
    const [a, b] = sorted as [Float64Array, Float64Array];
    const test = measured?.test;
    tally.add({
      'KS p': ksTwoSampleSorted(a, b).pValue <= ALPHA,
      PSI: (measured?.effect ?? 0) >= 0.1,
      'JS Sturges': jensenShannonDistance(...sturges(a, b)) >= 0.1,
      'PSI own p': test?.name === 'chiSquare' && (test.psiPValue ?? 1) <= ALPHA,
      'chi2 p': (measured?.pValue ?? 1) <= ALPHA,
      rule: measured?.level === 'drift',
    });
  }
  const title = `${rows}x${now}${shift === 0 ? '' : `, shift ${shift}`}`;
  return { name: title, flagged: tally.shares(), trials: runs, quiet: shift === 0 };
}

/** Evidently's bins: equal width over both samples. */
function sturges(a: Float64Array, b: Float64Array): readonly [number[], number[]] {
  const low = Math.min(a[0] ?? 0, b[0] ?? 0);
  const high = Math.max(a.at(-1) ?? 0, b.at(-1) ?? 0);
  const bins = Math.ceil(Math.log2(a.length + b.length) + 1);
  const edges = Array.from({ length: bins - 1 }, (_, i) => low + ((high - low) * (i + 1)) / bins);
  return [countInBins(a, edges), countInBins(b, edges)];
}

interface ClusterCase {
  readonly name: string;
  readonly reference: Omit<ClusteredWorld, 'shift' | 'features'>;
  readonly windowClusters: number;
  readonly shift: number;
}

function clustered({ name, reference, windowClusters, shift }: ClusterCase, runs: number): Row {
  const random = new Seeded(name.length * 1000 + windowClusters);
  const tally = new Tally();
  const features = 10;
  const specs = specsOf(features, reference.categorical === true ? 'string' : 'number');
  const clusterBy = reference.clusterHours === 1 ? 'hour' : 'day';
  for (let run = 0; run < runs; run++) {
    const before = clusteredRows(random, { ...reference, shift: 0, features });
    const now = clusteredRows(random, { ...reference, clusters: windowClusters, shift, features });
    const profile = buildReferenceProfile(before.features, specs, { bins: 10, eventTime: before.occurredAt });
    const plain = measureDrift(profile, now.features, specs, RULE);
    const ours = measureDrift(profile, now.features, specs, { ...RULE, clusterBy }, { occurredAt: now.occurredAt });
    const plainOf = new Map(plain.features.map((feature) => [feature.name, feature]));
    for (const feature of ours.features) {
      const other = plainOf.get(feature.name);
      const test = other?.test;
      if (feature.pValue === null) throw new Error(feature.reason.text);
      tally.add({
        'KS p': test?.name === 'chiSquare' && (test.binnedKs?.pValue ?? 1) <= ALPHA,
        PSI: (feature.effect ?? 0) >= 0.1,
        'PSI own p': test?.name === 'chiSquare' && (test.psiPValue ?? 1) <= ALPHA,
        'chi2 p': (other?.pValue ?? 1) <= ALPHA,
        'clustered p': feature.pValue <= ALPHA,
        // Without Benjamini–Hochberg: the level of one feature's rule.
        rule: feature.pValue <= ALPHA && (feature.effect ?? 0) >= 0.1,
      });
    }
  }
  return { name, flagged: tally.shares(), trials: tally.trials, quiet: shift === 0 };
}

function anyOf(features: number, rows: number, now: number, runs: number): Row {
  const random = new Seeded(features);
  const tally = new Tally();
  const specs = specsOf(features);
  for (let run = 0; run < runs; run++) {
    const profile = buildReferenceProfile(normals(random, rows, features, 0), specs, { bins: 10 });
    const measured = measureDrift(profile, normals(random, now, features, 0), specs, RULE).features;
    tally.add({
      PSI: measured.some((f) => (f.effect ?? 0) >= 0.1),
      'chi2 p': measured.some((f) => (f.pValue ?? 1) <= ALPHA),
      'BH p': measured.some((f) => (f.adjustedPValue ?? 1) <= ALPHA),
      rule: measured.some((f) => f.level === 'drift'),
    });
  }
  return { name: `any of ${features}, ${rows}x${now}`, flagged: tally.shares(), trials: runs, quiet: true };
}

const HOURS = { clusterHours: 1, clusters: 672, perCluster: 12 } as const;
const CLUSTERED: readonly ClusterCase[] = [
  { name: 'hours, icc 1 (weather)', reference: { ...HOURS, icc: 1 }, windowClusters: 168, shift: 0 },
  { name: 'hours, icc 0.3', reference: { ...HOURS, icc: 0.3 }, windowClusters: 168, shift: 0 },
  { name: 'hours, icc 0.3, one day', reference: { ...HOURS, icc: 0.3, perCluster: 30 }, windowClusters: 24, shift: 0 },
  { name: 'hours, icc 0', reference: { ...HOURS, icc: 0 }, windowClusters: 168, shift: 0 },
  {
    name: 'hours, icc 1, categories',
    reference: { ...HOURS, icc: 1, categorical: true },
    windowClusters: 168,
    shift: 0,
  },
  {
    name: 'days, icc 0.1',
    reference: { clusterHours: 24, clusters: 56, perCluster: 100, icc: 0.1 },
    windowClusters: 7,
    shift: 0,
  },
  {
    name: 'days, icc 1',
    reference: { clusterHours: 24, clusters: 56, perCluster: 40, icc: 1 },
    windowClusters: 7,
    shift: 0,
  },
  {
    name: 'days, icc 0.5, 30x7',
    reference: { clusterHours: 24, clusters: 30, perCluster: 60, icc: 0.5 },
    windowClusters: 7,
    shift: 0,
  },
  { name: 'hours, icc 1, shift 0.5', reference: { ...HOURS, icc: 1 }, windowClusters: 168, shift: 0.5 },
];

runBench(async () => {
  const { runs, clusterRuns, large } = benchArguments(
    'npm run bench:false-alarms -- [--quick] [--runs N] [--clusterRuns N] [--large N]',
    {
      runs: { full: 1000, quick: 150 },
      clusterRuns: { full: 250, quick: 6 },
      large: { full: 1_000_000, quick: 100_000 },
    },
  );
  const few = (share: number): number => Math.max(10, Math.round(runs * share));
  const rows: Row[] = [];
  const step = (make: () => Row): void => {
    const row = make();
    rows.push(row);
    progress(`${row.name}: ${JSON.stringify(row.flagged)}`);
  };
  step(() => independent(100, 100, 0, runs));
  step(() => independent(1000, 200, 0, runs));
  step(() => independent(5000, 100, 0, runs));
  step(() => independent(5000, 200, 0, runs));
  step(() => independent(50_000, 300, 0, few(0.1)));
  step(() => independent(10_000, 10_000, 0.02, few(0.1)));
  step(() => independent(large, large, 0.02, few(0.01)));
  step(() => independent(10_000, 500, 0.2, few(0.1)));
  step(() => independent(10_000, 500, 0.5, few(0.1)));
  step(() => anyOf(30, 1000, 500, few(0.2)));
  for (const world of CLUSTERED) step(() => clustered(world, clusterRuns));

  const metrics = rows.flatMap((row): readonly Metric[] =>
    Object.entries(row.flagged).map(([column, share]) =>
      metricOf({ id: `falseAlarms.${row.name}.${column}`, unit: 'share', ours: [share] }),
    ),
  );
  printReport('False alarms', describeMachine(), metrics, [
    `share of features (of runs in "any of") that each column flags at α = ${ALPHA}, PSI and JS at 0.1; rows without a shift have no drift`,
    'rule: PSI (categories: JS) >= 0.1 AND p <= α; with clusters the p of effective rows. Clustered rows: level of one feature, before Benjamini–Hochberg',
  ]);
  process.stdout.write(`\n${tableOf(rows).join('\n')}\n`);
  const worse = rows.filter(
    (row) => row.quiet && (row.flagged['rule'] ?? 1) > ALPHA + 3 * Math.sqrt((ALPHA * (1 - ALPHA)) / row.trials),
  );
  if (worse.length > 0) throw new Error(`our rule exceeds α in: ${worse.map((row) => row.name).join('; ')}`);
});

const COLUMNS = ['KS p', 'PSI', 'JS Sturges', 'PSI own p', 'chi2 p', 'BH p', 'clustered p', 'rule'] as const;

/** As docs/explanation/statistics.md has it. */
function tableOf(rows: readonly Row[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(['rows', 'trials', ...COLUMNS]),
    line(['---', ...COLUMNS.map(() => '---'), '---']),
    ...rows.map((row) =>
      line([
        row.name,
        String(row.trials),
        ...COLUMNS.map((column) => (row.flagged[column] === undefined ? '–' : row.flagged[column].toFixed(3))),
      ]),
    ),
  ];
}
