import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { RatchetError } from '../../core/errors';

/** The programs of the locked Python environment that the embedded stack runs. Absolute paths. */
export interface EmbeddedBinaries {
  readonly python: string;
  readonly temporalCli: string;
  readonly temporalTestServer: string;
}

export interface ResolveBinariesOptions {
  /** The locked Python environment. Default `.ratchet/python` under the working folder. */
  readonly pythonEnv?: string;
  /** Where TEMPORAL_CLI_PATH, TEMPORAL_TEST_SERVER_PATH and RATCHET_PYTHON are looked up. Default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Where the programs are: what the environment names (TEMPORAL_CLI_PATH, TEMPORAL_TEST_SERVER_PATH, RATCHET_PYTHON),
 * else the locked Python environment.
 * @throws RATCHET_SETUP naming the first program that is missing or may not be executed.
 */
export function resolveBinaries(options: ResolveBinariesOptions = {}): EmbeddedBinaries {
  const env = options.env ?? process.env;
  const bin = join(options.pythonEnv ?? join(process.cwd(), '.ratchet', 'python'), 'bin');
  return {
    python: executable(env['RATCHET_PYTHON'], join(bin, 'python'), 'RATCHET_PYTHON'),
    temporalCli: executable(env['TEMPORAL_CLI_PATH'], join(bin, 'temporal'), 'TEMPORAL_CLI_PATH'),
    temporalTestServer: executable(
      env['TEMPORAL_TEST_SERVER_PATH'],
      join(bin, 'temporal-test-server'),
      'TEMPORAL_TEST_SERVER_PATH',
    ),
  };
}

function executable(named: string | undefined, locked: string, variable: string): string {
  const path = named !== undefined && named !== '' ? named : locked;
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch (cause) {
    throw new RatchetError('RATCHET_SETUP', `no program at ${path}`, {
      hint: `Run \`node setup/run.mjs setup\` to install it, or name another one in ${variable}.`,
      cause,
    });
  }
}
