import path from 'node:path';
import type { ClientPlugin } from '@temporalio/client';
import type {
  BundleOptions,
  BundlerPlugin,
  ReplayWorkerOptions,
  Worker,
  WorkerOptions,
  WorkerPlugin,
} from '@temporalio/worker';
import { createCpuActivities, createGpuActivities, createLightActivities, type ActivityPorts } from '../activities';
import { RatchetError } from '../core/errors';
import { ACTIVITY_PREFIX } from '../core/ids';
import { refuseNameClash } from './refuse-name-clash';
import { TriggerCourier } from './trigger-courier';

/**
 * Which part of the work a worker takes. `control`: workflows and light activities (queue `ratchet`). `cpu`: statistics and
 * evaluation (`ratchet-cpu`). `gpu`: training (`ratchet-gpu…`). `all`: workflows and every activity on one queue.
 */
export type RatchetRole = 'control' | 'cpu' | 'gpu' | 'all';

export interface ConnectedPorts {
  readonly ports: ActivityPorts;
  /** How many trainings at once: one a card, at least one. */
  readonly trainingSlots: number;
  close(): Promise<void>;
}

export interface RatchetPluginOptions {
  readonly role: RatchetRole;
  /** Opens the adapters. Default: from the environment, as `ratchet-worker` does. Called once, at the first worker. */
  readonly connect?: () => Promise<ConnectedPorts>;
}

/** Marks options that a plugin of ours has been applied to: given twice (connection and worker), it counts once. */
const APPLIED = Symbol.for('temporal-ratchet.applied');
const USER_WORKFLOWS = '__ratchet_user_workflows__';

const OUR_WORKFLOWS = require.resolve('../workflows');
const MERGED_WORKFLOWS = require.resolve('./merged-workflows');

/**
 * Adds Ratchet to a user's own worker: `plugins: [ratchet({ role: 'control' })]`. Our workflows and activities stand beside
 * theirs; a clash of names throws; nothing of theirs is replaced (temporal.md §1.4). A `cpu` or `gpu` worker loads no
 * workflow bundle. Pools are closed when the last worker that uses the plugin has stopped.
 */
export function ratchet(options: RatchetPluginOptions): RatchetPlugin {
  return new RatchetPlugin(options);
}

export class RatchetPlugin implements WorkerPlugin, BundlerPlugin, ClientPlugin {
  readonly name = 'temporal-ratchet.RatchetPlugin';
  private connected: Promise<ConnectedPorts> | null = null;
  private running = 0;

  constructor(private readonly options: RatchetPluginOptions) {}

  async configureWorker(options: WorkerOptions): Promise<WorkerOptions> {
    if ((options as { [APPLIED]?: boolean })[APPLIED] === true) return options;
    const { role } = this.options;
    const { ports, trainingSlots } = await this.connect();
    const activities = await this.orClose(() => mergeActivities(options.activities, namedActivities(role, ports)));
    const withActivities: WorkerOptions = {
      // SIGTERM must not cancel a training at once (temporal.md §5).
      shutdownGraceTime: '30 seconds',
      shutdownForceTime: '60 seconds',
      ...options,
      activities,
      ...(role === 'gpu' && options.maxConcurrentActivityTaskExecutions === undefined && options.tuner === undefined
        ? { maxConcurrentActivityTaskExecutions: trainingSlots }
        : {}),
    };
    Object.defineProperty(withActivities, APPLIED, { value: true, enumerable: true });
    if (role === 'cpu' || role === 'gpu') return withActivities;
    return {
      // After a killed worker the first message waits for its sticky queue: 10 s by default, too long for a rollback.
      stickyQueueScheduleToStartTimeout: '1 second',
      ...withActivities,
      ...(options.workflowBundle === undefined && options.workflowsPath === undefined
        ? { workflowsPath: OUR_WORKFLOWS }
        : {}),
    };
  }

