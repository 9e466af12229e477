import type { Command } from 'commander';
import type { DriftCheckResult } from '../../core/workflow-io';
import { EXIT, type ExitCode } from '../exit-codes';
import { reasons, time } from '../format';
import { answer, type CliIo, type CommonFlags } from '../io';
import { examples, withConnection } from '../options';

export function registerCheck(program: Command, io: CliIo): void {
  withConnection(program.command('check'))
    .description('start a drift check now and wait for its answer')
    .argument('<model>', 'name of the model')
    .option('--no-wait', 'do not wait for the answer')
    .addHelpText('after', examples('ratchet check churn', 'ratchet check churn --json | jq .outcome'))
    .action(async (model: string, flags: CommonFlags & { readonly wait: boolean }) => {
      const client = await io.connect(flags);
      try {
        const check = await client.checkDrift(model);
        if (!flags.wait) return answer(io, flags, { workflowId: check.workflowId }, `started ${check.workflowId}`);
        const result = await check.result();
        io.setExitCode(exitCodeOfCheck(result.outcome));
        answer(io, flags, { workflowId: check.workflowId, ...result }, formatCheck(model, result));
      } finally {
        await client.close();
      }
    });
}

export function exitCodeOfCheck(outcome: DriftCheckResult['outcome']): ExitCode {
  if (outcome === 'breach' || outcome === 'dataInvalid') return EXIT.refused;
  return outcome === 'insufficient' || outcome === 'noWindow' ? EXIT.insufficient : EXIT.fine;
}

const OUTCOMES: Readonly<Record<DriftCheckResult['outcome'], string>> = {
  noWindow: 'no complete window waits for an evaluation',
  noDrift: 'no drift',
  warn: 'warning, not a breach',
  breach: 'breach',
  insufficient: 'not enough data for a verdict',
  dataInvalid: 'the data is not valid',
};

export function formatCheck(model: string, result: DriftCheckResult): string {
  const { windowStart, windowEnd, version, driftedFeatures } = result;
  const window = windowStart === null || windowEnd === null ? '' : `, ${time(windowStart)} to ${time(windowEnd)}`;
  const drifted = driftedFeatures.length === 0 ? [] : [`drifted features: ${driftedFeatures.join(', ')}`];
  const head = `${model}${version === null ? '' : ` version ${version}`}${window}: ${OUTCOMES[result.outcome]}`;
  return [head, ...drifted, ...reasons(result.reasons)].join('\n');
}
