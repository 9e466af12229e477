import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection, type ConnectionOptions, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { RatchetError } from '../core/errors';
import {
  canaryWorkflowId,
  driftScheduleId,
  driftWorkflowId,
  modelWorkflowId,
  shadowWorkflowId,
  TASK_QUEUE,
} from '../core/ids';
import { NAMES, signalName, type Accepted, type ModelStatus, type RolloutStatus } from '../core/messages';
import type { ModelName, ModelVersion } from '../core/model';
import type { Policy } from '../core/policy';
import type { DriftCheckResult, RolloutInput, RolloutResult } from '../core/workflow-io';
import { parseMessage, parseWorkflowInput, resolvePolicy } from '../policy';
import { saveDriftSchedule } from './drift-schedule';
import { calling, toRatchetError } from './errors';
import { ensureSearchAttributes, startAttributes } from './search-attributes';

export const DEFAULT_ADDRESS = '127.0.0.1:7233';
export const DEFAULT_NAMESPACE = 'default';

export interface RatchetClientOptions {
  readonly client: Client;
  /** Queue of Ratchet's workflows. Default `ratchet`. */
  readonly taskQueue?: string;
  /** How long a message waits for a worker's answer, milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
}

export interface ConnectOptions extends Omit<RatchetClientOptions, 'client'> {
  /** Default 127.0.0.1:7233. */
  readonly address?: string;
  /** Default `default`. */
  readonly namespace?: string;
  /** TLS, API key, metadata, … as Temporal's Connection takes them. */
  readonly connection?: Omit<ConnectionOptions, 'address'>;
}

/** Who asks and why: kept in the record. */
export interface By {
  readonly actor: string;
  readonly reason: string;
}

export type DecisionKind = 'approve' | 'reject' | 'pause' | 'resume' | 'promoteStep' | 'promoteFull' | 'abort';

export interface DecisionOptions extends By {
  /** The version that the decision speaks of; a decision about another one is refused as stale. */
  readonly version: ModelVersion;
  /** Makes it count once; default a new UUID. */
  readonly id?: string;
  /** The step, 0-based, that it speaks of. */
  readonly step?: number;
  /** `signal` needs no live worker and gets no answer. Default `update`. */
  readonly via?: 'update' | 'signal';
}

export interface RetrainOptions extends By {
  readonly id?: string;
  /** Overrides policy.data.lookbackMs. */
  readonly lookbackMs?: number;
  /** Event time, epoch milliseconds; default the watermark. */
  readonly asOf?: number;
}

export interface Registration {
  readonly model: ModelName;
  readonly workflowId: string;
  /** false: it was registered already and its policy was replaced. */
  readonly created: boolean;
  readonly policy: Policy;
}

export interface StartedWorkflow<R> {
  readonly workflowId: string;
  readonly runId: string;
  /** Waits for the end. */
  result(): Promise<R>;
}

/** A model at one moment, with its running rollout. */
export interface ModelView {
  readonly model: ModelStatus;
  readonly rollout: RolloutStatus | null;
}

export interface WatchOptions {
  /** Ends the watch. */
  readonly signal?: AbortSignal;
  /** Milliseconds between looks. Default 1,000. */
  readonly everyMs?: number;
}

/**
 * Talks to Ratchet's workflows: registers models, starts work, decides, looks. Every method rejects with a RatchetError:
 * a refusal under the workflow's own code, RATCHET_WORKFLOW_NOT_FOUND, RATCHET_TEMPORAL_UNAVAILABLE, RATCHET_INPUT_INVALID.
 */
export class RatchetClient {
  readonly temporal: Client;
  private readonly taskQueue: string;
  private readonly timeoutMs: number;

  constructor(options: RatchetClientOptions) {
    this.temporal = options.client;
    this.taskQueue = options.taskQueue ?? TASK_QUEUE;
    this.timeoutMs = options.timeoutMs ?? 30_000;
  }

  /** Connects first. Close with {@link close}. */
  static async connect(options: ConnectOptions = {}): Promise<RatchetClient> {
    const { address = DEFAULT_ADDRESS, namespace = DEFAULT_NAMESPACE, connection: more, ...rest } = options;
    const connection = await calling(`reach Temporal at ${address}`, () => Connection.connect({ ...more, address }));
    return new RatchetClient({ ...rest, client: new Client({ connection, namespace }) });
  }

  /** Registers the search attributes that the namespace lacks; returns those that were added. */
  async ensureSearchAttributes(): Promise<readonly string[]> {
    return await ensureSearchAttributes(this.temporal.connection as Connection, this.temporal.options.namespace);
  }

  async close(): Promise<void> {
    await this.temporal.connection.close();
  }

