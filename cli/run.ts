import { EXIT } from './exit-codes';
import { reportFailure } from './failure';
import type { CliIo } from './io';
import { buildProgram } from './program';

/** Runs one command line (without node and script) and returns the exit code. */
export async function run(
  argv: readonly string[],
  io: Omit<CliIo, 'setExitCode'>,
  packageVersion: string,
): Promise<number> {
  let exitCode: number = EXIT.fine;
  const whole: CliIo = { ...io, setExitCode: (code) => (exitCode = code) };
  try {
    await buildProgram(whole, packageVersion).parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return reportFailure(whole, error, argv.includes('--json'));
  }
}
