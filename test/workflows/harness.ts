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
  type WorkerOptions,
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
  readonly queue: string;
}

export interface ScriptOptions {
  /** More activity queues that answer from the same script, e.g. a training queue. */
  readonly queues?: readonly string[];
  /** 0: every workflow task replays the whole history, as after a crash. */
  readonly maxCachedWorkflows?: number;
}

/** Bundling, a server's start and two busy cores: far more than jest's 5 s, and still an end. */
export const WORKFLOW_TEST_TIMEOUT_MS = 180_000;
/**
 * The time-skipping server now and then leaks its skip lock (a wait then takes real time) or jumps ten years (stack.md §9).
 * That is the test server, not the workflow: such a test is tried again, and its first failure is printed.
 */
jest.retryTimes(2, { logErrorsBeforeRetry: true });
jest.setTimeout(WORKFLOW_TEST_TIMEOUT_MS);

let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;
let quiet = false;

export const SILENT = {
  log: () => undefined,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** One runtime a process, without the noise of the native core. */
export function quietRuntime(): void {
  if (quiet) return;
  quiet = true;
  Runtime.install({
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }), forward: {} },
    },
    logger: SILENT,
  });
}

/** Our workflows alone, bundled once a test file. */
export function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  bundle ??= bundleWorkflowCode({
    workflowsPath: path.join(__dirname, '..', '..', 'workflows', 'index.ts'),
    logger: SILENT,
  });
  return bundle;
}
const INDEXED_VALUE_TYPES = { KEYWORD: 2, DOUBLE: 4, BOOL: 5 } as const;

export class WorkflowHarness {
  readonly calls: Call[] = [];
  private constructor(readonly env: TestWorkflowEnvironment) {}

  static async start(): Promise<WorkflowHarness> {
    quietRuntime();
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

  /** The inputs of every call of an activity so far, in order. */
  inputs<K extends keyof AllActivities>(name: K): Parameters<AllActivities[K]>[0][] {
    return this.calls.filter((call) => call.name === name).map((call) => call.input as Parameters<AllActivities[K]>[0]);
  }

  /** Lets the server's clock go on, `step` at a time, until the condition holds. */
  async sleepUntil(
    what: string,
    holds: () => Promise<boolean> | boolean,
    step = '1 minute',
    tries = 400,
  ): Promise<void> {
    for (let i = 0; i < tries; i += 1) {
      if (await holds()) return;
      await this.env.sleep(step);
    }
    throw new Error(`never: ${what}; calls: ${this.names().slice(-20).join(', ')}`);
  }

  /** Runs `body` with workers on `queue` and its `-cpu` queue that answer from `script`; the workers are stopped whatever happens. */
  async withScript<R>(
    queue: string,
    script: Script,
    body: () => Promise<R>,
    { queues = [], ...cache }: ScriptOptions = {},
  ): Promise<R> {
    this.calls.length = 0;
    const options = (taskQueue: string): WorkerOptions => ({
      connection: this.env.nativeConnection,
      taskQueue,
      activities: Object.fromEntries(
        Object.entries(script).map(([name, answer]) => [
          `${ACTIVITY_PREFIX}${name}`,
          async (input: never): Promise<unknown> => {
            this.calls.push({ name, input, queue: taskQueue });
            return (answer as (input: never) => Promise<unknown>)(input);
          },
        ]),
      ),
    });
    const workers = await Promise.all([
      Worker.create({ ...options(queue), ...cache, workflowBundle: await workflowBundle() }),
      ...[cpuQueueOf(queue), ...queues].map((other) => Worker.create(options(other))),
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
