import type { Command } from 'commander';
import { answer, type CliIo, type CommonFlags } from '../io';
import { examples, withActor, withConnection, withVersion } from '../options';

interface RolloutFlags extends CommonFlags {
  readonly version: string;
  readonly reason: string;
  readonly actor: string;
  readonly id?: string;
}

export function registerRollout(program: Command, io: CliIo): void {
  withConnection(withActor(withVersion(program.command('rollout')), io))
    .description('roll out a version that was trained elsewhere: shadow test and canary as the policy says')
    .argument('<model>', 'name of the model')
    .option('--id <text>', 'request id: the same id counts once (default: a new one)')
    .addHelpText(
      'after',
      examples(
        'ratchet adopt churn --file model.onnx --contract contract.json --reason "trained by data science"',
        'ratchet rollout churn --version 8 --reason "trained by data science"',
      ),
    )
    .action(async (model: string, flags: RolloutFlags) => {
      const client = await io.connect(flags);
      try {
        const { version, actor, reason, id } = flags;
        const accepted = await client.rollout(model, version, { actor, reason, ...(id === undefined ? {} : { id }) });
        answer(io, flags, accepted, `${accepted.message} (see: ratchet status ${model} --watch)`);
      } finally {
        await client.close();
      }
    });
}
