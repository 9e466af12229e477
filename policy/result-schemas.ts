/**
 * The JSON documents that `ratchet compare`, `evaluate`, `detect` and `quality` print with --json, as schemas: published in
 * docs/reference, and real outputs are held to them. Numbers have full double precision; what is not known is null, never NaN.
 */
import { z } from 'zod';
import type { Comparison } from '../core/compare/comparison';
import { CATEGORICAL_METHODS, NUMERIC_METHODS } from '../core/drift/method';
import { EXPECTATION_NAMES } from '../core/quality/expectation';
import type { QualityReport } from '../core/quality/quality-report';
import type { Reason } from '../core/verdict';

const version = z.literal(1).describe('Version of this document.');
const count = z.number().int().min(0);
const index = count.describe('Row of the file, 0-based; the header does not count.');
const numberOrNull = z.number().nullable();
const share = z.number().min(0).max(1);

const reason: z.ZodType<Reason> = z
  .strictObject({
    code: z.string(),
    text: z.string(),
    observed: z.union([z.number(), z.string()]).nullable().exactOptional(),
    expected: z.union([z.number(), z.string()]).nullable().exactOptional(),
  })
  .describe('Why; `text` is complete on its own.');
const reasons = z.array(reason);

const side = z.strictObject({
  values: count.describe('Values that are there and finite.'),
  nulls: count.describe('Rows without such a value.'),
});

const method = z.enum([...new Set([...NUMERIC_METHODS, ...CATEGORICAL_METHODS])]);

const comparedTest = z.strictObject({
  method,
  statistic: numberOrNull.describe('The test statistic or the distance. null: not defined for these rows, see `note`.'),
  pValue: share.nullable().describe('null: the method has none, or it is not defined.'),
  threshold: z.number().exactOptional().describe('Of the preset, where it has one for the method.'),
  drifted: z.boolean().exactOptional().describe('By the threshold alone.'),
  note: z.string().exactOptional(),
});

const histogram = z
  .strictObject({
    edges: z
      .array(z.number())
      .nullable()
      .describe('Inner edges; the first and the last bin are open. null: categories.'),
    categories: z.array(z.string()).nullable(),
    reference: z.array(share),
    current: z.array(share),
  })
  .describe('Shares by bin or category.');

export const comparisonDocument: z.ZodType<Comparison> = z.strictObject({
  schemaVersion: version,
  preset: z.string(),
  reference: z.strictObject({ rows: count }),
  current: z.strictObject({ rows: count }),
  features: z
    .array(
      z.strictObject({
        name: z.string(),
        kind: z.enum(['number', 'string']),
        reference: side,
        current: side,
        tests: z.array(comparedTest).describe('Those asked for first, then those that the verdict needs.'),
        effect: numberOrNull.describe('What the verdict compares with its threshold.'),
        pValue: share.nullable(),
        adjustedPValue: share.nullable().describe('Benjamini–Hochberg; null: the preset does not adjust.'),
        verdict: z.enum(['ok', 'warn', 'drift', 'insufficient']),
        reason,
        histogram: histogram.nullable(),
      }),
    )
    .describe('Drifted first, then by effect; those that could not be compared last.'),
  dataset: z.strictObject({
    verdict: z.enum(['noDrift', 'warn', 'drift', 'insufficient']),
    driftedShare: share.nullable(),
    reasons,
  }),
  notCompared: z
    .array(z.strictObject({ name: z.string(), why: z.string(), probableRename: z.string().exactOptional() }))
    .describe('Columns that only one table has, or that were not asked for.'),
});

const metric = z.strictObject({
  name: z.string(),
  value: z.number(),
  low: numberOrNull.describe('Lower end of the 95 % interval; null: unknown.'),
  high: numberOrNull,
});

