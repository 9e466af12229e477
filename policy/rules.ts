/** What one field alone cannot say: rules between fields, each with the path of the field to change. */
import { isLoss } from '../core/performance/metric';
import type { EffectMethod, Policy, SearchRange } from '../core/policy';
import { formatDuration } from './duration';
import { metricsOf } from './metrics';

export interface Problem {
  /** Dotted path in the file, e.g. `rollout.steps.2.weight`; empty for the file itself. */
  readonly path: string;
  readonly message: string;
}

type Rule = (policy: Policy) => readonly Problem[];

const problem = (path: string, message: string): Problem => ({ path, message });
const when = (bad: boolean, path: string, message: string): Problem[] => (bad ? [problem(path, message)] : []);

const RESERVED_COLUMNS = ['target', 'event_time', 'cluster'];

const features: Rule = ({ features: specs, data, quality }) => {
  const names = specs.map((spec) => spec.name);
  return [
    ...names.flatMap((name, i) => [
      ...when(names.indexOf(name) !== i, `features.${i}.name`, `"${name}" appears twice`),
      ...when(RESERVED_COLUMNS.includes(name), `features.${i}.name`, `"${name}" is reserved for snapshots`),
      ...when(name === data.target, `features.${i}.name`, `"${name}" is the target: a model must not see it`),
    ]),
    ...Object.entries(quality.ranges).flatMap(([name, range]) => [
      ...when(
        specs.find((spec) => spec.name === name)?.kind !== 'number',
        `quality.ranges.${name}`,
        'expected the name of a number feature',
      ),
      ...when(
        range.min !== null && range.max !== null && range.min > range.max,
        `quality.ranges.${name}`,
        `min ${range.min} is above max ${range.max}`,
      ),
    ]),
  ];
};

const classes: Rule = ({ task, classes: names }) => [
  ...when(task === 'binary' && names.length !== 2, 'classes', `binary needs exactly 2 classes, got ${names.length}`),
  ...when(
    task === 'multiclass' && names.length < 3,
    'classes',
    `multiclass needs at least 3 classes, got ${names.length}`,
  ),
  ...when(task === 'regression' && names.length > 0, 'classes', 'regression has no classes'),
  ...when(new Set(names).size !== names.length, 'classes', 'a class appears twice'),
];

const data: Rule = ({ data: source }) => {
  const missing = [':from', ':to', ':asOf'].filter((name) => !new RegExp(`${name}\\b`).test(source.query));
  return [
    ...when(source.query !== '' && missing.length > 0, 'data.query', `lacks the bound parameter ${missing.join(', ')}`),
    ...when(!isTimeZone(source.timeZone), 'data.timeZone', `"${source.timeZone}" is no IANA time zone`),
    ...when(
      source.holdout.offset >= source.holdout.every,
      'data.holdout.offset',
      `must be below every (${source.holdout.every}), got ${source.holdout.offset}`,
    ),
    ...when(
      source.holdout.withinMs > source.lookbackMs,
      'data.holdout.within',
      `${formatDuration(source.holdout.withinMs)} is longer than lookback ${formatDuration(source.lookbackMs)}`,
    ),
  ];
};

/** √ln 2, and 1: a threshold above could never be reached. */
const LARGEST_DISTANCE: Readonly<Partial<Record<EffectMethod, number>>> = { js: 0.8326, hellinger: 1 };

const drift: Rule = ({ drift: rules }) => [
  ...(['correlation', 'multivariate'] as const).flatMap((name) =>
    when(
      rules[name] === 'warn' && rules.pValue !== 'exact',
      `drift.${name}`,
      `is judged on rows, and drift.pValue: ${rules.pValue} reads none: set drift.pValue to exact`,
    ),
  ),
  ...(['numeric', 'categorical'] as const).flatMap((kind) => [
    ...when(
      rules[kind].warn > rules[kind].threshold,
      `drift.${kind}.warn`,
      `${rules[kind].warn} is above threshold ${rules[kind].threshold}`,
    ),
    ...[rules[kind], ...rules[kind].also].flatMap((rule, i) =>
      when(
        rule.threshold > (LARGEST_DISTANCE[rule.method] ?? Infinity),
        i === 0 ? `drift.${kind}.threshold` : `drift.${kind}.also.${i - 1}.threshold`,
        `a distance by ${rule.method} never exceeds ${LARGEST_DISTANCE[rule.method]}, got ${rule.threshold}`,
      ),
    ),
  ]),
];

