import { createRolloutActivities } from '../../activities/rollout';
import type { ActivityPorts } from '../../activities';
import type { VersionRecord } from '../../core/model';
import { CONTRACT, graph, MODEL, POLICY, run, ServingWorld, silent } from './serving-world';

const world = new ServingWorld();
beforeAll(() => world.start());
afterAll(() => world.stop());

/** What a trainer may hand over, each as a version of its own. */
const bad: readonly [what: string, version: string, file: Uint8Array, change: Partial<VersionRecord>, error: RegExp][] =
  [
    [
      'bytes that are no ONNX',
      '11',
      Buffer.from('<html>404</html>'),
      {},
      /^RATCHET_MODEL_LOAD_FAILED: The ONNX file does not load: /,
    ],
    ['an empty file', '12', new Uint8Array(0), {}, /^RATCHET_MODEL_LOAD_FAILED: /],
    [
      'a graph without the output that the contract names',
      '13',
      graph('no-output'),
      {},
      /^RATCHET_MODEL_CONTRACT: The graph does not keep the contract: .*there is no output probability/,
    ],
    [
      'a graph with a ZipMap',
      '14',
      graph('zipmap-output'),
      {},
      /^RATCHET_MODEL_CONTRACT: .*output probability is no tensor/,
    ],
    [
      'a graph that lacks a feature',
      '15',
      graph('probability-amount'),
      {},
      /^RATCHET_MODEL_CONTRACT: .*there is no input for feature colour/,
    ],
    [
      'answers that are not its golden ones',
      '16',
      graph('binary-columns'),
      {
        golden: {
          features: { rows: 2, columns: { amount: [0.5, 0.5], colour: ['red', null] } },
          scores: [0.1, 0.2],
          labels: ['no', 'no'],
        },
      },
      /^RATCHET_MODEL_GOLDEN: /,
    ],
    [
      'another file than the one recorded',
      '17',
      graph('binary-columns'),
      { sha256: 'f'.repeat(64) },
      /^RATCHET_MODEL_DIGEST: The file of late version 17 has SHA-256 [0-9a-f]{64}; the record says f{64}/,
    ],
    [
      'fewer features than the champion takes',
      '18',
      graph('probability-amount'),
      {
        contract: { ...CONTRACT, features: [{ name: 'amount', kind: 'number' }] },
        golden: { features: { rows: 1, columns: { amount: [0.5] } }, scores: [0.5], labels: ['yes'] },
      },
      /^RATCHET_MODEL_CONTRACT: features or classes differ from those of the champion 1/,
    ],
  ];

describe.each(bad)('a version with %s', (_, version, file, change, error) => {
  beforeAll(() => world.saveVersion(version, file, change));

  it('is refused before it takes traffic, with the reason of the gateway', async () => {
    const rollouts = createRolloutActivities({
      ...world,
      registry: {},
      notifier: {},
      clock: { now: () => Date.now() },
      codeVersion: 'test',
      logger: silent,
    } as unknown as ActivityPorts);
    const result = await world.unharmed(() =>
      run(() =>
        rollouts.beginRollout({
          kind: 'canary',
          model: MODEL,
          version,
          policy: POLICY,
          run: `canary/late/${version}:run-1`,
          workflowId: `canary/late/${version}`,
          actor: 'test',
          reason: 'bad input',
        }),
      ),
    );
    if (result.kind !== 'refused') throw new Error('the rollout began');
    expect(result.reasons).toHaveLength(1);
    expect(result.reasons[0]?.code).toBe('RATCHET_MODEL_LOAD_FAILED');
    const said = /^gateway gateway cannot serve version \d+: (.*)\.$/s.exec(result.reasons[0]?.text ?? '');
    expect(said?.[1]).toMatch(error);
  });

  it('gets no request even when a route gives it all of them', async () => {
    const fence = await world.claims.claim(MODEL, 'rollout', `by-hand-${version}`);
    await world.routes.changeRoute(
      MODEL,
      { kind: 'setCanary', version, weight: 10_000, run: 'by-hand', step: 0, leaseMs: 60_000, salt: 'by-hand' },
      fence,
      world.decision(`route-${version}`),
    );
    await world.stateOf(version);
    await world.expectChampion();
    await world.routes.changeRoute(MODEL, { kind: 'clearCanary' }, fence, world.decision(`clear-${version}`));
    await world.claims.release(MODEL, 'rollout', `by-hand-${version}`);
    expect(world.db.predictions.map((row) => row.version)).not.toContain(version);
  });
});
