/** The files that describe a version that was trained elsewhere: contract, golden rows, metrics. All JSON, checked. */
import { z } from 'zod';
import { RatchetError } from '../core/errors';
import { readText } from './read-file';
import type { ReferenceProfile } from '../core/drift/profile';
import type { FeatureColumns, FeatureValue, GoldenRows, ModelContract } from '../core/model';

const contractSchema = z.strictObject({
  task: z.enum(['binary', 'multiclass', 'regression']),
  features: z.array(z.strictObject({ name: z.string().min(1), kind: z.enum(['number', 'string']) })).min(1),
  layout: z.enum(['columns', 'matrix']),
  classes: z.array(z.string()),
  threshold: z.number().gt(0).lt(1).default(0.5),
});
const value = z.union([z.number(), z.string(), z.null()]);
const goldenSchema = z.strictObject({
  features: z.strictObject({ rows: z.number().int().min(1), columns: z.record(z.string(), z.array(value)) }),
  scores: z.array(z.number()),
  labels: z.array(z.string().nullable()),
});
const metricsSchema = z.record(z.string(), z.number());
const cluster = z.strictObject({
  clusters: z.number().int(),
  meanSize: z.number(),
  icc: z.number().nullable(),
  iccSquare: z.number().nullable(),
});
const clusters = z.strictObject({ hour: cluster, day: cluster }).optional();
const histogram = { edges: z.array(z.number()), counts: z.array(z.number().int()) };
const numberProfile = z.strictObject({
  kind: z.literal('number'),
  rows: z.number().int(),
  nulls: z.number().int(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  ...histogram,
  sample: z.array(z.number()),
  sturges: z.strictObject(histogram).optional(),
  mean: z.number().nullable().optional(),
  deviation: z.number().nullable().optional(),
  clusters,
});
const stringProfile = z.strictObject({
  kind: z.literal('string'),
  rows: z.number().int(),
  nulls: z.number().int(),
  counts: z.record(z.string(), z.number().int()),
  clusters,
});
const featureProfile = z.discriminatedUnion('kind', [numberProfile, stringProfile]);
const encoding = { name: z.string(), missing: z.number().int(), centre: z.number(), scale: z.number() };
const pcaFit = z.strictObject({
  schemaVersion: z.literal(1),
  rows: z.number().int(),
  features: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('number'), fill: z.number(), ...encoding }),
      z.strictObject({
        kind: z.literal('string'),
        fill: z.string(),
        shares: z.array(z.tuple([z.string(), z.number()])),
        ...encoding,
      }),
    ]),
  ),
  components: z.array(z.array(z.number())),
  explained: z.number(),
  leftOut: z.array(z.strictObject({ name: z.string(), why: z.string() })),
  reference: z.strictObject({
    chunks: z.array(z.number()),
    mean: z.number(),
    std: z.number(),
    low: z.number(),
    high: z.number(),
    residuals: z.array(z.number()),
  }),
});
const profileSchema = z.strictObject({
  schemaVersion: z.union([z.literal(1), z.literal(2)]),
  rows: z.number().int().min(1),
  features: z.record(z.string(), featureProfile),
  importance: z.record(z.string(), z.number().min(0)).optional(),
  prediction: featureProfile.optional(),
  target: featureProfile.optional(),
  correlations: z
    .strictObject({
      features: z.array(z.string()),
      values: z.array(z.number().nullable()),
      pairs: z.array(z.number().int()),
    })
    .optional(),
  multivariate: pcaFit.optional(),
  madeFrom: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('snapshot'), digest: z.string() }),
      z.strictObject({ kind: z.literal('predictions'), from: z.number(), to: z.number() }),
      z.strictObject({ kind: z.literal('file'), name: z.string() }),
    ])
    .optional(),
});
const rowsSchema = z.array(z.record(z.string(), value)).min(1);

export const readContract = async (path: string): Promise<ModelContract> => await readJson(path, contractSchema);
export const readMetrics = async (path: string): Promise<Record<string, number>> => await readJson(path, metricsSchema);

/** The frozen distribution of the training data (core/drift/profile.ts). */
export const readProfile = async (path: string): Promise<ReferenceProfile> =>
  (await readJson(path, profileSchema)) as ReferenceProfile;

/** Golden rows as `trainer/` writes them. */
export async function readGolden(path: string): Promise<GoldenRows> {
  const golden = await readJson(path, goldenSchema);
  const { rows, columns } = golden.features;
  const lengths = [...Object.values(columns), golden.scores, golden.labels].map((list) => list.length);
  if (lengths.every((length) => length === rows)) return golden;
  throw new RatchetError('RATCHET_INPUT_INVALID', `${path}: every column, scores and labels must have ${rows} values`);
}

/** Sample rows, a JSON list of objects, as columns of the contract. Missing keys are refused, null is a value. */
export async function readSample(path: string, contract: ModelContract): Promise<FeatureColumns> {
  return toColumns(await readJson(path, rowsSchema), contract, path);
}

export function toColumns(
  rows: readonly Readonly<Record<string, FeatureValue>>[],
  contract: ModelContract,
  path: string,
): FeatureColumns {
  const columns = contract.features.map(({ name, kind }) => {
    const values = rows.map((row, i): FeatureValue => {
      const found = row[name];
      if (found === undefined) throw new RatchetError('RATCHET_COLUMN_MISSING', `${path}: row ${i} has no "${name}"`);
      if (found === null || typeof found === kind) return found;
      throw new RatchetError(
        'RATCHET_COLUMN_TYPE',
        `${path}: row ${i}, "${name}" is ${JSON.stringify(found)}, expected a ${kind}`,
      );
    });
    return [name, values] as const;
  });
  return { rows: rows.length, columns: Object.fromEntries(columns) };
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readText(path);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new RatchetError('RATCHET_INPUT_INVALID', `${path} is no JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const list = parsed.error.issues.map((issue) => `${issue.path.map(String).join('.') || 'file'}: ${issue.message}`);
  throw new RatchetError('RATCHET_INPUT_INVALID', `${path}: ${list.join('; ')}`);
}
