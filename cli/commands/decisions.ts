/** approve, reject, pause, resume, promote, abort: one shape, so one file. */
import { type Command, Option } from 'commander';
import type { DecisionKind, DecisionOptions } from '../../client';
import type { Accepted } from '../../core/messages';
import { RatchetError } from '../../core/errors';
import { answer, type CliIo, type CommonFlags } from '../io';
import { examples, version, wholeNumber, withActor, withConnection, withDecision } from '../options';

interface DecisionFlags extends CommonFlags {
  readonly version?: string;
  readonly reason: string;
  readonly actor: string;
  readonly id?: string;
  readonly step?: number;
  readonly signal?: boolean;
  readonly full?: boolean;
  readonly automation?: boolean;
}

export function registerDecisions(program: Command, io: CliIo): void {
  registerDecision(program, io, 'approve', 'agree that the rollout goes on past the gate that waits for it', [
    'ratchet approve churn --version 7 --reason "numbers look right"',
  ]);
  registerDecision(program, io, 'reject', 'refuse it at the gate that waits: the champion has full weight again', [
    'ratchet reject churn --version 7 --reason "segment B looks worse"',
  ]);
  registerPausing(
    program,
    io,
    'pause',
    'pause the rollout at its weight, or with --automation what the model starts by itself',
  );
  registerPausing(program, io, 'resume', 'go on after a pause, or with --automation let the model act by itself again');
  registerPromote(program, io);
  registerDecision(program, io, 'abort', 'end the rollout: the champion has full weight again', [
    'ratchet abort churn --version 7 --reason "wrong training data"',
    'ratchet abort churn --version 7 --reason "workers are down" --signal',
  ]);
}

function registerDecision(
  program: Command,
  io: CliIo,
  kind: DecisionKind,
  description: string,
  lines: readonly string[],
): void {
  withConnection(withActor(withDecision(program.command(kind)), io))
    .description(description)
    .argument('<model>', 'name of the model')
    .addHelpText('after', examples(...lines))
    .action(async (model: string, flags: DecisionFlags) => await decide(io, kind, model, flags));
}

function registerPromote(program: Command, io: CliIo): void {
  withConnection(withActor(withDecision(program.command('promote')), io))
    .description('end the present step now, or with --full skip all that remain')
    .argument('<model>', 'name of the model')
    .option('--full', 'skip all remaining steps; the record lists what was skipped')
    .addHelpText('after', examples('ratchet promote churn --version 7 --reason "enough seen at 5 %"'))
    .action(async (model: string, flags: DecisionFlags) => {
      await decide(io, flags.full === true ? 'promoteFull' : 'promoteStep', model, flags);
    });
}

function registerPausing(program: Command, io: CliIo, kind: 'pause' | 'resume', description: string): void {
  withConnection(withActor(program.command(kind), io))
    .description(description)
    .argument('<model>', 'name of the model')
    .addOption(new Option('--version <number>', 'the version that rolls out').argParser(version))
    .addOption(
      new Option('--automation', 'speak of the model, not of a rollout').conflicts(['version', 'step', 'signal']),
    )
    .addOption(new Option('--id <text>', 'decision id: the same id counts once (default: a new one)'))
    .addOption(new Option('--step <number>', 'the step, 0-based, that it speaks of').argParser(wholeNumber))
    .addOption(new Option('--signal', 'send it as a signal: needs no live worker and gets no answer'))
    .addHelpText(
      'after',
      examples(
        `ratchet ${kind} churn --version 7 --reason "holiday"`,
        `ratchet ${kind} churn --automation --reason "warehouse migration"`,
      ),
    )
    .action(async (model: string, flags: DecisionFlags) => {
      if (flags.automation !== true) return await decide(io, kind, model, flags);
      const client = await io.connect(flags);
      try {
        const { actor, reason, id } = flags;
        const by = { actor, reason, ...(id === undefined ? {} : { id }) };
        const accepted =
          kind === 'pause' ? await client.pauseAutomation(model, by) : await client.resumeAutomation(model, by);
        answer(io, flags, accepted, accepted.message);
      } finally {
        await client.close();
      }
    });
}

async function decide(io: CliIo, kind: DecisionKind, model: string, flags: DecisionFlags): Promise<void> {
  const options = decisionOf(kind, flags);
  const client = await io.connect(flags);
  try {
    const accepted: Accepted = await client.decide(kind, model, options);
    answer(io, flags, accepted, accepted.message);
  } finally {
    await client.close();
  }
}

/** Pure: flags to a decision. */
export function decisionOf(kind: DecisionKind, flags: DecisionFlags): DecisionOptions {
  if (flags.version === undefined) {
    throw new RatchetError('RATCHET_USAGE', `${kind} needs --version <number>, or --automation for the whole model`);
  }
  return {
    version: flags.version,
    actor: flags.actor,
    reason: flags.reason,
    via: flags.signal === true ? 'signal' : 'update',
    ...(flags.id === undefined ? {} : { id: flags.id }),
    ...(flags.step === undefined ? {} : { step: flags.step }),
  };
}
