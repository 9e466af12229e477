import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../cli/run';
import type { RatchetClient } from '../../client';
import { RatchetError } from '../../core/errors';
import { resolvePolicy } from '../../policy';
import { parse } from 'yaml';
import { temporaryFolder } from '../setup/temporary-folder';

/** Runs a command line against a client of which only some methods exist. */
async function ratchet(argv: readonly string[], client: Partial<RatchetClient> = {}, env: Record<string, string> = {}) {
  let out = '';
  let err = '';
  const code = await run(
    argv,
    {
      out: (text) => (out += text),
      err: (text) => (err += text),
      env: { RATCHET_ACTOR: 'ada', ...env },
      terminal: false,
      interruption: () => new AbortController().signal,
      connect: () => Promise.resolve({ close: () => Promise.resolve(), ...client } as RatchetClient),
    },
    '1.2.3',
  );
  return { code, out, err };
}

/** A registered model of which nothing runs. */
const idle = () => Promise.resolve({ model: { active: null, lastOutcome: null }, rollout: null } as never);

const check = (outcome: string) => ({
  checkDrift: () =>
    Promise.resolve({
      workflowId: 'drift/churn/by-hand-1',
      runId: 'r',
      result: () =>
        Promise.resolve({
          outcome,
          version: '3',
          windowStart: 0,
          windowEnd: 604_800_000,
          driftedFeatures: ['visib'],
          reasons: [{ code: 'drift.features', text: 'visib PSI 1.57 > 0.2' }],
        } as never),
    }),
});

const policyText = `model: churn
task: binary
features: [{ name: age, kind: number }]
classes: [stays, leaves]
`;
async function fileOf(name: string, text: string): Promise<string> {
  const path = join(temporaryFolder('cli'), name);
  await writeFile(path, text);
  return path;
}

describe('exit codes', () => {
  it.each([
    ['noDrift', 0],
    ['warn', 0],
    ['breach', 3],
    ['dataInvalid', 3],
    ['insufficient', 4],
    ['noWindow', 4],
  ])('a check that says %s exits %d', async (outcome, code) => {
    expect((await ratchet(['check', 'churn'], check(outcome))).code).toBe(code);
  });

  it.each([
    ['no command that exists', ['chekc', 'churn']],
    ['a missing argument', ['check']],
    ['a missing --reason', ['retrain', 'churn']],
    ['a version that is no number', ['approve', 'churn', '--version', 'latest', '--reason', 'x']],
    ['a duration without a unit', ['retrain', 'churn', '--reason', 'x', '--lookback', '28']],
    ['pause of neither a version nor the automation', ['pause', 'churn', '--reason', 'x']],
    ['a migration without a database', ['migrate']],
  ])('%s exits 2', async (_, argv) => {
    const { code, err } = await ratchet(argv);
    expect(code).toBe(2);
    expect(err).not.toBe('');
  });

  it('a stale decision exits 3 and says why in one line with a hint', async () => {
    const decide = () =>
      Promise.reject(new RatchetError('RATCHET_DECISION_STALE', 'the rollout is of version 8,\n not 7'));
    const { code, err } = await ratchet(['approve', 'churn', '--version', '7', '--reason', 'ok'], { decide });
    expect(code).toBe(3);
    expect(err).toBe(
      'ratchet: RATCHET_DECISION_STALE: the rollout is of version 8, not 7. Look at the status and decide again.\n',
    );
  });

  it('Temporal away exits 1, and with --json the error is a document on stdout', async () => {
    const status = () => Promise.reject(new RatchetError('RATCHET_TEMPORAL_UNAVAILABLE', 'nobody there'));
    const { code, out, err } = await ratchet(['status', 'churn', '--json'], { status });
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'RATCHET_TEMPORAL_UNAVAILABLE', message: 'nobody there' } });
  });

  it('a misspelt command is one line with the guess, and with --json a document', async () => {
    expect((await ratchet(['chekc'])).err).toBe(
      "ratchet: RATCHET_USAGE: unknown command 'chekc'. Did you mean check? Add --help for the options.\n",
    );
    const { code, out, err } = await ratchet(['status', '--foo', '--json']);
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'RATCHET_USAGE', message: "unknown option '--foo'" } });
  });

  it('a fault that carries 15 lines of a log is one line with the first and the last', async () => {
    const log = Array.from({ length: 15 }, (_, i) => `log ${i}`).join('\n');
    const status = () =>
      Promise.reject(new RatchetError('RATCHET_SETUP', `worker ended\n${log}`, { hint: 'Read it.' }));
    expect((await ratchet(['status', 'churn'], { status })).err).toBe(
      'ratchet: RATCHET_SETUP: worker ended: … log 14. Read it.\n',
    );
  });

  it.each([
    ['refused', 3],
    ['rolledBack', 0],
  ])('a rollback that ends %s exits %d, with its reason', async (outcome, code) => {
    const lastOutcome = { kind: 'rollback', workflowId: 'rollback/churn/1', outcome, reasons: [{ text: 'because' }] };
    const asked = { is: false };
    const rollback = () => {
      asked.is = true;
      return Promise.resolve({ id: 'd', accepted: true as const, message: 'starts' });
    };
    const status = () =>
      Promise.resolve({ model: { active: null, lastOutcome: asked.is ? lastOutcome : null }, rollout: null } as never);
    const done = await ratchet(['rollback', 'churn', '--reason', 'x'], { rollback, status });
    expect(done).toMatchObject({ code, out: `${outcome} (rollback/churn/1)\n          - because\n` });
  });

  it('--help and --version exit 0', async () => {
    expect(await ratchet(['--version'])).toMatchObject({ code: 0, out: '1.2.3\n' });
    const help = await ratchet(['--help']);
    expect(help.code).toBe(0);
    expect(help.out).toContain('4  insufficient data');
  });
});

