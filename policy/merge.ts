/** How a policy file lies over a preset. */

/** Maps whose keys are the user's own: merging two of them would mix two models. */
const REPLACED_WHOLE = new Set(['training.params', 'training.search', 'quality.ranges']);

type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Objects merge key by key, everything else (lists, maps of the user, null) replaces. Undefined counts as left out. */
export function mergeOver(base: unknown, over: unknown, path = ''): unknown {
  if (over === undefined) return base;
  if (!isObject(base) || !isObject(over) || REPLACED_WHOLE.has(path)) return over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    merged[key] = mergeOver(merged[key], value, path === '' ? key : `${path}.${key}`);
  }
  return merged;
}
