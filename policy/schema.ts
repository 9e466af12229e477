/** The whole policy as people write it, every section complete. `resolvePolicy` merges a preset under it first. */
import { z } from 'zod';
import { data, eventTime } from './data';
import { drift } from './drift';
import { gate } from './gate';
import { classes, features, modelName, task, threshold } from './model';
import { blessings, notifications, retention, serving } from './operations';
import { performance } from './performance';
import { quality } from './quality';
import { rollout } from './rollout';
import { shadow } from './shadow';
import { training } from './training';
import { triggers } from './triggers';

export const PRESET_NAMES = ['default', 'article', 'high-stakes', 'low-risk', 'demo', 'evidently'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

export const sections = {
  threshold,
  eventTime,
  data,
  quality,
  drift,
  performance,
  triggers,
  training,
  gate,
  shadow: shadow.nullable(),
  rollout,
  blessings,
  serving,
  notifications,
  retention,
} as const;

export const policySchema = z
  .strictObject({
    preset: z.enum(PRESET_NAMES).describe('The set of values to start from; what this file says replaces them.'),
    model: modelName,
    task,
    features,
    classes,
    ...sections,
  })
  .describe(
    'How Ratchet keeps one model good. Objects are merged over the preset; lists and the maps params, search and ranges replace it. Durations carry units ("30s", "24h", "7d"), weights are percent.',
  );

/** A complete policy in the form people write. */
export type FullPolicyInput = z.input<typeof policySchema>;

/** What a preset fills. */
export type PresetSections = Pick<FullPolicyInput, keyof typeof sections>;

type Partially<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: Partially<T[K]> | undefined }
    : T;

/** What a policy file holds: the model, and whatever differs from the preset. */
export type PolicyInput = Partially<PresetSections> &
  Pick<FullPolicyInput, 'model' | 'task' | 'features'> & {
    readonly preset?: PresetName;
    /** Needed unless the task is regression. */
    readonly classes?: readonly string[];
  };