  // ---------------------------------------------------------------- models

  /** Starts `model/<name>` and its drift Schedule; when it runs already, replaces its policy. */
  async registerModel(policyInput: unknown, by: By): Promise<Registration> {
    const policy = resolvePolicy(policyInput);
    const workflowId = modelWorkflowId(policy.model);
    const created = await calling(`register ${policy.model}`, () => this.startModel(policy, workflowId));
    if (!created) await this.setPolicy(policy.model, policy, by);
    await calling(`schedule drift checks of ${policy.model}`, () =>
      saveDriftSchedule(this.temporal, policy, this.taskQueue),
    );
    return { model: policy.model, workflowId, created, policy };
  }

  /** Replaces the policy of a running model. Refused as a whole, with every problem listed, when it is not sound. */
  async setPolicy(model: ModelName, policyInput: unknown, by: By & { readonly id?: string }): Promise<Accepted> {
    const policy = resolvePolicy(policyInput);
    if (policy.model !== model) {
      throw new RatchetError('RATCHET_INPUT_INVALID', `the policy is for ${policy.model}, expected ${model}`);
    }
    return await this.tellModel(model, 'setPolicy', { id: by.id ?? randomUUID(), ...pickBy(by), policy });
  }

  /** Stops what starts by itself; checks go on, and work by hand still starts. */
  async pauseAutomation(model: ModelName, by: By & { readonly id?: string }): Promise<Accepted> {
    return await this.tellModel(model, 'pauseAutomation', { id: by.id ?? randomUUID(), ...pickBy(by) });
  }

  async resumeAutomation(model: ModelName, by: By & { readonly id?: string }): Promise<Accepted> {
    return await this.tellModel(model, 'resumeAutomation', { id: by.id ?? randomUUID(), ...pickBy(by) });
  }

  // ---------------------------------------------------------------- work

  /** Starts a drift check now, beside the Schedule's. */
  async checkDrift(model: ModelName): Promise<StartedWorkflow<DriftCheckResult>> {
    const input = parseWorkflowInput('driftCheck', { model });
    const workflowId = `${driftWorkflowId(model)}/by-hand-${randomUUID()}`;
    return await this.startWorkflow<DriftCheckResult>('driftCheck', workflowId, input, {
      model,
      summary: `Drift check of ${model}, by hand`,
      details: `Evaluates the oldest complete window of **${model}** that was not evaluated yet.`,
    });
  }

  /** Asks `model` to retrain, even in cooldown. While one runs the wish is merged with others and kept. */
  async retrain(model: ModelName, options: RetrainOptions): Promise<Accepted> {
    const { id, ...rest } = options;
    return await this.tellModel(model, 'retrain', { id: id ?? randomUUID(), manual: true, ...rest });
  }

  /** Asks `model` to roll out a version, as its policy says: shadow test first when there is one. */
  async rollout(model: ModelName, version: ModelVersion, by: By & { readonly id?: string }): Promise<Accepted> {
    return await this.tellModel(model, 'rollout', { id: by.id ?? randomUUID(), version, ...pickBy(by) });
  }

  /** The previous champion serves again. */
  async rollback(model: ModelName, by: By & { readonly id?: string }): Promise<Accepted> {
    return await this.tellModel(model, 'rollback', { id: by.id ?? randomUUID(), ...pickBy(by) });
  }

  /** A shadow test on its own, without `model`. */
  async startShadowTest(input: Omit<RolloutInput, 'state'>): Promise<StartedWorkflow<RolloutResult>> {
    const parsed = parseWorkflowInput('shadowTest', input);
    return await this.startRollout('shadowTest', shadowWorkflowId(parsed.model, parsed.version), parsed);
  }

  /** A canary on its own, without `model`. */
  async startCanary(input: Omit<RolloutInput, 'state'>): Promise<StartedWorkflow<RolloutResult>> {
    const parsed = parseWorkflowInput('canary', input);
    return await this.startRollout('canary', canaryWorkflowId(parsed.model, parsed.version), parsed);
  }

  // ---------------------------------------------------------------- decisions

  async approve(model: ModelName, options: DecisionOptions): Promise<Accepted> {
    return await this.decide('approve', model, options);
  }
  async reject(model: ModelName, options: DecisionOptions): Promise<Accepted> {
    return await this.decide('reject', model, options);
  }
  async pause(model: ModelName, options: DecisionOptions): Promise<Accepted> {
    return await this.decide('pause', model, options);
  }
  async resume(model: ModelName, options: DecisionOptions): Promise<Accepted> {
    return await this.decide('resume', model, options);
  }
  /** Ends the present step now. */
  async promoteStep(model: ModelName, options: DecisionOptions): Promise<Accepted> {
    return await this.decide('promoteStep', model, options);
  }
  /** Skips all remaining steps; what was skipped is listed in the record. */
  async promoteFull(model: ModelName, options: DecisionOptions): Promise<Accepted> {
    return await this.decide('promoteFull', model, options);
  }
  /** Ends the rollout; the champion has full weight again. */
  async abort(model: ModelName, options: DecisionOptions): Promise<Accepted> {
    return await this.decide('abort', model, options);
  }

