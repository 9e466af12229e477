import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { choosePort } from './free-ports';
import { ServerProcess } from './server-process';

const HOST = '127.0.0.1';
/** 7 to 9 s on two busy cores with compiled bytecode; a minute without. */
const READY_TIMEOUT_MS = 180_000;

export interface StartMlflowOptions {
  readonly dataDir: string;
  /** The Python of the environment that has MLflow. */
  readonly python: string;
  /** A free one by default. */
  readonly port?: number;
}

/** A running MLflow tracking server and registry on SQLite, artifacts in `<dataDir>/mlflow/artifacts`. */
export interface EmbeddedMlflow {
  readonly url: string;
  readonly logFile: string;
  readonly pid: number;
  readonly isRunning: boolean;
  stop(): Promise<void>;
  kill9(): Promise<void>;
  restart(): Promise<void>;
}

/**
 * Starts `mlflow server` with one worker and without its job runner (2 processes instead of 10), and waits for /health:
 * its exit code says nothing.
 * @throws RATCHET_SETUP with the end of its log when it does not become ready.
 */
export async function startMlflow(options: StartMlflowOptions): Promise<EmbeddedMlflow> {
  const port = await choosePort(options.port, 'MLflow');
  const url = `http://${HOST}:${port}`;
  const dataDir = resolve(options.dataDir);
  const home = join(dataDir, 'mlflow');
  mkdirSync(join(home, 'artifacts'), { recursive: true });
  const process = new ServerProcess({
    name: 'mlflow',
    dataDir,
    command: options.python,
    args: [
      ...['-m', 'mlflow', 'server', '--host', HOST, '--port', String(port), '--workers', '1'],
      ...['--backend-store-uri', `sqlite:///${join(home, 'mlflow.db')}`],
      ...['--serve-artifacts', '--artifacts-destination', join(home, 'artifacts')],
      ...['--default-artifact-root', 'mlflow-artifacts:/'],
    ],
    cwd: home,
    env: {
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
      MLFLOW_DISABLE_TELEMETRY: 'true',
      DO_NOT_TRACK: 'true',
      GIT_PYTHON_REFRESH: 'quiet',
      PYTHONUNBUFFERED: '1',
    },
    stopGraceMs: 5_000,
  });
  const isReady = async (): Promise<boolean> =>
    (await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) })).ok;
  const start = async (): Promise<void> => {
    await process.start();
    try {
      await process.awaitReady(isReady, READY_TIMEOUT_MS);
    } catch (error) {
      await process.stop();
      throw error;
    }
  };
  await start();
  return {
    url,
    logFile: process.logFile,
    get pid() {
      return process.pid;
    },
    get isRunning() {
      return process.isRunning;
    },
    stop: () => process.stop(),
    kill9: () => process.kill9(),
    restart: async () => {
      await process.stop();
      await start();
    },
  };
}
