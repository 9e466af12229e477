/**
 * Workflows on the time-skipping server with scripted activities: real workflow code, no I/O, days in milliseconds.
 * One server a test file; a task queue of its own a test.
 */
import path from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  makeTelemetryFilterString,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import type { AllActivities } from '../../activities';
import { ACTIVITY_PREFIX, cpuQueueOf, SEARCH_ATTRIBUTES } from '../../core/ids';

/** A scripted activity table: every name that a workflow calls must be here, or the workflow task waits for ever. */
export type Script = {
  [K in keyof AllActivities]?: (
    input: Parameters<AllActivities[K]>[0],
  ) => Promise<Awaited<ReturnType<AllActivities[K]>>>;
};

export interface Call {
  readonly name: string;
  readonly input: unknown;
}

let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;
const INDEXED_VALUE_TYPES = { KEYWORD: 2, DOUBLE: 4, BOOL: 5 } as const;

export class WorkflowHarness {
  readonly calls: Call[] = [];
  private constructor(readonly env: TestWorkflowEnvironment) {}

  static async start(): Promise<WorkflowHarness> {
    Runtime.install({
      telemetryOptions: {
        logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }), forward: {} },
      },
      logger: {
        log: () => undefined,
        trace: () => undefined,
        debug: () => undefined,
        info: () => undefined,
        warn: () => undefined,
        error: () => undefined,
      },
    });
    const executable = process.env['RATCHET_TEST_TIME_SKIPPING_SERVER'];
    if (executable === undefined)
      throw new Error('RATCHET_TEST_TIME_SKIPPING_SERVER is not set: run with the project "servers"');
    const env = await TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path: executable } },
    });
    await env.connection.operatorService.addSearchAttributes({
      namespace: 'default',
      searchAttributes: Object.fromEntries(
        Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, INDEXED_VALUE_TYPES[type]]),
      ),
    });
    return new WorkflowHarness(env);
  }

  async stop(): Promise<void> {
    await this.env.teardown();
  }

  names(): string[] {
    return this.calls.map((call) => call.name);
  }

  /** Runs `body` with workers on `queue` and its `-cpu` queue that answer from `script`; the workers are stopped whatever happens. */
  async withScript<R>(queue: string, script: Script, body: () => Promise<R>): Promise<R> {
    this.calls.length = 0;
    bundle ??= bundleWorkflowCode({
      workflowsPath: path.join(__dirname, '..', '..', 'workflows', 'index.ts'),
      logger: {
        log: () => undefined,
        trace: () => undefined,
        debug: () => undefined,
        info: () => undefined,
        warn: () => undefined,
        error: () => undefined,
      },
    });
    const activities = Object.fromEntries(
      Object.entries(script).map(([name, answer]) => [
        `${ACTIVITY_PREFIX}${name}`,
        async (input: never): Promise<unknown> => {
          this.calls.push({ name, input });
          return (answer as (input: never) => Promise<unknown>)(input);
        },
      ]),
    );
    const options = { connection: this.env.nativeConnection, activities };
    const workers = await Promise.all([
      Worker.create({ ...options, taskQueue: queue, workflowBundle: await bundle }),
      Worker.create({ ...options, taskQueue: cpuQueueOf(queue) }),
    ]);
    const running = workers.map((worker) => worker.run());
    try {
      return await body();
    } finally {
      workers.forEach((worker) => worker.shutdown());
      await Promise.allSettled(running);
    }
  }
}
