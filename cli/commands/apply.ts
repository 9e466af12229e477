import type { Command } from 'commander';
import type { Policy } from '../../core/policy';
import { formatDuration, policyDigest, resolvePolicy } from '../../policy';
import { answer, type CliIo, type CommonFlags } from '../io';
import { examples, withActor, withConnection } from '../options';
import { readPolicyFile } from '../policy-file';
import { withStores } from '../stores';

interface ApplyFlags extends CommonFlags {
  readonly reason: string;
  readonly actor: string;
  readonly dryRun?: boolean;
}

export function registerApply(program: Command, io: CliIo): void {
  withConnection(withActor(program.command('apply'), io, 'ratchet apply'))
    .description('register the model of a policy file, or bring a registered one to it')
    .argument('<file>', 'policy file, YAML or JSON')
    .option('--dry-run', 'check and print the complete policy; change nothing and connect to nothing')
    .addHelpText(
      'after',
      examples(
        'ratchet apply churn.policy.yaml --dry-run --json',
        'ratchet apply churn.policy.yaml --reason "higher bound"',
      ),
    )
    .action(async (file: string, flags: ApplyFlags) => {
      const policy = resolvePolicy(await readPolicyFile(file));
      const digest = policyDigest(policy);
      if (flags.dryRun === true) return answer(io, flags, { policy, digest }, describePolicy(policy, digest));
      const by = { actor: flags.actor, reason: flags.reason };
      if (filled(io.env['DATABASE_URL'])) {
        await withStores(io.env, async ({ models }) => await models().saveModel(policy, by));
      }
      const client = await io.connect(flags);
      try {
        const { model, workflowId, created } = await client.registerModel(policy, by);
        const text = `${created ? 'registered' : 'updated'} ${model}\n${describePolicy(policy, digest)}`;
        answer(io, flags, { model, workflowId, created, digest }, text);
      } finally {
        await client.close();
      }
    });
}

/** A policy in five lines. */
export function describePolicy(policy: Policy, digest: string): string {
  const { drift, triggers, rollout, shadow } = policy;
  return [
    `policy     ${policy.model} (${policy.task}, ${policy.features.length} feature${policy.features.length === 1 ? '' : 's'}, preset ${policy.preset}), ${digest.slice(0, 12)}`,
    `watches    windows of ${formatDuration(drift.windowMs)}, a check every ${formatDuration(triggers.checkEveryMs)}`,
    `retrains   on ${triggers.require}, ${triggers.breaches} of ${triggers.of}${triggers.automatic ? '' : ', after a person agrees'}`,
    `shadow     ${shadow === null ? 'none' : `${shadow.share / 100} % for ${formatDuration(shadow.minMs)} to ${formatDuration(shadow.maxMs)}`}`,
    `canary     ${rollout.steps.map((step) => `${step.weight / 100} %`).join(' → ')}, deadline ${formatDuration(rollout.deadlineMs)}`,
  ].join('\n');
}

const filled = (text: string | undefined): boolean => text !== undefined && text !== '';