const performance: Rule = ({
  performance: { rules, slices, values, detectors },
  task,
  triggers,
  features,
  classes,
}) => [
  ...rules.flatMap((rule, i) => {
    const at = `performance.rules.${i}`;
    const ratio = rule.kind === 'ratioToHoldout';
    return [
      ...metricFits(rule.metric, task, `${at}.metric`),
      ...when(
        rule.bound <= 0 && !(rule.metric === 'businessValue' && rule.kind === 'absolute'),
        `${at}.bound`,
        `must be above 0, got ${rule.bound}`,
      ),
      ...when(
        rule.metric === 'businessValue' && rule.kind !== 'absolute',
        `${at}.kind`,
        'a hold-out records no business value: give an absolute bound',
      ),
      ...when(
        rule.metric === 'businessValue' && values === null,
        `${at}.metric`,
        'businessValue needs performance.values',
      ),
      ...when(
        rule.slice !== undefined && !slices.includes(rule.slice),
        `${at}.slice`,
        `"${rule.slice ?? ''}" is not among performance.slices`,
      ),
      ...when(
        rule.slice !== undefined && !rule.withConfidence,
        `${at}.withConfidence`,
        'a rule on slices is always judged with its confidence bound: many slices would make alarms by chance',
      ),
      ...when(
        ratio && isLoss(rule.metric) && rule.bound < 1,
        `${at}.bound`,
        `a ratio of a loss is at least 1, got ${rule.bound}`,
      ),
      ...when(
        ratio && !isLoss(rule.metric) && rule.bound > 1,
        `${at}.bound`,
        `a ratio of a gain is at most 1, got ${rule.bound}`,
      ),
    ];
  }),
  ...slices.flatMap((name, i) => [
    ...when(slices.indexOf(name) !== i, `performance.slices.${i}`, `"${name}" appears twice`),
    ...when(
      !features.some((spec) => spec.name === name),
      `performance.slices.${i}`,
      `"${name}" is no feature of the model`,
    ),
  ]),
  ...when(
    values !== null &&
      (task === 'regression' ||
        values.length !== classes.length ||
        values.some((row) => row.length !== classes.length)),
    'performance.values',
    task === 'regression'
      ? 'regression has no decisions to value'
      : `expected ${classes.length} rows of ${classes.length} numbers, [truth][answer] in the order of classes`,
  ),
  ...detectors.flatMap(({ detector }, i) =>
    when(
      detectors.findIndex((other) => other.detector === detector) !== i,
      `performance.detectors.${i}`,
      `"${detector}" appears twice`,
    ),
  ),
  ...when(
    rules.length === 0 && triggers.automatic && ['performance', 'driftAndPerformance'].includes(triggers.require),
    'performance.rules',
    `triggers.require is ${triggers.require}, so nothing could ever fire without a rule`,
  ),
];

const triggers: Rule = ({ triggers: t }) =>
  when(t.breaches > t.of, 'triggers.breaches', `${t.breaches} breaches cannot be among the last ${t.of}`);

const training: Rule = ({ training: t, task }) => [
  ...when(t.parallelTrials > t.trials, 'training.parallelTrials', `${t.parallelTrials} is above trials ${t.trials}`),
  ...when(
    t.heartbeatTimeoutMs >= t.timeoutMs,
    'training.heartbeatTimeout',
    `must be below timeout ${formatDuration(t.timeoutMs)}, got ${formatDuration(t.heartbeatTimeoutMs)}`,
  ),
  ...when(t.algorithm === 'linear' && task !== 'regression', 'training.algorithm', `linear cannot do task ${task}`),
  ...when(
    t.algorithm === 'logistic' && task === 'regression',
    'training.algorithm',
    'logistic cannot do task regression',
  ),
  ...Object.entries(t.search).flatMap(([name, range]) => [
    ...when(name in t.params, `training.search.${name}`, 'is fixed in training.params too'),
    ...searchRange(range, `training.search.${name}`),
  ]),
];

const searchRange = (range: SearchRange, path: string): Problem[] =>
  range.kind === 'categorical'
    ? []
    : [
        ...when(range.low > range.high, `${path}.low`, `${range.low} is above high ${range.high}`),
        ...when(
          range.log === true && range.low <= 0,
          `${path}.low`,
          `must be above 0 on a log scale, got ${range.low}`,
        ),
      ];

const gate: Rule = ({ gate: { rules }, task }) =>
  rules.flatMap((rule, i) => [
    ...metricFits(rule.metric, task, `gate.rules.${i}.metric`),
    ...when(
      rule.metric === 'businessValue',
      `gate.rules.${i}.metric`,
      'the gate cannot compute businessValue: it sees no value matrix',
    ),
    ...(rule.kind === 'absolute'
      ? when(rule.min === null && rule.max === null, `gate.rules.${i}`, 'an absolute rule needs min, max or both')
      : []),
  ]);

const shadow: Rule = ({ shadow: s, task }) => {
  if (s === null) return [];
  const forNumbers = s.loss === 'squared' || s.loss === 'absolute';
  return [
    ...when(
      s.minMs > s.maxMs,
      'shadow.min',
      `${formatDuration(s.minMs)} is longer than max ${formatDuration(s.maxMs)}`,
    ),
    ...when(forNumbers !== (task === 'regression'), 'shadow.loss', `${s.loss} does not fit task ${task}`),
    ...when(s.loss === 'brier' && task === 'multiclass', 'shadow.loss', 'brier does not fit task multiclass'),
    ...when(
      forNumbers && s.clip === null,
      'shadow.clip',
      `is needed for loss ${s.loss}: choose it before the test, e.g. the 99.5 % point of the champion's own loss`,
    ),
  ];
};