describe('what commands send', () => {
  it('approve sends version, actor, reason, id and step as an update', async () => {
    const decide = jest.fn(() => Promise.resolve({ id: 'd1', accepted: true as const, message: 'approved' }));
    const argv = ['approve', 'churn', '--version', '7', '--reason', 'ok', '--id', 'd1', '--step', '2'];
    expect(await ratchet(argv, { decide })).toMatchObject({ code: 0, out: 'approved\n' });
    expect(decide).toHaveBeenCalledWith('approve', 'churn', {
      version: '7',
      actor: 'ada',
      reason: 'ok',
      id: 'd1',
      step: 2,
      via: 'update',
    });
  });

  it('promote --full and abort --signal choose the message and the way', async () => {
    const decide = jest.fn(() => Promise.resolve({ id: 'd', accepted: true as const, message: 'ok' }));
    await ratchet(['promote', 'churn', '--full', '--version', '7', '--reason', 'x'], { decide });
    await ratchet(['abort', 'churn', '--signal', '--version', '7', '--reason', 'x'], { decide });
    expect(decide).toHaveBeenNthCalledWith(1, 'promoteFull', 'churn', expect.objectContaining({ via: 'update' }));
    expect(decide).toHaveBeenNthCalledWith(2, 'abort', 'churn', expect.objectContaining({ via: 'signal' }));
  });

  it('pause --automation speaks of the model', async () => {
    const pauseAutomation = jest.fn(() => Promise.resolve({ id: 'd', accepted: true as const, message: 'paused' }));
    await ratchet(['pause', 'churn', '--automation', '--reason', 'move'], { pauseAutomation });
    expect(pauseAutomation).toHaveBeenCalledWith('churn', { actor: 'ada', reason: 'move' });
  });

  it('retrain reads 28d as 2419200000 ms and a date as its instant', async () => {
    const retrain = jest.fn(() => Promise.resolve({ id: 'd', accepted: true as const, message: 'started' }));
    await ratchet(['retrain', 'churn', '--reason', 'x', '--lookback', '28d', '--as-of', '2013-11-24'], { retrain });
    expect(retrain).toHaveBeenCalledWith('churn', {
      actor: 'ada',
      reason: 'x',
      lookbackMs: 2_419_200_000,
      asOf: Date.UTC(2013, 10, 24),
    });
  });

  it('rollout --version is the version of the model, not of the program', async () => {
    const rollout = jest.fn(() => Promise.resolve({ id: 'd', accepted: true as const, message: 'started' }));
    await ratchet(['rollout', 'churn', '--version', '8', '--reason', 'x', '--no-wait'], { rollout, status: idle });
    expect(rollout).toHaveBeenCalledWith('churn', '8', { actor: 'ada', reason: 'x' });
  });

  it('check --json prints the whole result', async () => {
    const { out } = await ratchet(['check', 'churn', '--json'], check('breach'));
    expect(JSON.parse(out)).toMatchObject({ outcome: 'breach', driftedFeatures: ['visib'] });
  });
});

describe('policy files', () => {
  it('apply --dry-run prints the complete policy and its digest', async () => {
    const { code, out } = await ratchet(['apply', await fileOf('p.yaml', policyText), '--dry-run', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      policy: { model: 'churn', schemaVersion: 1 },
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('apply registers the resolved policy', async () => {
    const registerModel = jest.fn((policy: unknown) =>
      Promise.resolve({ model: 'churn', workflowId: 'model/churn', created: true, policy: policy as never }),
    );
    const { code, out } = await ratchet(['apply', await fileOf('p.yaml', policyText)], { registerModel });
    expect(code).toBe(0);
    expect(out).toContain('registered churn');
    expect(registerModel).toHaveBeenCalledWith(expect.objectContaining({ schemaVersion: 1 }), {
      actor: 'ada',
      reason: 'ratchet apply',
    });
  });

  it('a bad policy exits 2 and lists both problems', async () => {
    const path = await fileOf('p.yaml', `${policyText}rollout: { tick: soon }\ncolour: red\n`);
    const { code, err } = await ratchet(['apply', path]);
    expect(code).toBe(2);
    expect(err).toMatch(/colour: unknown key/);
    expect(err).toMatch(/rollout\.tick: expected a duration/);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it.each([
    ['a file that is not there', 'nowhere.yaml', null, /cannot read .*: it does not exist/],
    ['a repeated key', 'p.yaml', `${policyText}model: other\n`, /unique/],
    ['no YAML', 'p.yaml', 'model: [', /cannot be read/],
  ])('%s exits 2', async (_, name, text, message) => {
    const path = text === null ? join(tmpdir(), 'ratchet-none', name) : await fileOf(name, text);
    const { code, err } = await ratchet(['apply', path]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  it.each(['binary', 'multiclass', 'regression'])(
    'init writes a %s policy that resolves as it stands',
    async (task) => {
      const path = join(temporaryFolder('cli'), 'churn.yaml');
      const argv = ['init', path, '--model', 'churn', '--task', task, '--features', 'age:number,plan:string'];
      expect((await ratchet(argv)).code).toBe(0);
      const policy = resolvePolicy(parse(await readFile(path, 'utf8')));
      expect(policy.features).toEqual([
        { name: 'age', kind: 'number' },
        { name: 'plan', kind: 'string' },
      ]);
      expect((await ratchet(argv)).err).toContain('is there already');
      expect((await ratchet([...argv, '--force'])).code).toBe(0);
    },
  );
});