  configureReplayWorker(options: ReplayWorkerOptions): ReplayWorkerOptions {
    return options.workflowBundle === undefined && options.workflowsPath === undefined
      ? { ...options, workflowsPath: OUR_WORKFLOWS }
      : options;
  }

  /** Bundles the user's workflows and ours together, through an entry of ours and an alias for theirs. */
  configureBundler(options: BundleOptions): BundleOptions {
    const theirs = options.workflowsPath;
    const { role } = this.options;
    if (role === 'cpu' || role === 'gpu') return options;
    if (theirs === OUR_WORKFLOWS || theirs === MERGED_WORKFLOWS) return options;
    const { webpackConfigHook } = options;
    return {
      ...options,
      workflowsPath: MERGED_WORKFLOWS,
      webpackConfigHook: (config) => {
        const hooked = webpackConfigHook === undefined ? config : webpackConfigHook(config);
        const alias = {
          ...(hooked.resolve?.alias as Record<string, string> | undefined),
          [USER_WORKFLOWS]: path.resolve(theirs),
        };
        const plugins = [...(hooked.plugins ?? []), refuseNameClash(OUR_WORKFLOWS, path.resolve(theirs))];
        return { ...hooked, resolve: { ...hooked.resolve, alias }, plugins };
      },
    };
  }

  async runWorker(worker: Worker, next: (worker: Worker) => Promise<void>): Promise<void> {
    this.running += 1;
    // Not awaited: the worker must be running when this returns to `runUntil`.
    const courier = this.courier();
    const started = courier.then((found) => found?.start());
    try {
      await next(worker);
    } finally {
      await started;
      await (await courier)?.stop();
      this.running -= 1;
      if (this.running === 0) await this.close();
    }
  }

  /** Workers that run `model` also tell it of triggers that wait: whoever runs one needs no further process. */
  private async courier(): Promise<TriggerCourier | null> {
    const { role } = this.options;
    if ((role !== 'control' && role !== 'all') || this.connected === null) return null;
    const { triggers, workflows, clock, logger } = (await this.connected).ports;
    return new TriggerCourier({ inbox: triggers, workflows, clock, logger });
  }

  private async connect(): Promise<ConnectedPorts> {
    this.connected ??= (this.options.connect ?? connectFromEnvironment)();
    return this.connected;
  }

  /** A worker that is not created leaves no pool open, unless another one uses it. */
  private async orClose<R>(work: () => R): Promise<R> {
    try {
      return work();
    } catch (error) {
      if (this.running === 0) await this.close();
      throw error;
    }
  }

  private async close(): Promise<void> {
    const connected = this.connected;
    this.connected = null;
    if (connected !== null) await (await connected).close();
  }
}

async function connectFromEnvironment(): Promise<ConnectedPorts> {
  const { connectPorts } = await import('./compose.js');
  const { configFromEnv } = await import('./config.js');
  return connectPorts(configFromEnv(process.env));
}

type ActivityTable = Readonly<Record<string, unknown>>;

function namedActivities(role: RatchetRole, ports: ActivityPorts): ActivityTable {
  const table = {
    control: (): ActivityTable => createLightActivities(ports),
    cpu: (): ActivityTable => createCpuActivities(ports),
    gpu: (): ActivityTable => createGpuActivities(ports),
    all: (): ActivityTable => ({ ...createLightActivities(ports), ...createCpuActivities(ports) }),
  }[role]();
  return Object.fromEntries(Object.entries(table).map(([name, activity]) => [`${ACTIVITY_PREFIX}${name}`, activity]));
}

function mergeActivities(theirs: object | undefined, ours: ActivityTable): object {
  const clash = Object.keys(ours).filter((name) => theirs !== undefined && name in theirs);
  if (clash.length > 0) {
    throw new RatchetError(
      'RATCHET_ACTIVITY_NAME_CLASH',
      `your worker and the plugin both define ${clash.join(', ')}.`,
      {
        details: { clash },
      },
    );
  }
  return { ...theirs, ...ours };
}
