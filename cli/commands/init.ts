import { access, writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { FeatureSpec, Task } from '../../core/model';
import { RatchetError } from '../../core/errors';
import { PRESET_NAMES, resolvePolicy, type PresetName } from '../../policy';
import { answer, type CliIo } from '../io';
import { examples, withJson } from '../options';
import { fileFault } from '../read-file';

interface InitFlags {
  readonly model: string;
  readonly task: Task;
  readonly preset: PresetName;
  readonly features: readonly FeatureSpec[];
  readonly classes?: readonly string[];
  readonly force?: boolean;
  readonly json?: boolean;
}

export function registerInit(program: Command, io: CliIo): void {
  withJson(program.command('init'))
    .description('write a policy file to start from')
    .argument('[file]', 'where to write it (default: <model>.policy.yaml)')
    .requiredOption('--model <name>', 'name of the model: a-z, 0-9, _ and -')
    .addOption(
      new Option('--task <task>', 'what it answers').choices(['binary', 'multiclass', 'regression']).default('binary'),
    )
    .addOption(new Option('--preset <name>', 'values to start from').choices([...PRESET_NAMES]).default('default'))
    .addOption(
      new Option('--features <list>', 'name:kind, separated by commas; kind is number or string')
        .argParser(featureList)
        .default([{ name: 'amount', kind: 'number' }], 'amount:number'),
    )
    .addOption(
      new Option('--classes <list>', 'class names, separated by commas').argParser((text: string) => text.split(',')),
    )
    .option('--force', 'write over an existing file')
    .addHelpText(
      'after',
      examples(
        'ratchet init --model churn',
        'ratchet init --model churn --preset high-stakes --features age:number,plan:string --classes stays,leaves',
      ),
    )
    .action(async (file: string | undefined, flags: InitFlags) => {
      const path = file ?? `${flags.model}.policy.yaml`;
      const text = policyTemplate(flags);
      if (flags.force !== true && (await exists(path))) {
        throw new RatchetError('RATCHET_USAGE', `${path} is there already`, {
          hint: 'Choose another name, or add --force.',
        });
      }
      try {
        await writeFile(path, text);
      } catch (error) {
        throw fileFault(error, path, 'write');
      }
      answer(io, flags, { file: path }, `wrote ${path}; edit it, then: ratchet apply ${path}`);
    });
}

/** `age:number,plan:string` → features. */
export function featureList(text: string): readonly FeatureSpec[] {
  return text.split(',').map((item) => {
    const [name = '', kind = 'number'] = item.split(':');
    if (kind === 'number' || kind === 'string') return { name, kind };
    throw new InvalidArgumentError(`Expected name:number or name:string, got "${item}".`);
  });
}

/** A policy file that resolves as it stands. */
export function policyTemplate({ model, task, preset, features, classes }: Omit<InitFlags, 'force' | 'json'>): string {
  const names = classes ?? { binary: ['no', 'yes'], multiclass: ['a', 'b', 'c'], regression: [] }[task];
  // Only the owner of a regression knows the unit of its loss; these are to be corrected.
  const shadow = task === 'regression' ? { shadow: { margin: 1, clip: 100 } } : {};
  resolvePolicy({ model, task, preset, features, classes: names, ...shadow });
  const lines = [
    '# How Ratchet keeps this model good. All keys: docs/reference/policy.md',
    `preset: ${preset}`,
    `model: ${model}`,
    `task: ${task}`,
    '',
    '# In the order of the ONNX inputs. number: finite or null; string: a category or null.',
    'features:',
    ...features.map(({ name, kind }) => `  - { name: ${name}, kind: ${kind} }`),
    ...(task === 'regression'
      ? []
      : [
          '',
          task === 'binary'
            ? '# [negative, positive], as the target column holds them.'
            : '# In the order of the probabilities.',
          `classes: ${JSON.stringify(names)}`,
        ]),
    '',
    'data:',
    '  # Returns only what was known at :asOf. Empty: trained elsewhere, `retrain` is refused.',
    '  query: |',
    ...[
      `select ${[...features.map((feature) => feature.name), 'target', 'event_time'].join(', ')}`,
      `from ${model.replace(/-/g, '_')}_training`,
      'where event_time >= :from and event_time < :to and known_at <= :asOf',
    ].map((line) => `    ${line}`),
    '  target: target',
    '  timeColumn: event_time',
    '  timeZone: UTC',
    ...(task === 'regression'
      ? ['', '# In the square of the unit of the target: correct both.', 'shadow:', '  margin: 1', '  clip: 100']
      : []),
    '',
    '# Everything else comes from the preset; for example:',
    '# rollout:',
    '#   approval: { beforeWeight: 100, expires: 24h, reminder: 2h, onExpiry: rollback, actors: [] }',
    '# notifications:',
    '#   webhooks:',
    '#     - { url: "https://hooks.example.com/ratchet", secretEnv: RATCHET_WEBHOOK_SECRET }',
  ];
  return `${lines.join('\n')}\n`;
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
