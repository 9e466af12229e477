import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { choosePort, freePorts, isPortFree } from '../../../adapters/embedded/free-ports';
import { isGroupAlive, processStarted } from '../../../adapters/embedded/process-identity';
import { type ServerCommand, ServerProcess } from '../../../adapters/embedded/server-process';
import { resolveBinaries } from '../../../adapters/embedded';

const never = (): Promise<boolean> => Promise.resolve(false);

describe('free ports', () => {
  it('8 ports are different, free, and below 32768', async () => {
    const ports = await freePorts(8);
    expect(new Set(ports).size).toBe(8);
    expect(ports.every((port) => port < 32_768)).toBe(true);
    expect(await Promise.all(ports.map((port) => isPortFree(port)))).toEqual(ports.map(() => true));
  });

  it('a wanted port that somebody listens on is refused by its number', async () => {
    const [port] = (await freePorts(1)) as [number];
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
    await expect(choosePort(port, 'MLflow')).rejects.toMatchObject({
      code: 'RATCHET_SETUP',
      message: `port ${port}, wanted for MLflow, is taken`,
    });
    await new Promise((resolve) => taken.close(resolve));
    expect(await choosePort(port, 'MLflow')).toBe(port);
  });
});

describe('a server process', () => {
  let dataDir: string;
  const servers: ServerProcess[] = [];

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'ratchet-process-'));
  });

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.kill9()));
    rmSync(dataDir, { recursive: true, force: true });
  });

  const serverOf = (script: string, options: Partial<ServerCommand> = {}): ServerProcess => {
    const server = new ServerProcess({ name: 'thing', dataDir, command: 'bash', args: ['-c', script], ...options });
    servers.push(server);
    return server;
  };

  it('stop ends a child of the server too', async () => {
    const server = serverOf('sleep 600 & sleep 600');
    await server.start();
    const { pid } = server;
    await server.stop();
    expect(isGroupAlive(pid)).toBe(false);
  });

  it('one that ignores SIGTERM is killed after its 50 ms of grace', async () => {
    const server = serverOf("trap '' TERM; echo up; while true; do sleep 0.05; done", { stopGraceMs: 50 });
    await server.start();
    await server.awaitReady(() => Promise.resolve(readFileSync(server.logFile, 'utf8').includes('up')), 10_000);
    const { pid } = server;
    await server.stop();
    expect(isGroupAlive(pid)).toBe(false);
  });

  it('one that exits with 3 before it is ready is a fault that names the log and shows its last line', async () => {
    const server = serverOf('echo no such database >&2; exit 3');
    await server.start();
    await expect(server.awaitReady(never, 10_000)).rejects.toMatchObject({
      code: 'RATCHET_SETUP',
      message: `thing ended with exit code 3; log: ${server.logFile}\nno such database`,
    });
  });

  it('one that is never ready is a fault', async () => {
    const server = serverOf('sleep 600');
    await server.start();
    await expect(server.awaitReady(never, 30)).rejects.toThrow('thing was not ready within 0 s');
  });

  it('a program that does not exist is a fault that names it', async () => {
    await expect(serverOf('', { command: '/no/such/program' }).start()).rejects.toMatchObject({
      code: 'RATCHET_SETUP',
      hint: expect.stringContaining('/no/such/program'),
    });
  });

  /** As a run of process `ownerPid` would have left it. */
  const disown = (ownerPid: number, ownerStarted: string): void => {
    const file = join(dataDir, 'run', 'thing.json');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ownerPid, ownerStarted }));
  };

  it('the next run ends what a killed run left, children of a dead server included', async () => {
    const left = serverOf('sleep 600 & exec sleep 600');
    await left.start();
    const { pid } = left;
    disown(999_999_999, 'gone');
    process.kill(pid, 'SIGKILL'); // the server dies, its child goes on
    const next = serverOf('sleep 600');
    await next.start();
    expect(isGroupAlive(pid)).toBe(false);
    expect(next.isRunning).toBe(true);
  });

  it('a server of a run that is alive is left alone, and the second run is refused', async () => {
    const first = serverOf('sleep 600');
    await first.start();
    disown(process.ppid, processStarted(process.ppid) ?? '');
    await expect(serverOf('sleep 600').start()).rejects.toThrow(
      `another run (process ${process.ppid}) uses ${dataDir}`,
    );
    expect(first.isRunning).toBe(true);
  });

  it('a process with the id of a dead server that is not ours is left alone', async () => {
    const stranger = serverOf('sleep 600', { name: 'stranger' });
    await stranger.start();
    writeFileSync(
      join(dataDir, 'run', 'thing.json'),
      JSON.stringify({ pid: stranger.pid, started: 'another time', mark: 'another', ownerPid: 2, ownerStarted: 'x' }),
    );
    await serverOf('sleep 600').start();
    expect(stranger.isRunning).toBe(true);
  });
});

describe('binaries', () => {
  it('a program named in the environment wins over the locked environment', () => {
    const env = {
      RATCHET_PYTHON: process.execPath,
      TEMPORAL_CLI_PATH: process.execPath,
      TEMPORAL_TEST_SERVER_PATH: process.execPath,
    };
    expect(resolveBinaries({ pythonEnv: '/nowhere', env })).toEqual({
      python: process.execPath,
      temporalCli: process.execPath,
      temporalTestServer: process.execPath,
    });
  });

  it('a missing environment is a fault that says how to install it', () => {
    expect(() => resolveBinaries({ pythonEnv: '/nowhere', env: {} })).toThrow('no program at /nowhere/bin/python');
  });
});
