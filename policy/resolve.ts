/** From what people write to what enters workflow history. The only place that turns one into the other. */
import type { z } from 'zod';
import type { Task } from '../core/model';
import type { Policy } from '../core/policy';
import { RatchetError } from '../core/errors';
import { fitPreset } from './fit-preset';
import { isObject, mergeOver } from './merge';
import { PRESETS } from './presets';
import { toWrittenForm } from './resolved-form';
import { crossFieldProblems, fieldOf, fieldsBehind, type Problem } from './rules';
import { policySchema, PRESET_NAMES, type PolicyInput, type PresetName } from './schema';

type Json = Readonly<Record<string, unknown>>;

/**
 * Merges the preset under the input, fills every default, checks every field and every rule between fields, and returns
 * the complete policy. One that is resolved already (`schemaVersion: 1`) is checked and returned as it is.
 *
 * @throws RatchetError RATCHET_POLICY_INVALID with every problem in `details.problems` as { path, message }.
 */
export function resolvePolicy(input: PolicyInput | Policy): Policy;
export function resolvePolicy(input: unknown): Policy;
export function resolvePolicy(input: unknown): Policy {
  if (!isObject(input)) throw invalid([{ path: '', message: `expected an object, got ${nameOf(input)}` }]);
  if (!('schemaVersion' in input)) return check(withPreset(input));
  if (input['schemaVersion'] !== 1) {
    throw invalid([{ path: 'schemaVersion', message: `expected 1, got ${JSON.stringify(input['schemaVersion'])}` }]);
  }
  check(toWrittenForm(input));
  return input as unknown as Policy;
}

function withPreset(input: Json): Json {
  const preset = (PRESET_NAMES as readonly unknown[]).includes(input['preset'])
    ? (input['preset'] as PresetName)
    : 'default';
  const task = taskOf(input['task']);
  const base = fitPreset(PRESETS[preset], task);
  // A preset without a shadow test still lets the file ask for one in part.
  const shadow = base['shadow'] ?? (isObject(input['shadow']) ? fitPreset(PRESETS.default, task)['shadow'] : null);
  const classes = task === 'regression' ? { classes: [] } : {};
  const merged = mergeOver({ preset, ...classes, ...base, shadow }, input) as Json;
  return { ...merged, blessings: fitBlessings(merged, input) };
}

/** A preset's blessings follow the file: no shadow test, nothing to be shadowed; an approval asked for is a blessing. */
function fitBlessings(merged: Json, input: Json): unknown {
  const blessings = merged['blessings'];
  const own = input['blessings'];
  if (!isObject(blessings) || (isObject(own) && own['required'] !== undefined)) return blessings;
  const required = blessings['required'];
  if (!Array.isArray(required)) return blessings;
  const rollout = merged['rollout'];
  const asksApproval = isObject(rollout) && isObject(rollout['approval']);
  const kept = (required as readonly unknown[]).filter(
    (name) => (name !== 'shadowed' || merged['shadow'] !== null) && (name !== 'approved' || asksApproval),
  );
  return { ...blessings, required: asksApproval && !kept.includes('approved') ? [...kept, 'approved'] : kept };
}

function check(written: Json): Policy {
  const parsed = policySchema.safeParse(written);
  if (parsed.success) {
    const policy = complete(parsed.data);
    const problems = crossFieldProblems(policy);
    if (problems.length > 0) throw invalid(problems);
    return policy;
  }
  const problems = parsed.error.issues.flatMap(toProblems);
  throw invalid([...problems, ...rulesBeside(written, problems)]);
}

const complete = (parsed: z.output<typeof policySchema>): Policy => ({ schemaVersion: 1, ...parsed });

/**
 * The rules between fields also for a policy with bad fields, so that one run lists everything: a bad field is replaced
 * by a sound one, and what a rule says is left out when it read a replaced field.
 */
function rulesBeside(written: Json, problems: readonly Problem[]): readonly Problem[] {
  const bad = new Set(problems.map((problem) => fieldOf(problem.path)));
  const stand = standIn(written['task']);
  const repaired = Object.fromEntries(
    Object.entries(stand).map(([section, sound]) => [section, repair(section, written[section], sound, bad)]),
  );
  const parsed = policySchema.safeParse(repaired);
  if (!parsed.success) return [];
  return crossFieldProblems(complete(parsed.data)).filter((found) => !fieldsBehind(found.path).some((f) => bad.has(f)));
}

function repair(section: string, value: unknown, sound: unknown, bad: ReadonlySet<string>): unknown {
  if (bad.has(section) || value === undefined) return sound;
  if (!isObject(value) || !isObject(sound)) return value;
  return Object.fromEntries(
    Object.entries(sound).map(([key, good]) => [key, bad.has(`${section}.${key}`) ? good : value[key]]),
  );
}

/** A sound policy of the task, to take single fields from. */
function standIn(written: unknown): Json {
  const task = taskOf(written);
  const fitted = fitPreset(PRESETS.default, task);
  const classes = { binary: ['0', '1'], multiclass: ['0', '1', '2'], regression: [] }[task];
  const shadow = task === 'regression' ? { ...(fitted['shadow'] as Json), margin: 1, clip: 1 } : fitted['shadow'];
  return { preset: 'default', model: 'x', task, features: [{ name: 'x', kind: 'number' }], classes, ...fitted, shadow };
}

const taskOf = (written: unknown): Task => (written === 'regression' || written === 'multiclass' ? written : 'binary');

function toProblems(issue: z.core.$ZodIssue): readonly Problem[] {
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: path === '' ? key : `${path}.${key}`, message: unknownKey(key) }));
  }
  return [{ path, message: issue.message }];
}

const unknownKey = (key: string): string =>
  key.endsWith('Ms') ? `unknown key; write \`${key.slice(0, -2)}\` with a unit, e.g. "30s"` : 'unknown key';

function invalid(problems: readonly Problem[]): RatchetError {
  const list = problems.map((found) => (found.path === '' ? found.message : `${found.path}: ${found.message}`));
  return new RatchetError(
    'RATCHET_POLICY_INVALID',
    `the policy has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}: ${list.join('; ')}`,
    { details: { problems } },
  );
}

const nameOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
