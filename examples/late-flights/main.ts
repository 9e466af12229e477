/**
 * `npm run demo`: six acts on the late flights of 2013. Starts Temporal, MLflow, PostgreSQL, a worker and a gateway on free
 * ports, and reads at the end from what was recorded whether each act ended as the story says.
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { startStack, removeStackData, type EmbeddedStack } from '../../adapters/embedded';
import { createPool, migrate } from '../../adapters/postgres';
import { RatchetClient } from '../../client';
import type { VersionRecord } from '../../core/model';
import { Command } from 'commander';
import { trainFirstChampion } from './acts/champion';
import { decide } from './acts/decide';
import { heal } from './acts/heal';
import { lease } from './acts/lease';
import { quiet } from './acts/quiet';
import { refuse } from './acts/refuse';
import { rescue, trainElsewhere } from './acts/rescue';
import { Demo, type ActResult } from './demo';
import { NodeProcess } from './processes';
import { Timeline } from './timeline';
import { loadFlights } from './warehouse';

interface Flags {
  readonly exit: boolean;
  readonly fresh: boolean;
  readonly interactive: boolean;
  readonly acts?: string;
}

async function main(): Promise<number> {
  const program = new Command('npm run demo --')
    .description('The whole loop on real data, in six acts.')
    .option('--exit', 'stop when the story has ended, also on a terminal', false)
    .option('--fresh', 'wipe the data of earlier demo runs first', false)
    .option(
      '--acts <list>',
      'only these acts, e.g. 4,6 (1 to 3 belong together; 4 to 6 then use the versions of an earlier run)',
    )
    .option('--interactive', 'act 5 waits for your approval', false);
  const flags = program.parse().opts<Flags>();
  const root = projectRoot();
  const dataDir = path.join(root, '.ratchet', 'demo');
  const python = path.join(root, '.ratchet', 'python', 'bin', 'python');
  const timeline = new Timeline();
  if (flags.fresh) wipe(dataDir);
  mkdirSync(path.join(dataDir, 'logs'), { recursive: true });
  chmodSync(dataDir, 0o711);

  const closers: (() => Promise<unknown>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse())
      await close().catch((error: unknown) => timeline.bad(String(error)));
  };
  let interrupted = false;
  const onSignal = (): void => {
    if (interrupted) return;
    interrupted = true;
    void closeAll().then(() => process.exit(130));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  // A terminal that was closed takes no more lines; the servers still have to be stopped.
  process.stdout.on('error', () => undefined);

  try {
    const stack = await timeline.step('PostgreSQL, MLflow and Temporal start', () =>
      startStack({ dataDir, pythonEnv: path.dirname(path.dirname(python)) }),
    );
    closers.push(() => stack.stop());
    const demo = await prepare(root, dataDir, python, stack, timeline, flags, closers);
    addresses(demo);
    const results = await play(demo, flags.acts);
    const ok = summary(demo, results);
    if (process.stdout.isTTY === true && !flags.exit) {
      timeline.write('\nEverything stays up until Ctrl-C.');
      await new Promise<never>(() => undefined);
    }
    return ok ? 0 : 1;
  } finally {
    await closeAll();
  }
}

/** The acts that were asked for, in order. */
async function play(demo: Demo, asked: string | undefined): Promise<readonly ActResult[]> {
  const acts = new Set((asked ?? '1,2,3,4,5,6').split(',').map((act) => Number(act.trim())));
  const results: ActResult[] = [];
  let champion: VersionRecord;
  let healed: VersionRecord | null;
  if (acts.has(1)) {
    champion = await trainFirstChampion(demo);
    const replayer = demo.replayer(demo.name(), 4000);
    results.push(await quiet(demo, replayer), await refuse(demo));
    const third = await heal(demo, replayer);
    results.push(third.result);
    healed = third.version;
  } else {
    champion = await demo.models.getVersion(demo.earlier(), '1');
    healed = await demo.models.getVersion(demo.earlier(), '2');
  }
  const broken = acts.has(4) || acts.has(5) ? await trainElsewhere(demo, champion) : null;
  if (acts.has(4) && broken !== null) results.push(await rescue(demo, champion, broken));
  if (acts.has(5) && broken !== null && healed !== null) results.push(await decide(demo, champion, healed, broken));
  if (acts.has(6) && healed !== null) results.push(await lease(demo, champion, healed));
  if (results.length < acts.size) demo.timeline.bad('the acts that need the healed version could not be played');
  return results.length < acts.size
    ? [...results, { act: 'others', ok: false, expected: 'played', seen: 'not played' }]
    : results;
}