const rollout: Rule = ({ rollout: r, task }) => {
  const last = r.steps[r.steps.length - 1];
  const holds = r.steps.reduce((sum, step) => sum + step.minHoldMs, 0);
  const events = r.guardrails.map((guardrail) => guardrail.event);
  return [
    ...r.steps.flatMap((step, i) => {
      const before = r.steps[i - 1];
      return [
        ...when(
          before !== undefined && step.weight <= before.weight,
          `rollout.steps.${i}.weight`,
          `the ladder must rise: ${step.weight / 100} % follows ${(before?.weight ?? 0) / 100} %`,
        ),
        ...when(
          step.minHoldMs > step.maxHoldMs,
          `rollout.steps.${i}.minHold`,
          `${formatDuration(step.minHoldMs)} is longer than maxHold ${formatDuration(step.maxHoldMs)}`,
        ),
      ];
    }),
    ...when(
      last !== undefined && last.weight !== 10_000,
      'rollout.steps',
      'the last step must have weight 100 (promotion)',
    ),
    ...when(
      r.leaseMs <= r.tickMs,
      'rollout.lease',
      `${formatDuration(r.leaseMs)} must be longer than tick ${formatDuration(r.tickMs)}, which renews it`,
    ),
    ...when(
      r.deadlineMs <= holds,
      'rollout.deadline',
      `${formatDuration(r.deadlineMs)} must be longer than the holds together, ${formatDuration(holds)}`,
    ),
    ...events.flatMap((event, i) => [
      ...when(events.indexOf(event) !== i, `rollout.guardrails.${i}.event`, `"${event}" appears twice`),
      ...when(
        event === 'wrong' && task === 'regression',
        `rollout.guardrails.${i}.event`,
        'wrong does not fit task regression',
      ),
    ]),
  ];
};

const approval: Rule = ({ rollout: { approval: a, steps }, blessings: b, shadow: s }) => [
  ...(a === null
    ? []
    : [
        ...when(
          a.reminderMs !== null && a.reminderMs >= a.expiresMs,
          'rollout.approval.reminder',
          `must be shorter than expires ${formatDuration(a.expiresMs)}`,
        ),
        ...when(
          !steps.some((step) => step.weight === a.beforeWeight),
          'rollout.approval.beforeWeight',
          `${a.beforeWeight / 100} is the weight of no step`,
        ),
      ]),
  ...when(
    b.required.includes('approved') && a === null && !b.vouched.includes('approved'),
    'blessings.required',
    '"approved" is required but rollout.approval is null, so it could never be earned',
  ),
  ...when(
    b.required.includes('shadowed') && s === null && !b.vouched.includes('shadowed'),
    'blessings.required',
    '"shadowed" is required but shadow is null, so it could never be earned',
  ),
];

const metricFits = (metric: Policy['performance']['rules'][number]['metric'], task: Policy['task'], path: string) =>
  when(
    !metricsOf(task).includes(metric),
    path,
    `${metric} does not fit task ${task}; it has ${metricsOf(task).join(', ')}`,
  );

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const RULES = [features, classes, data, drift, performance, triggers, training, gate, shadow, rollout, approval];

/** Every problem between fields; none when the policy is sound. */
export const crossFieldProblems: Rule = (policy) => RULES.flatMap((rule) => rule(policy));

/** The field that a path lies in: `rollout.steps.2.weight` → `rollout.steps`, `model` → `model`. */
export const fieldOf = (path: string): string =>
  path
    .split('.')
    .slice(0, 2)
    .filter((part) => !/^\d+$/.test(part))
    .join('.');

/** Which other fields the rules about a field read. */
const READS: Readonly<Record<string, readonly string[]>> = {
  classes: ['task'],
  features: ['data.target'],
  'quality.ranges': ['features'],
  'data.holdout': ['data.lookback'],
  'performance.rules': ['task', 'triggers.require', 'triggers.automatic', 'performance.slices', 'performance.values'],
  'performance.slices': ['features'],
  'performance.values': ['task', 'classes'],
  'triggers.breaches': ['triggers.of'],
  'training.parallelTrials': ['training.trials'],
  'training.heartbeatTimeout': ['training.timeout'],
  'training.algorithm': ['task'],
  'training.search': ['training.params'],
  'gate.rules': ['task'],
  'shadow.min': ['shadow', 'shadow.max'],
  'shadow.loss': ['shadow', 'task'],
  'shadow.clip': ['shadow', 'shadow.loss'],
  'rollout.lease': ['rollout.tick'],
  'rollout.deadline': ['rollout.steps'],
  'rollout.guardrails': ['task'],
  'rollout.approval': ['rollout.steps'],
  'blessings.required': ['shadow', 'rollout.approval', 'blessings.vouched'],
};

/** The field of a problem, its section, and every field that the rule read. */
export function fieldsBehind(path: string): readonly string[] {
  const field = fieldOf(path);
  return [field, field.split('.')[0] ?? field, ...(READS[field] ?? [])];
}
