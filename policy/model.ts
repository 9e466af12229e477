/** What the model is: name, task, features, classes. The one part that no preset can fill. */
import { z } from 'zod';
import { columnName } from './fields';

export const modelName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'expected 1 to 63 of a-z, 0-9, _ and -, the first a letter or digit')
  .describe('The registered name: the same in MLflow, PostgreSQL, Temporal and on the gateway.');

export const modelVersion = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'expected a version number as text, e.g. "3"')
  .describe('A version as the registry numbers it, a decimal string.');

export const task = z
  .enum(['binary', 'multiclass', 'regression'])
  .describe('What the model answers: one of two classes, one of several, or a number.');

export const featureSpec = z.strictObject({
  name: columnName().describe('Name of the column, of the ONNX input and of the field in requests.'),
  kind: z
    .enum(['number', 'string'])
    .describe('`number`: finite or null (missing), float32 at the model. `string`: a category or null.'),
});

export const features = z
  .array(featureSpec)
  .min(1)
  .max(2000)
  .describe('The features in input order, 1 to 2,000. Names are unique; target, event_time and cluster are reserved.');

export const classes = z
  .array(z.string().min(1).max(200))
  .max(1000)
  .describe(
    'Class names as the target column holds them. Binary: exactly two, [negative, positive]. Multiclass: at least three, in the order of the probabilities. Regression: empty.',
  );

export const threshold = z
  .number()
  .gt(0)
  .lt(1)
  .describe('Binary only: the answer is positive when the probability is at least this. Between 0 and 1, exclusive.');
