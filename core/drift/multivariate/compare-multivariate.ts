import { RatchetError } from '../../errors';
import type { Frame } from '../../frame';
import type { FeatureSpec } from '../../model';
import type { Reason } from '../../verdict';
import { fitPca, type PcaFit, type PcaOptions } from './fit-pca';
import { judgeReconstruction, type ReconstructionPolicy } from './judge-reconstruction';
import { reconstructionError, type ReconstructionError } from './reconstruction-error';

export interface MultivariateOptions extends PcaOptions, ReconstructionPolicy {
  /** Only these; default: every column that both tables have. At most 200. */
  readonly columns?: readonly string[];
  /** `string` takes numbers as names of categories. */
  readonly kinds?: Readonly<Record<string, 'number' | 'string'>>;
}

/** Plain JSON, never NaN. */
export interface MultivariateComparison {
  readonly schemaVersion: 1;
  readonly method: 'pca';
  readonly verdict: 'ok' | 'drift' | 'insufficient';
  readonly reason: Reason;
  readonly reference: { readonly rows: number };
  readonly current: { readonly rows: number };
  /** null: nothing could be measured. */
  readonly error: Pick<ReconstructionError, 'mean' | 'standardError'> | null;
  /** Of the reference's chunks. */
  readonly band: Pick<PcaFit['reference'], 'mean' | 'std' | 'low' | 'high'> | null;
  readonly components: number;
  /** Share of the reference's variance that the components keep. */
  readonly explained: number | null;
  /** The one that changed most first. Residuals: see ReconstructionError. */
  readonly features: readonly {
    readonly name: string;
    readonly reference: number;
    readonly current: number | null;
    readonly missingShare: number | null;
  }[];
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
}

/**
 * Do the columns of two tables still move together as they did? Principal components of the reference, their reconstruction
 * error on the current table, and the verdict: {@link fitPca}, {@link reconstructionError}, {@link judgeReconstruction}.
 * Columns of one table only, or numbers here and text there, are left out and named. Too little data is `insufficient`.
 *
 * @throws RATCHET_COLUMN_MISSING when `columns` or `kinds` name a column that no table has; RATCHET_INPUT_INVALID for a bad
 *   option or more than 200 columns
 */
export function compareMultivariate(
  reference: Frame,
  current: Frame,
  options: MultivariateOptions = {},
): MultivariateComparison {
  const { specs, leftOut } = commonColumns(reference, current, options);
  const chunks = options.chunks ?? 10;
  const nothing = (code: string, text: string): MultivariateComparison => ({
    schemaVersion: 1,
    method: 'pca',
    verdict: 'insufficient',
    reason: { code, text, observed: null },
    reference: { rows: reference.rows },
    current: { rows: current.rows },
    error: null,
    band: null,
    components: 0,
    explained: null,
    features: [],
    leftOut,
  });
  if (!specs.some((spec) => hasValue(reference, spec.name)))
    return nothing('multivariate.columns', 'no column has values that both tables can be compared by');
  if (Number.isInteger(chunks) && reference.rows < 2 * chunks)
    return nothing(
      'multivariate.rows',
      `${reference.rows} reference rows are too few for ${chunks} chunks of at least 2`,
    );
  const fit = fitPca(reference, specs, options);
  const error = reconstructionError(fit, current);
  const { mean, std, low, high, residuals } = fit.reference;
  const features = error.features.map(({ name, residual, missingShare }, j) => ({
    name,
    reference: residuals[j] ?? 0,
    current: residual,
    missingShare,
  }));
  const change = (f: (typeof features)[number]): number => (f.current === null ? 0 : Math.abs(f.current - f.reference));
  return {
    schemaVersion: 1,
    method: 'pca',
    ...judgeReconstruction(fit, error, options),
    reference: { rows: reference.rows },
    current: { rows: current.rows },
    error: { mean: error.mean, standardError: error.standardError },
    band: { mean, std, low, high },
    components: fit.components.length,
    explained: fit.explained,
    features: features.sort((a, b) => change(b) - change(a) || (a.name < b.name ? -1 : 1)),
    leftOut: [...leftOut, ...fit.leftOut],
  };
}

function commonColumns(
  reference: Frame,
  current: Frame,
  { columns, kinds = {} }: MultivariateOptions,
): { readonly specs: readonly FeatureSpec[]; readonly leftOut: readonly { name: string; why: string }[] } {
  const there = new Set([...reference.columns.keys(), ...current.columns.keys()]);
  for (const name of [...(columns ?? []), ...Object.keys(kinds)])
    if (!there.has(name))
      throw new RatchetError(
        'RATCHET_COLUMN_MISSING',
        `no table has a column "${name}"; there are ${[...there].join(', ')}`,
      );
  const specs: FeatureSpec[] = [];
  const leftOut: { name: string; why: string }[] = [];
  for (const name of columns === undefined ? there : new Set(columns)) {
    const before = reference.columns.get(name);
    const now = current.columns.get(name);
    const asked = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (before === undefined || now === undefined)
      leftOut.push({ name, why: `only the ${before === undefined ? 'current table' : 'reference'} has it` });
    else if (asked === 'string' || (before.kind === 'string' && now.kind === 'string'))
      specs.push({ name, kind: 'string' });
    else if (before.kind === 'number' && now.kind === 'number') specs.push({ name, kind: 'number' });
    else leftOut.push({ name, why: 'it holds numbers in one table and text in the other' });
  }
  return { specs, leftOut };
}

function hasValue(frame: Frame, name: string): boolean {
  const column = frame.columns.get(name)!;
  return column.kind === 'number' ? column.values.some(Number.isFinite) : column.codes.some((code) => code >= 0);
}
