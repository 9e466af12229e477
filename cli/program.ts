/** The command line as a whole. Every command is one file in commands/. */
import { Command } from 'commander';
import { registerAdopt } from './commands/adopt';
import { registerApply } from './commands/apply';
import { registerCheck } from './commands/check';
import { registerCompare } from './commands/compare';
import { registerDecisions } from './commands/decisions';
import { registerDetect } from './commands/detect';
import { registerDev } from './commands/dev';
import { registerEvaluate } from './commands/evaluate';
import { registerInit } from './commands/init';
import { registerMigrate } from './commands/migrate';
import { registerQuality } from './commands/quality';
import { registerReference } from './commands/reference';
import { registerRetrain } from './commands/retrain';
import { registerRollback } from './commands/rollback';
import { registerRollout } from './commands/rollout';
import { registerStatus } from './commands/status';
import { EXIT_MEANINGS } from './exit-codes';
import type { CliIo } from './io';

export const EXIT_HELP = `
Exit codes:
${Object.entries(EXIT_MEANINGS)
  .map(([code, meaning]) => `  ${code}  ${meaning}`)
  .join('\n')}
`;

const ROOT_HELP = `
Environment:
  TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS   the Temporal server
  DATABASE_URL                                                           PostgreSQL (apply, adopt, migrate)
  MLFLOW_TRACKING_URI and MLFlow's other variables                       MLflow (adopt)
  RATCHET_ACTOR                                                          your name in the record
${EXIT_HELP}
Examples:
  $ ratchet dev                                       start everything on this machine
  $ ratchet init --model churn --task binary          write a policy file to start from
  $ ratchet apply churn.policy.yaml                   register the model and its drift checks
  $ ratchet status churn --watch                      look at it
  $ ratchet approve churn --version 7 --reason "numbers look right"
  $ ratchet compare training.parquet today.parquet    two files, without any server
`.replace('MLFlow', 'MLflow');

/** Builds the program; `run` starts it. Commander throws instead of exiting, so that `main` alone ends the process. */
export function buildProgram(io: CliIo, packageVersion: string): Command {
  const program = new Command('ratchet')
    .description('Keeps production models good: watches, retrains, proves, promotes and rolls back, on Temporal.')
    .version(packageVersion, '--version', 'print the version of Ratchet')
    .helpCommand('help [command]', 'show the help of a command')
    .enablePositionalOptions()
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError: () => undefined,
    })
    .addHelpText('after', ROOT_HELP);
  const registrars = [
    registerDev,
    registerInit,
    registerApply,
    registerAdopt,
    registerReference,
    registerCheck,
    registerRetrain,
    registerRollout,
    registerDecisions,
    registerRollback,
    registerStatus,
    registerMigrate,
    registerCompare,
    registerEvaluate,
    registerDetect,
    registerQuality,
  ];
  for (const register of registrars) register(program, io);
  return program;
}
