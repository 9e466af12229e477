import type { Command } from 'commander';
import { answer, type CliIo, type CommonFlags } from '../io';
import { examples, withActor, withConnection } from '../options';

interface RollbackFlags extends CommonFlags {
  readonly reason: string;
  readonly actor: string;
  readonly id?: string;
}

export function registerRollback(program: Command, io: CliIo): void {
  withConnection(withActor(program.command('rollback'), io))
    .description('let the previous champion serve again, at once')
    .argument('<model>', 'name of the model')
    .option('--id <text>', 'request id: the same id counts once (default: a new one)')
    .addHelpText('after', examples('ratchet rollback churn --reason "complaints from support"'))
    .action(async (model: string, flags: RollbackFlags) => {
      const client = await io.connect(flags);
      try {
        const { actor, reason, id } = flags;
        const accepted = await client.rollback(model, { actor, reason, ...(id === undefined ? {} : { id }) });
        answer(io, flags, accepted, accepted.message);
      } finally {
        await client.close();
      }
    });
}