export const evaluationDocument = z.strictObject({
  schemaVersion: version,
  verdict: z
    .enum(['pass', 'fail', 'inconclusive'])
    .describe('fail: a rule fired. inconclusive: no label, or no such metric.'),
  reasons,
  task: z.enum(['binary', 'multiclass', 'regression']),
  taskInferred: z.boolean(),
  classes: z.array(z.string()).describe('binary: [negative, positive].'),
  columns: z.strictObject({
    truth: z.string(),
    score: z.string().nullable(),
    label: z.string().nullable(),
  }),
  rows: count,
  labelled: count.describe('Rows that were judged.'),
  invalid: count.describe('Rows with a truth or an answer that the task does not know; not judged.'),
  coverage: share.describe('labelled / rows.'),
  metrics: z.array(metric).describe('A metric that the rows do not define is left out.'),
  slices: z
    .array(
      z.strictObject({
        feature: z.string(),
        value: z.string().nullable(),
        rows: count,
        labelled: count,
        metrics: z.array(metric),
        worse: z.boolean().describe('Worse than all rows together, corrected for the number of slices.'),
      }),
    )
    .describe('Worst first.'),
  rules: z.array(
    z.strictObject({
      rule: z.string().describe('As it was written.'),
      metric: z.string(),
      observed: numberOrNull,
      bound: z.number(),
      fired: z.boolean().nullable().describe('null: it could not be judged.'),
    }),
  ),
});
export type EvaluationDocument = z.infer<typeof evaluationDocument>;

export const detectionDocument = z.strictObject({
  schemaVersion: version,
  detector: z.string(),
  parameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
  column: z.string(),
  rows: count,
  values: count.describe('Rows with a value: what the detector saw.'),
  missing: count.describe('Rows without one; left out.'),
  verdict: z
    .enum(['drift', 'warning', 'noDrift', 'insufficient'])
    .describe('insufficient: fewer values than the detector needs to say anything.'),
  reasons,
  detections: z.array(z.strictObject({ index, kind: z.enum(['warning', 'drift']) })),
});
export type DetectionDocument = z.infer<typeof detectionDocument>;

const verdict = z.enum(['pass', 'fail', 'inconclusive', 'error']);
const cell = z.union([z.number(), z.string()]).nullable();
const expectation = z.enum(EXPECTATION_NAMES);

export const qualityDocument: z.ZodType<QualityReport> = z.strictObject({
  schemaVersion: version,
  verdict: verdict.describe(
    'fail: a hard rule is broken. inconclusive: too little data to say. Warnings leave it pass.',
  ),
  rows: count,
  issues: z
    .array(
      z.strictObject({
        code: z.enum([
          'quality.length',
          'quality.rowCount',
          'quality.rowDrop',
          'quality.freshness',
          'quality.missingColumn',
          'quality.extraColumn',
          'quality.type',
          'quality.notFinite',
          'quality.allNull',
          'quality.nullShare',
          'quality.nullShareIncrease',
          'quality.range',
          'quality.newCategory',
          'quality.cardinality',
          'quality.constant',
          'quality.duplicateRows',
          'quality.idClash',
          'quality.unitChange',
          'quality.leakage',
          'quality.expectation',
        ]),
        severity: z.enum(['warn', 'fail', 'inconclusive', 'error']),
        feature: z.string().nullable(),
        message: z.string(),
        observed: cell,
        expected: cell,
        count: count.describe('How many rows offend, where rows do.'),
        rows: z.array(index).describe('The first of them.'),
        keys: z.array(z.string()).exactOptional().describe('Their values of --key.'),
        expectation: expectation.exactOptional(),
        probableRename: z.strictObject({ column: z.string(), likeness: share }).exactOptional(),
      }),
    )
    .describe('Worst first.'),
  reasons,
  features: z.array(
    z.strictObject({
      name: z.string(),
      nulls: count,
      nullShare: share.nullable(),
      referenceNullShare: share.nullable(),
      min: numberOrNull,
      max: numberOrNull,
      distinct: count,
    }),
  ),
  expectations: z
    .array(
      z.strictObject({
        expectation,
        columns: z.array(z.string()),
        severity: z.enum(['hard', 'soft']),
        verdict: z.enum(['pass', 'fail', 'inconclusive']),
        evaluated: count,
        unexpected: count.nullable(),
        observed: cell,
      }),
    )
    .exactOptional(),
  notChecked: z.array(z.string()).describe('Rules that could not be applied, and why.'),
});

export const errorDocument = z.strictObject({
  error: z.strictObject({
    code: z.string().describe('See docs/errors.md.'),
    message: z.string(),
    hint: z.string(),
    details: z.record(z.string(), z.unknown()),
  }),
});

/** By command; `error` is what each prints instead when it cannot do what was asked. */
export const RESULT_DOCUMENTS = {
  compare: comparisonDocument,
  evaluate: evaluationDocument,
  detect: detectionDocument,
  quality: qualityDocument,
  error: errorDocument,
} as const;
