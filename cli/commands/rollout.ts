import type { Command } from 'commander';
import type { ModelView } from '../../client';
import type { ChildReport } from '../../core/messages';
import type { Reason } from '../../core/verdict';
import { EXIT } from '../exit-codes';
import { reasons } from '../format';
import { answer, type CliIo, type CommonFlags } from '../io';
import { examples, withActor, withConnection, withVersion } from '../options';
import { awaitOutcome } from '../outcome';

interface RolloutFlags extends CommonFlags {
  readonly version: string;
  readonly reason: string;
  readonly actor: string;
  readonly id?: string;
  readonly wait: boolean;
}

export function registerRollout(program: Command, io: CliIo): void {
  withConnection(withActor(withVersion(program.command('rollout')), io))
    .description('roll out a version that was trained elsewhere: shadow test and canary as the policy says')
    .argument('<model>', 'name of the model')
    .option('--id <text>', 'request id: the same id counts once (default: a new one)')
    .option('--no-wait', 'do not wait until it has started or was refused')
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
        const { model: before } = await client.status(model);
        const accepted = await client.rollout(model, version, { actor, reason, ...(id === undefined ? {} : { id }) });
        const started = flags.wait
          ? await awaitOutcome(client, model, before, STARTS_WITHIN_MS, (status, fresh) =>
              startOf(version, status, fresh),
            )
          : null;
        if (started?.outcome === 'refused') io.setExitCode(EXIT.refused);
        const see = `see: ratchet status ${model} --watch`;
        if (started === null) return answer(io, flags, accepted, `${accepted.message} (${see})`);
        answer(
          io,
          flags,
          { ...accepted, ...started },
          [`${started.text} (${see})`, ...reasons(started.reasons)].join('\n'),
        );
      } finally {
        await client.close();
      }
    });
}

/** A rollout looks at version, route and claim first: a second on a slow machine. */
const STARTS_WITHIN_MS = 10_000;

interface Started {
  readonly outcome: 'started' | 'waits' | 'refused';
  readonly text: string;
  readonly workflowId: string;
  readonly reasons: readonly Reason[];
}

function startOf(
  version: string,
  { model: { active }, rollout }: ModelView,
  fresh: ChildReport | null,
): Started | null {
  if (fresh !== null && fresh.version === version && fresh.kind !== 'retrain') {
    const { workflowId, outcome } = fresh;
    const text = `${workflowId}: ${outcome}`;
    return { outcome: outcome === 'refused' ? 'refused' : 'started', text, workflowId, reasons: fresh.reasons };
  }
  if (active === null) return null;
  const { workflowId } = active;
  // It may still find that it must not run: no such version, a blessing missing, the claim held.
  if (active.version === version && (rollout === null || rollout.phase === 'starting')) return null;
  return active.version === version
    ? { outcome: 'started', text: `${workflowId} runs`, workflowId, reasons: [] }
    : { outcome: 'waits', text: `waits for ${workflowId}`, workflowId, reasons: [] };
}