  /** One decision to the shadow test or canary that runs, as update (default) or signal. */
  async decide(kind: DecisionKind, model: ModelName, options: DecisionOptions): Promise<Accepted> {
    const { via = 'update', id = randomUUID(), ...rest } = options;
    const decision = parseMessage('decision', { id, ...rest });
    const doing = `${kind} version ${decision.version} of ${model}`;
    return await calling(doing, async () => {
      const workflowId = await this.rolloutOf(model, decision.version);
      const handle = this.temporal.workflow.getHandle(workflowId);
      if (via === 'signal') {
        await handle.signal(signalName(kind), decision);
        return { id, accepted: true, message: `${signalName(kind)} sent to ${workflowId}` };
      }
      return await this.withDeadline(() =>
        handle.executeUpdate<Accepted, [typeof decision]>(NAMES[kind], { args: [decision], updateId: id }),
      );
    });
  }

  // ---------------------------------------------------------------- looking

  /** Names of the models whose workflow runs, sorted; as fresh as Temporal's visibility. */
  async listModels(): Promise<readonly ModelName[]> {
    return await calling('list the models', async () => {
      const names: ModelName[] = [];
      const query = "WorkflowType = 'model' AND ExecutionStatus = 'Running'";
      for await (const { workflowId } of this.temporal.workflow.list({ query })) {
        if (workflowId.startsWith('model/')) names.push(workflowId.slice('model/'.length));
      }
      return names.sort();
    });
  }

  async status(model: ModelName): Promise<ModelView> {
    return await calling(`read the status of ${model}`, async () => {
      const status = await this.modelStatus(model);
      const { active } = status;
      if (active === null || (active.kind !== 'canary' && active.kind !== 'shadowTest')) {
        return { model: status, rollout: null };
      }
      return { model: status, rollout: await this.rolloutStatus(active.workflowId) };
    });
  }

  /** Calls back at once and whenever the status changed, until `signal` aborts. */
  async watch(model: ModelName, onChange: (view: ModelView) => void, options: WatchOptions = {}): Promise<void> {
    const { signal, everyMs = 1000 } = options;
    let last = '';
    while (signal?.aborted !== true) {
      const view = await this.status(model);
      const now = JSON.stringify(view);
      if (now !== last) onChange(view);
      last = now;
      try {
        await delay(everyMs, undefined, signal === undefined ? {} : { signal });
      } catch {
        return;
      }
    }
  }

  // ---------------------------------------------------------------- inside

