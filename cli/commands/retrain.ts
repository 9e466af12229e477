import { type Command, Option } from 'commander';
import { answer, type CliIo, type CommonFlags } from '../io';
import { durationMs, examples, instantMs, withActor, withConnection } from '../options';

interface RetrainFlags extends CommonFlags {
  readonly reason: string;
  readonly actor: string;
  readonly lookback?: number;
  readonly asOf?: number;
  readonly id?: string;
}

export function registerRetrain(program: Command, io: CliIo): void {
  withConnection(withActor(program.command('retrain'), io))
    .description('ask for a retraining now; its gate still decides')
    .argument('<model>', 'name of the model')
    .addOption(
      new Option('--lookback <duration>', 'how far back to read, e.g. 28d (default: the policy)').argParser(durationMs),
    )
    .addOption(
      new Option('--as-of <time>', 'event time to train as of, ISO 8601 (default: now in event time)').argParser(
        instantMs,
      ),
    )
    .option('--id <text>', 'request id: the same id counts once (default: a new one)')
    .addHelpText(
      'after',
      examples(
        'ratchet retrain churn --reason "new price list"',
        'ratchet retrain churn --lookback 28d --reason "try four weeks"',
      ),
    )
    .action(async (model: string, flags: RetrainFlags) => {
      const client = await io.connect(flags);
      try {
        const { actor, reason, lookback, asOf, id } = flags;
        const accepted = await client.retrain(model, {
          actor,
          reason,
          ...(lookback === undefined ? {} : { lookbackMs: lookback }),
          ...(asOf === undefined ? {} : { asOf }),
          ...(id === undefined ? {} : { id }),
        });
        answer(io, flags, accepted, `${accepted.message} (see: ratchet status ${model} --watch)`);
      } finally {
        await client.close();
      }
    });
}