/** Everything that earlier demo runs left: the servers' data, the gateway's cache and log, trainings. Nothing else. */
function wipe(dataDir: string): void {
  removeStackData(dataDir);
  for (const folder of ['gateway', 'work', 'export', 'elsewhere']) {
    rmSync(path.join(dataDir, folder), { recursive: true, force: true });
  }
}

async function prepare(
  root: string,
  dataDir: string,
  python: string,
  stack: EmbeddedStack,
  timeline: Timeline,
  flags: Flags,
  closers: (() => Promise<unknown>)[],
): Promise<Demo> {
  const pool = createPool(stack.postgres.url, { applicationName: 'ratchet-demo' });
  closers.push(() => pool.end());
  await migrate(stack.postgres.url);
  await timeline.step("the year's flights are in the team's warehouse", () =>
    loadFlights(pool, stack.postgres.url, python),
  );
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    DATABASE_URL: stack.postgres.url,
    MLFLOW_TRACKING_URI: stack.mlflow.url,
    TEMPORAL_ADDRESS: stack.temporal.address,
    RATCHET_WORK_DIR: path.join(dataDir, 'work'),
    RATCHET_PYTHON: python,
    RATCHET_CACHE_DIR: path.join(dataDir, 'gateway'),
    RATCHET_GATEWAY_HOST: '127.0.0.1',
    RATCHET_GATEWAY_PORT: '0',
    NO_COLOR: '1',
  };
  const script = (name: string): string => path.join(root, 'dist', name, 'main.js');
  const worker = new NodeProcess('worker', script('workers'), env, path.join(dataDir, 'logs', 'worker.log'));
  const gateway = new NodeProcess('gateway', script('gateway'), env, path.join(dataDir, 'logs', 'gateway.log'));
  const [, ready] = await timeline.step('a worker and a gateway start', () =>
    Promise.all([worker.start(), gateway.start()]),
  );
  closers.push(
    () => gateway.stop(),
    () => worker.stop(),
  );
  const client = await RatchetClient.connect({ address: stack.temporal.address });
  closers.push(() => client.close());
  await client.ensureSearchAttributes();
  const runs = await pool.query<{ newest: number | null; complete: number | null }>(
    `SELECT max((regexp_match(model, '^late-flights-([0-9]+)'))[1]::int) AS newest,
            max((regexp_match(model, '^late-flights-([0-9]+)$'))[1]::int) AS complete FROM ratchet.models`,
  );
  const { newest, complete } = runs.rows[0] ?? { newest: null, complete: null };
  const number = (newest ?? 0) + 1;
  return new Demo(
    root,
    dataDir,
    python,
    stack,
    pool,
    client,
    worker,
    ready.url ?? '',
    env,
    timeline,
    { interactive: flags.interactive, earlier: complete },
    number,
  );
}

function addresses(demo: Demo): void {
  const { timeline, stack } = demo;
  timeline.say(`Temporal UI ${stack.temporal.uiUrl}/namespaces/default/workflows`);
  timeline.say(`MLflow      ${stack.mlflow.url}`);
  timeline.say(`gateway     ${demo.gatewayUrl}/status`);
}

function summary(demo: Demo, results: readonly ActResult[]): boolean {
  const { timeline } = demo;
  timeline.write('');
  timeline.table(
    ['act', 'as told', 'expected', 'recorded'],
    results.map((r) => [r.act, r.ok ? 'yes' : 'NO', r.expected, r.seen]),
  );
  timeline.write('');
  addresses(demo);
  timeline.say(
    `reports     ${demo.stack.mlflow.url}/#/experiments (runs of ratchet/${demo.name()}, artifacts report/)`,
  );
  return results.every((r) => r.ok);
}

function projectRoot(): string {
  const here = path.resolve(__dirname, '..', '..');
  return path.basename(here) === 'dist' ? path.dirname(here) : here;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
