import type { Command } from 'commander';
import { EXIT } from '../exit-codes';
import { reasons } from '../format';
import { answer, type CliIo, type CommonFlags } from '../io';
import { examples, withActor, withConnection } from '../options';
import { awaitOutcome } from '../outcome';

interface RollbackFlags extends CommonFlags {
  readonly reason: string;
  readonly actor: string;
  readonly id?: string;
  readonly wait: boolean;
}

export function registerRollback(program: Command, io: CliIo): void {
  withConnection(withActor(program.command('rollback'), io))
    .description('let the previous champion serve again, at once')
    .argument('<model>', 'name of the model')
    .option('--id <text>', 'request id: the same id counts once (default: a new one)')
    .option('--no-wait', 'do not wait for the outcome')
    .addHelpText('after', examples('ratchet rollback churn --reason "complaints from support"'))
    .action(async (model: string, flags: RollbackFlags) => {
      const client = await io.connect(flags);
      try {
        const { actor, reason, id } = flags;
        const { model: before } = await client.status(model);
        const accepted = await client.rollback(model, { actor, reason, ...(id === undefined ? {} : { id }) });
        const seen = flags.wait
          ? await awaitOutcome(client, model, before, (flags.timeout ?? 30) * 1000, (_, fresh) =>
              fresh?.kind === 'rollback' ? fresh : null,
            )
          : null;
        if (seen === null) return answer(io, flags, accepted, `${accepted.message} (see: ratchet status ${model})`);
        if (seen.outcome !== 'rolledBack') io.setExitCode(EXIT.refused);
        const text = [`${seen.outcome} (${seen.workflowId})`, ...reasons(seen.reasons)].join('\n');
        answer(io, flags, { ...accepted, ...seen }, text);
      } finally {
        await client.close();
      }
    });
}
