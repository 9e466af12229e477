#!/usr/bin/env node
/**
 * `ratchet-worker [--queues ratchet,ratchet-cpu,ratchet-gpu]`: a worker of our own, wired from the environment (config.ts).
 * Composition root: nothing imports it statically. Prints one JSON line when every queue is polled; SIGTERM and SIGINT stop it
 * after the running activities' grace time.
 */
import './check-peers';
import { mkdir } from 'node:fs/promises';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { Command } from 'commander';
import { isRatchetError } from '../core/errors';
import { cpuQueueOf, GPU_TASK_QUEUE } from '../core/ids';
import { configFromEnv } from './config';
import { connectPorts } from './compose';
import { connectTemporal } from './connect-temporal';
import { findPrebuiltBundle } from './prebuilt-bundle';
import { RatchetPlugin, type RatchetRole } from './plugin';

async function main(): Promise<void> {
  const program = new Command('ratchet-worker')
    .description('Runs Ratchet workers, wired from the environment.')
    .option(
      '--queues <list>',
      'task queues to serve, separated by commas; default: the workflow queue, its -cpu queue and ratchet-gpu',
    );
  program.parse();
  const config = configFromEnv(process.env);
  const asked = (
    program.opts<{ queues?: string }>().queues ??
    `${config.taskQueue},${cpuQueueOf(config.taskQueue)},${GPU_TASK_QUEUE}`
  )
    .split(',')
    .map((queue) => queue.trim())
    .filter((queue) => queue !== '');
  await mkdir(config.workDir, { recursive: true });
  Runtime.install({
    logger: new DefaultLogger('WARN'),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }), forward: {} },
    },
  });
  const connected = await connectPorts(config);
  const { connectionOptions, namespace } = connectTemporal(config);
  const connection = await NativeConnection.connect(
    connectionOptions as Parameters<typeof NativeConnection.connect>[0],
  );
  // The pools are shared by all workers of this process and closed once, below.
  const connect = (): Promise<typeof connected> => Promise.resolve({ ...connected, close: () => Promise.resolve() });
  const codePath = findPrebuiltBundle();
  const bundle = codePath === null ? {} : { workflowBundle: { codePath } };
  const workers = await Promise.all(
    asked.map((taskQueue) => {
      const role = roleOf(taskQueue, config.taskQueue);
      const options: WorkerOptions = {
        connection,
        namespace,
        taskQueue,
        plugins: [new RatchetPlugin({ role, connect })],
        ...(role === 'control' ? { maxCachedWorkflows: 200, ...bundle } : {}),
      };
      return Worker.create(options);
    }),
  );
  const stop = (): void => workers.forEach((worker) => worker.getState() === 'RUNNING' && worker.shutdown());
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  const running = workers.map((worker) => worker.run());
  process.stdout.write(
    `${JSON.stringify({ ready: true, pid: process.pid, queues: asked, trainingSlots: connected.trainingSlots })}\n`,
  );
  try {
    await Promise.all(running);
  } finally {
    stop();
    await Promise.allSettled(running);
    await connected.close();
    await connection.close();
  }
}

function roleOf(queue: string, workflowQueue: string): RatchetRole {
  if (queue === workflowQueue) return 'control';
  return queue.startsWith(GPU_TASK_QUEUE) ? 'gpu' : 'cpu';
}

main().catch((error: unknown) => {
  const line = isRatchetError(error)
    ? `${error.code}: ${error.message} ${error.hint}`
    : String(error instanceof Error ? error.stack : error);
  process.stderr.write(`${line}\n`);
  process.exitCode = 1;
});