  private async startModel(policy: Policy, workflowId: string): Promise<boolean> {
    try {
      await this.temporal.workflow.start('model', {
        workflowId,
        taskQueue: this.taskQueue,
        args: [{ model: policy.model, policy }],
        workflowIdConflictPolicy: 'FAIL',
        typedSearchAttributes: startAttributes(policy.model),
        staticSummary: `Model ${policy.model}`,
        staticDetails: `Keeps **${policy.model}** (${policy.task}, ${policy.features.length} features, preset ${policy.preset}) good.`,
        memo: { schedule: driftScheduleId(policy.model), preset: policy.preset },
      });
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  }

  private async startRollout(
    type: 'canary' | 'shadowTest',
    workflowId: string,
    input: RolloutInput,
  ): Promise<StartedWorkflow<RolloutResult>> {
    const { model, version } = input;
    const what = type === 'canary' ? 'Canary' : 'Shadow test';
    return await this.startWorkflow<RolloutResult>(type, workflowId, input, {
      model,
      version,
      summary: `${what} of ${model} version ${version}`,
      details: `Asked for by **${input.actor}**: ${input.reason}`,
    });
  }

  private async startWorkflow<R>(
    type: string,
    workflowId: string,
    input: unknown,
    shown: { readonly model: string; readonly version?: string; readonly summary: string; readonly details: string },
  ): Promise<StartedWorkflow<R>> {
    const doing = `start ${workflowId}`;
    const handle = await calling(doing, () =>
      this.temporal.workflow.start(type, {
        workflowId,
        taskQueue: this.taskQueue,
        args: [input],
        typedSearchAttributes: startAttributes(shown.model, shown.version),
        staticSummary: shown.summary.slice(0, 200),
        staticDetails: shown.details.slice(0, 10_000),
      }),
    );
    return {
      workflowId,
      runId: handle.firstExecutionRunId,
      result: async () => (await calling(`finish ${workflowId}`, () => handle.result())) as R,
    };
  }

  private async tellModel<
    K extends 'retrain' | 'rollout' | 'rollback' | 'setPolicy' | 'pauseAutomation' | 'resumeAutomation',
  >(
    model: ModelName,
    name: K,
    payload: { readonly id: string } & Readonly<Record<string, unknown>>,
  ): Promise<Accepted> {
    const message = parseMessage(name, payload);
    return await calling(`${name} ${model}`, () =>
      asModel(model, () =>
        this.withDeadline(() =>
          this.temporal.workflow
            .getHandle(modelWorkflowId(model))
            .executeUpdate<Accepted, [typeof message]>(NAMES[name], { args: [message], updateId: message.id }),
        ),
      ),
    );
  }

  private async modelStatus(model: ModelName): Promise<ModelStatus> {
    return await asModel(model, () =>
      this.withDeadline(() =>
        this.temporal.workflow.getHandle(modelWorkflowId(model)).query<ModelStatus>(NAMES.status),
      ),
    );
  }

  /** null when it ended between the two questions. */
  private async rolloutStatus(workflowId: string): Promise<RolloutStatus | null> {
    try {
      return await this.withDeadline(() =>
        this.temporal.workflow.getHandle(workflowId).query<RolloutStatus>(NAMES.status),
      );
    } catch (error) {
      if (toRatchetError(error, 'read a status').code === 'RATCHET_WORKFLOW_NOT_FOUND') return null;
      throw error;
    }
  }

  /** The rollout that takes messages: what `model` says runs, else one that was started alone. */
  private async rolloutOf(model: ModelName, version: ModelVersion): Promise<string> {
    const active = await this.activeOf(model);
    if (active !== null) return active;
    for (const workflowId of [canaryWorkflowId(model, version), shadowWorkflowId(model, version)]) {
      if (await this.isRunning(workflowId)) return workflowId;
    }
    throw new RatchetError('RATCHET_WORKFLOW_NOT_FOUND', `no rollout of ${model} runs`, {
      hint: `See \`ratchet status ${model}\` for what runs.`,
    });
  }

  private async activeOf(model: ModelName): Promise<string | null> {
    try {
      const { active } = await this.modelStatus(model);
      return active !== null && (active.kind === 'canary' || active.kind === 'shadowTest') ? active.workflowId : null;
    } catch (error) {
      const known = toRatchetError(error, `read the status of ${model}`);
      // No entity: a team that runs rollouts alone. No worker: a signal can still be delivered to a known id.
      if (known.code === 'RATCHET_WORKFLOW_NOT_FOUND' || known.code === 'RATCHET_TEMPORAL_UNAVAILABLE') return null;
      throw known;
    }
  }

  private async isRunning(workflowId: string): Promise<boolean> {
    try {
      const { status } = await this.temporal.workflow.getHandle(workflowId).describe();
      return status.name === 'RUNNING';
    } catch (error) {
      if (toRatchetError(error, `describe ${workflowId}`).code === 'RATCHET_WORKFLOW_NOT_FOUND') return false;
      throw error;
    }
  }

  private async withDeadline<T>(call: () => Promise<T>): Promise<T> {
    return await this.temporal.withDeadline(Date.now() + this.timeoutMs, call);
  }
}

const pickBy = ({ actor, reason }: By): By => ({ actor, reason });

/** How long a model that was registered a moment ago is given to load its policy, and how often it is asked. */
const STARTS_WITHIN_MS = 10_000;
const ASK_EVERY_MS = 200;

/**
 * Asks the workflow of a model. One that does not run is not registered: that is what the caller must be told. One that
 * still loads its policy is asked again.
 */
async function asModel<T>(model: ModelName, call: () => Promise<T>): Promise<T> {
  for (let waited = 0; ; waited += ASK_EVERY_MS) {
    try {
      return await call();
    } catch (error) {
      const { code, message } = toRatchetError(error, 'ask');
      if (code === 'RATCHET_WORKFLOW_NOT_FOUND') throw notRegistered(model, error);
      if (!/the model is still starting/.test(message) || waited >= STARTS_WITHIN_MS) throw error;
      await delay(ASK_EVERY_MS);
    }
  }
}

const notRegistered = (model: ModelName, cause: unknown): RatchetError =>
  new RatchetError(
    'RATCHET_WORKFLOW_NOT_FOUND',
    `no model "${model}" is registered: ${modelWorkflowId(model)} does not run`,
    { hint: '`ratchet status` lists the models, `ratchet apply <policy>` registers one.', cause },
  );
