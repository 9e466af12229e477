import { isRatchetError, RatchetError } from '../../core/errors';
import type { EpochMs, ModelContract, ModelName, PredictionValue } from '../../core/model';
import type { Arm, Clock, Logger, PredictionLog, PredictionRecord } from '../../core/ports';
import type { GatewayMetrics } from '../metrics';
import { makePredictionId } from '../prediction-id';
import type { PredictionRequest } from '../protocol/prediction-request';
import { isCanary, isShadowed, type Assignment, type Serving } from '../routing/assignment';
import type { Answer } from './answer';
import { toRecord, type RequestContext, type RowContext } from './prediction-rows';
import { runArm, type RowOutcome } from './run-arm';
import type { ShadowQueue, ShadowRow } from './shadow-queue';

export type Decode = (contract: ModelContract, now: EpochMs) => PredictionRequest;

export interface Prediction {
  readonly answer: Answer;
  /** To be called when the answer was written: hands the copies to the shadow. */
  readonly afterAnswer: () => void;
}

export interface PredictorOptions {
  /** Longest inference of an arm, milliseconds. A canary beyond it is answered by the champion. */
  readonly inferenceTimeoutMs: number;
  /** Most rows in flight; beyond it RATCHET_OVERLOADED. */
  readonly maxInFlightRows: number;
}

interface ServedRow {
  readonly arm: Arm;
  readonly value: PredictionValue;
}

/** From a decoded request to a logged answer: assignment, inference, the champion's rescue of a failed canary, the log. */
export class Predictor {
  inFlightRows = 0;

  constructor(
    private readonly assignment: Assignment,
    private readonly logOf: (model: ModelName) => PredictionLog,
    private readonly shadows: ShadowQueue,
    private readonly metrics: GatewayMetrics,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly options: PredictorOptions,
  ) {}

  /** Rejects with RATCHET_MODEL_UNKNOWN, _VERSION_NOT_LOADED, _OVERLOADED, _REQUEST_*, _FEATURE_*, _INFERENCE_FAILED, _LOG_FULL. */
  async predict(model: ModelName, decode: Decode): Promise<Prediction> {
    const serving = this.serving(model);
    const receivedAt = Math.floor(this.clock.now());
    const request = decode(serving.champion.slot.contract, receivedAt);
    const { rows } = request.features;
    this.admit(rows);
    this.inFlightRows += rows;
    try {
      return await this.answer(model, serving, request, receivedAt);
    } finally {
      this.inFlightRows -= rows;
    }
  }

  private serving(model: ModelName): Serving {
    const serving = this.assignment.serving(model);
    if (serving === undefined) throw new RatchetError('RATCHET_MODEL_UNKNOWN', `No model ${model} is routed here.`);
    if (serving === null) {
      throw new RatchetError('RATCHET_VERSION_NOT_LOADED', `No version of model ${model} is loaded on this gateway.`);
    }
    return serving;
  }

  private admit(rows: number): void {
    const { maxInFlightRows } = this.options;
    if (rows > maxInFlightRows) {
      throw new RatchetError('RATCHET_REQUEST_TOO_LARGE', `The request has ${rows} rows; at most ${maxInFlightRows}.`);
    }
    if (this.inFlightRows + rows > maxInFlightRows) {
      throw new RatchetError('RATCHET_OVERLOADED', `${this.inFlightRows} of ${maxInFlightRows} rows are in flight.`);
    }
  }

