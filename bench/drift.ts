/** `npm run bench:drift`: our KS + PSI against the SciPy recipe, on the same bytes, after both gave the same numbers. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { resolveBinaries } from '../adapters/embedded';
import type { DriftMeasurement } from '../core/drift/drift-measurement';
import { countInBins, readNumeric } from '../core/drift/feature-values';
import { ksTwoSampleSorted } from '../core/drift/ks';
import { measureDrift } from '../core/drift/measure';
import { SAMPLE_ROWS, type NumericProfile, type ReferenceProfile } from '../core/drift/profile';
import { buildReferenceProfile } from '../core/drift/profile-build';
import { populationStabilityIndex } from '../core/drift/psi';
import type { FeatureColumns, FeatureSpec } from '../core/model';
import { describeMachine } from './report/machine';
import { metricOf } from './report/metric';
import { printReport } from './report/print';
import { benchArguments } from './world/arguments';
import { projectRoot } from './world/project-root';
import { numericFeatures } from './world/rows';
import { progress, runBench } from './world/run-bench';
import { Seeded } from './world/seeded';

interface Figures {
  readonly ks: readonly number[];
  readonly psi: readonly number[];
}
interface Peer extends Figures {
  readonly seconds: readonly number[];
}

const TOLERANCE = 1e-9;
const PEER = 'SciPy ks_2samp + NumPy PSI';
const LIMITS = {
  numeric: { method: 'psi', bins: 10, warn: 0.1, threshold: 0.2 },
  categorical: { method: 'js', warn: 0.05, threshold: 0.1 },
  alpha: 0.05,
  minRows: 200,
  minFeatures: 2,
  minShare: 0.3,
} as const;

runBench(async (cleanup) => {
  const { rows, features, rounds } = benchArguments(
    'npm run bench:drift -- [--quick] [--rows N] [--features N] [--rounds N]',
    {
      rows: { full: 1_000_000, quick: 100_000 },
      features: { full: 50, quick: 20 },
      rounds: { full: 3, quick: 5 },
    },
  );
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-bench-drift-'));
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  const specs = numericFeatures(features);
  progress(`making 2 × ${rows} rows × ${features} features`);
  const reference = normalColumns(rows, specs, 1, 0);
  const current = normalColumns(rows, specs, 2, 0.05);

  // 1: both whole samples, the textbook case
  const whole = timed(rounds, () => wholeSamples(reference, current, specs));
  const wholePeer = await scipy(folder, reference, current, specs, rounds);
  agree('whole samples', whole.value, wholePeer);

  // 2: what a drift check does: the frozen profile of the champion against a window
  const profile = buildReferenceProfile(reference, specs, { bins: LIMITS.numeric.bins });
  const check = timed(rounds, () => measureDrift(profile, current, specs, LIMITS));
  const samplePeer = await scipy(folder, sampleOf(profile, specs), current, specs, rounds);
  agree('frozen profile', { ks: ksOf(check.value, specs), psi: [] }, { ...samplePeer, psi: [] });

  const size = `${rows}x${features}`;
  printReport(
    'bench:drift',
    describeMachine(),
    [
      metricOf({
        id: `drift.whole.${size}`,
        unit: 's',
        ours: whole.seconds,
        peer: { name: PEER, values: wholePeer.seconds },
      }),
      metricOf({
        id: `drift.check.${size}`,
        unit: 's',
        ours: check.seconds,
        peer: { name: `${PEER}, same ${SAMPLE_ROWS}-row sample`, values: samplePeer.seconds },
      }),
    ],
    [
      `${rows} rows a side, ${features} float32 features; every KS statistic (both arms) and PSI (whole) equal to ${TOLERANCE}, else no time is reported.`,
      `whole: two complete samples, both unsorted in memory. check: measureDrift as driftCheck calls it, against the frozen profile with its sample of ${Math.min(SAMPLE_ROWS, rows)} rows; PSI there also counts over stored edges.`,
      'One thread, Float64Array.sort. The fast path (histogram refinement, two threads; 21× and 38× in the notes) is issue 4.',
    ],
  );
});

function normalColumns(rows: number, specs: readonly FeatureSpec[], seed: number, shift: number): FeatureColumns {
  const random = new Seeded(seed);
  const columns = Object.fromEntries(
    // every tenth feature moved
    specs.map(({ name }, f) => [
      name,
      Array.from({ length: rows }, () => Math.fround(random.normal() + (f % 10 === 0 ? shift : 0))),
    ]),
  );
  return { rows, columns };
}

const columnOf = (rows: FeatureColumns, spec: FeatureSpec): readonly number[] =>
  (rows.columns[spec.name] ?? []) as readonly number[];

function wholeSamples(reference: FeatureColumns, current: FeatureColumns, specs: readonly FeatureSpec[]): Figures {
  const ks: number[] = [];
  const psi: number[] = [];
  for (const spec of specs) {
    const a = readNumeric(columnOf(reference, spec)).sorted;
    const b = readNumeric(columnOf(current, spec)).sorted;
    ks.push(ksTwoSampleSorted(a, b).statistic);
    const edges = Array.from({ length: 9 }, (_, i) => a[Math.ceil(((i + 1) * a.length) / 10) - 1] as number);
    psi.push(populationStabilityIndex(countInBins(a, edges), countInBins(b, edges)));
  }
  return { ks, psi };
}

function sampleOf(profile: ReferenceProfile, specs: readonly FeatureSpec[]): FeatureColumns {
  const samples = specs.map(({ name }) => [name, (profile.features[name] as NumericProfile).sample] as const);
  return { rows: samples[0]?.[1].length ?? 0, columns: Object.fromEntries(samples) };
}

function ksOf(measurement: DriftMeasurement, specs: readonly FeatureSpec[]): readonly number[] {
  const byName = new Map(measurement.features.map((f) => [f.name, f.test?.statistic ?? NaN]));
  return specs.map(({ name }) => byName.get(name) ?? NaN);
}

function timed<T>(rounds: number, work: () => T): { readonly value: T; readonly seconds: readonly number[] } {
  let value = work(); // warm: both sides are measured hot
  const seconds = Array.from({ length: rounds }, () => {
    const begun = performance.now();
    value = work();
    return (performance.now() - begun) / 1000;
  });
  return { value, seconds };
}

async function scipy(
  folder: string,
  reference: FeatureColumns,
  current: FeatureColumns,
  specs: readonly FeatureSpec[],
  rounds: number,
): Promise<Peer> {
  progress(`SciPy on ${reference.rows} and ${current.rows} rows`);
  const files = { reference: join(folder, 'reference.f32'), current: join(folder, 'current.f32') };
  writeFileSync(files.reference, bytesOf(reference, specs));
  writeFileSync(files.current, bytesOf(current, specs));
  const { python } = resolveBinaries({ pythonEnv: join(projectRoot(), '.ratchet', 'python') });
  const script = join(projectRoot(), 'bench', 'peers', 'scipy_drift.py');
  const numbers = [reference.rows, current.rows, specs.length, rounds].map(String);
  const { stdout } = await promisify(execFile)(python, [script, files.reference, files.current, ...numbers]);
  return JSON.parse(stdout) as Peer;
}

function bytesOf(rows: FeatureColumns, specs: readonly FeatureSpec[]): Buffer {
  const all = new Float32Array(rows.rows * specs.length);
  specs.forEach((spec, f) => all.set(columnOf(rows, spec), f * rows.rows));
  return Buffer.from(all.buffer);
}

/** A faster way to other numbers is not faster. */
function agree(what: string, ours: Figures, peer: Figures): void {
  for (const name of ['ks', 'psi'] as const) {
    peer[name].forEach((theirs, f) => {
      const own = ours[name][f] ?? NaN;
      if (!(Math.abs(own - theirs) <= TOLERANCE)) {
        throw new Error(`${what}: ${name} of feature ${f} is ${own} here and ${theirs} in SciPy`);
      }
    });
  }
}
