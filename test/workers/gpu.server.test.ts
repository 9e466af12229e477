import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { discoverGpus, GpuSlots } from '../../adapters/gpu';
import type { Trainer, TrainerResult } from '../../core/ports';
import type { RetrainResult } from '../../core/workflow-io';
import { ACTIVITY_PREFIX } from '../../core/ids';
import { ratchet } from '../../workers';
import { retrainScript, searchPolicy } from '../workflows/fixtures';
import { quietRuntime, workflowBundle } from '../workflows/harness';
import { countedPorts } from './stub-ports';

/** Two cards, as the driver's tool prints them. */
const NVIDIA_SMI = `#!/bin/sh
echo "0, NVIDIA A100-SXM4-80GB, 81920, GPU-0000"
echo "1, NVIDIA A100-SXM4-80GB, 81920, GPU-1111"
`;

describe('a GPU worker with a scripted nvidia-smi that lists 2 cards', () => {
  let folder: string;
  let address: string;
  let connection: NativeConnection;
  let client: Client;
  const env: NodeJS.ProcessEnv = {};
  beforeAll(async () => {
    quietRuntime();
    folder = mkdtempSync(path.join(tmpdir(), 'ratchet-gpu-'));
    writeFileSync(path.join(folder, 'nvidia-smi'), NVIDIA_SMI);
    chmodSync(path.join(folder, 'nvidia-smi'), 0o755);
    env['PATH'] = `${folder}${path.delimiter}${process.env['PATH'] ?? ''}`;
    address = process.env['RATCHET_TEST_TEMPORAL_ADDRESS'] ?? '';
    connection = await NativeConnection.connect({ address });
    client = new Client({ connection: await Connection.connect({ address }) });
  });
  afterAll(async () => {
    await client.connection.close();
    await connection.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const done = (): TrainerResult => ({
    metrics: { logLoss: 0.3 },
    params: {},
    versions: {},
    importance: {},
    model: null,
    golden: null,
    holdoutScores: null,
    randomHoldout: null,
    device: 'gpu',
    seconds: 1,
  });

  it('offers 2 slots, gives each of 4 trials a card of its own while it runs, and never 2 trials one card', async () => {
    const cards = await discoverGpus({ env });
    expect(cards.map((c) => [c.index, c.memoryMiB])).toEqual([
      [0, 81_920],
      [1, 81_920],
    ]);
    const busy = new Set<string>();
    const used: string[] = [];
    let most = 0;
    let waiting: (() => void)[] = [];
    /** Holds each trial until two are there, so that both cards are really wanted at once. */
    const together = async (): Promise<void> => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 2) {
          waiting.forEach((go) => go());
          waiting = [];
        }
      });
    };
    const trainer: Trainer = {
      run: async (job, { cudaDevice }) => {
        const card = cudaDevice ?? 'none';
        expect(busy.has(card)).toBe(false);
        busy.add(card);
        used.push(card);
        most = Math.max(most, busy.size);
        if (job.kind === 'trial') await together();
        busy.delete(card);
        return done();
      },
      suggest: async () => [],
      close: async () => undefined,
    };
    const gpus = new GpuSlots(cards);
    const { connect } = countedPorts({ trainer, gpus, workDir: folder }, gpus.size);
    const queue = `gpu-${randomUUID()}`;
    const policy = searchPolicy([`${queue}-gpu`]);
    const activities = Object.fromEntries(
      Object.entries(retrainScript(policy))
        .filter(([name]) => name !== 'runTrial' && name !== 'fitModel')
        .map(([name, answer]) => [`${ACTIVITY_PREFIX}${name}`, answer]),
    );
    const plugin = ratchet({ role: 'gpu', connect });
    const onGpu = { connection, taskQueue: `${queue}-gpu` };
    expect(await plugin.configureWorker(onGpu)).toMatchObject({ maxConcurrentActivityTaskExecutions: 2 });
    const workers = [
      await Worker.create({ ...onGpu, plugins: [plugin] }),
      await Worker.create({ connection, taskQueue: queue, activities, workflowBundle: await workflowBundle() }),
      await Worker.create({ connection, taskQueue: `${queue}-cpu`, activities }),
    ];
    const running = workers.map((w) => w.run());
    try {
      const ended = (await client.workflow.execute('retrain', {
        workflowId: `retrain/late/${queue}`,
        taskQueue: queue,
        workflowExecutionTimeout: '2 minutes',
        args: [{ model: 'late', reason: 'cards', actor: 'test' }],
      })) as RetrainResult;
      expect(ended.outcome).toBe('challenger');
    } finally {
      workers.forEach((w) => w.shutdown());
      await Promise.allSettled(running);
    }
    expect(used.slice(0, 4).sort()).toEqual(['0', '0', '1', '1']);
    expect(used).toHaveLength(5);
    expect(most).toBe(2);
    expect(gpus.free).toBe(2);
  });

  it('finds no card and still trains, with no CUDA device, where nvidia-smi is missing', async () => {
    const bare = mkdtempSync(path.join(tmpdir(), 'ratchet-nogpu-'));
    try {
      expect(await discoverGpus({ env: { PATH: bare } })).toEqual([]);
      expect(new GpuSlots([]).acquire('anybody')).toBeNull();
    } finally {
      rmSync(bare, { recursive: true, force: true });
    }
  });
});