  private async answer(
    model: ModelName,
    serving: Serving,
    request: PredictionRequest,
    receivedAt: EpochMs,
  ): Promise<Prediction> {
    const { champion, canary, shadow, live } = serving;
    const { features } = request;
    const { contract } = champion.slot;
    const indices = Array.from({ length: features.rows }, (_, i) => i);
    const ids = indices.map(() => makePredictionId(receivedAt));
    const keyOf = (i: number): string => request.keys[i] ?? (ids[i] as string);
    const toCanary = new Set(
      canary === null ? [] : indices.filter((i) => isCanary(live.route.salt, keyOf(i), canary.as.weight)),
    );

    const outcomes = await this.runArms(serving, request, indices, toCanary);
    const context: RequestContext = { model, contract, features, receivedAt, generation: live.route.generation };
    const run = { run: canary?.as.run ?? shadow?.as.run ?? null };
    const rollout = { ...run, step: canary?.as.step ?? null, weight: canary?.as.weight ?? null };
    const rowOf = (i: number, arm: Arm, version: string): RowContext => ({
      id: ids[i] as string,
      pairId: null,
      version,
      arm,
      occurredAt: request.occurredAt[i] ?? receivedAt,
      key: request.keys[i] ?? null,
      ...rollout,
    });

    const records: PredictionRecord[] = [];
    const served: ServedRow[] = [];
    let broken: RatchetError | null = null;
    for (const i of indices) {
      const tried = canary !== null && toCanary.has(i) ? outcomes.canary.get(i) : undefined;
      if (tried !== undefined && canary !== null) {
        records.push(toRecord(context, rowOf(i, 'canary', canary.version), i, tried));
        if ('value' in tried) {
          served.push({ arm: 'canary', value: tried.value });
          continue;
        }
      }
      const answered = outcomes.champion.get(i) as RowOutcome;
      // For a failed canary's row too, under the same id: readers know by it that this was no exposure of the champion.
      records.push(toRecord(context, rowOf(i, 'champion', champion.version), i, answered));
      if ('value' in answered) served.push({ arm: 'champion', value: answered.value });
      else broken ??= answered.fault;
    }

    this.countRows(model, records);
    if (broken !== null) {
      await this.logFaults(model, records);
      throw broken;
    }
    await this.logOf(model).append(records);

    const arms = served.map((row) => row.arm);
    const answer: Answer = {
      contract,
      values: served.map((row) => row.value),
      ids,
      versions: arms.map((arm) => (arm === 'canary' ? (canary?.version ?? champion.version) : champion.version)),
      arms,
      champion: champion.version,
      generation: live.route.generation,
    };
    return { answer, afterAnswer: () => this.copyToShadow(serving, context, answer, rowOf) };
  }

  private async runArms(
    { champion, canary }: Serving,
    { features }: PredictionRequest,
    indices: readonly number[],
    toCanary: ReadonlySet<number>,
  ): Promise<{ readonly champion: Map<number, RowOutcome>; readonly canary: Map<number, RowOutcome> }> {
    const timeoutMs = this.options.inferenceTimeoutMs;
    const run = async (slot: typeof champion.slot, rows: readonly number[]): Promise<Map<number, RowOutcome>> => {
      if (rows.length === 0) return new Map();
      const outcomes = await runArm(slot, features, rows, { timeoutMs });
      return new Map(rows.map((row, k) => [row, outcomes[k] as RowOutcome]));
    };
    const [onChampion, onCanary] = await Promise.all([
      run(
        champion.slot,
        indices.filter((i) => !toCanary.has(i)),
      ),
      canary === null ? new Map<number, RowOutcome>() : run(canary.slot, [...toCanary]),
    ]);
    const failed = [...onCanary].filter(([, outcome]) => 'fault' in outcome).map(([i]) => i);
    for (const [i, outcome] of await run(champion.slot, failed)) onChampion.set(i, outcome);
    return { champion: onChampion, canary: onCanary };
  }

  private countRows(model: ModelName, records: readonly PredictionRecord[]): void {
    for (const { version, arm, error, id } of records) {
      if (error === null) this.metrics.predictions.add({ model, version, arm });
      else {
        this.metrics.failures.add({ model, version, arm });
        this.logger.warn('inference failed', { model, version, arm, id, code: error });
        if (arm === 'canary') this.metrics.fallbacks.add({ model, version });
      }
    }
  }

  /** The client gets the fault, not a log's trouble; the error guardrails need the rows that failed. */
  private async logFaults(model: ModelName, records: readonly PredictionRecord[]): Promise<void> {
    try {
      await this.logOf(model).append(records.filter((record) => record.error !== null));
    } catch (error) {
      this.logger.warn('failed rows could not be logged', {
        model,
        error: isRatchetError(error) ? error.code : String(error),
      });
    }
  }

  private copyToShadow(
    { shadow, live }: Serving,
    request: RequestContext,
    answer: Answer,
    rowOf: (i: number, arm: Arm, version: string) => RowContext,
  ): void {
    if (shadow === null) return;
    const rows: ShadowRow[] = [];
    answer.ids.forEach((id, index) => {
      // a pair of a version with itself proves nothing
      if (answer.versions[index] === shadow.version) return;
      if (!isShadowed(live.route.salt, id, shadow.as.share)) return;
      const { occurredAt, key } = rowOf(index, 'shadow', shadow.version);
      rows.push({ request, index, slot: shadow.slot, shadow: shadow.as, served: { id, occurredAt, key } });
    });
    if (rows.length > 0) this.shadows.offer(rows);
  }
}
