import { RatchetError } from '../../core/errors';
import type { FeatureColumns, ModelName } from '../../core/model';
import type { Logger, PredictionRecord, RouteShadow } from '../../core/ports';
import { SHADOW_DROPPED } from '../../core/rollout/evidence';
import type { GatewayMetrics } from '../metrics';
import type { ModelSlot } from '../models/model-slot';
import { makePredictionId } from '../prediction-id';
import { toRecord, type RequestContext, type RowContext } from './prediction-rows';
import { runArm, type RowOutcome } from './run-arm';

/** A copied row, its features shared with the answered request. */
export interface ShadowRow {
  readonly request: RequestContext;
  readonly index: number;
  readonly slot: ModelSlot;
  readonly shadow: RouteShadow;
  readonly served: Pick<RowContext, 'id' | 'occurredAt' | 'key'>;
}

export interface ShadowQueueOptions {
  readonly capacity: number;
  readonly timeoutMs: number;
  /** Shadow is the first load to be shed: true while live traffic needs the thread. */
  readonly isBusy: () => boolean;
  readonly append: (model: ModelName, rows: readonly PredictionRecord[]) => Promise<void>;
}

const BATCH_ROWS = 64;

/**
 * Runs copies of answered rows on the shadow version, one batch at a time and only after the answers were written. What
 * does not fit is dropped, counted and logged (without features), so that a shadow test knows its
 * achieved share. A shadow that throws, hangs or answers NaN costs the queue a batch and the client nothing.
 */
export class ShadowQueue {
  private readonly waiting: ShadowRow[] = [];
  private running: Promise<void> | null = null;
  private stopped = false;
  private dropped = 0;

  constructor(
    private readonly options: ShadowQueueOptions,
    private readonly metrics: GatewayMetrics,
    private readonly logger: Logger,
  ) {}

  offer(rows: readonly ShadowRow[]): void {
    const busy = this.stopped || this.options.isBusy();
    for (const row of rows) {
      if (busy || this.waiting.length >= this.options.capacity) this.drop(row);
      else this.waiting.push(row);
    }
    if (this.running === null && this.waiting.length > 0) {
      this.running = this.drain().finally(() => {
        this.running = null;
      });
    }
  }

  stats(): { readonly waiting: number; readonly dropped: number } {
    return { waiting: this.waiting.length, dropped: this.dropped };
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const row of this.waiting.splice(0)) this.drop(row);
    await this.running;
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      const [first] = this.waiting;
      if (first === undefined) return;
      if (first.slot.released) {
        this.waiting.shift();
        this.drop(first);
        continue;
      }
      // one run takes one slot's rows
      let count = 0;
      while (count < BATCH_ROWS && this.waiting[count]?.slot === first.slot) count += 1;
      await this.runBatch(first.slot, this.waiting.splice(0, count));
    }
  }

  private async runBatch(slot: ModelSlot, rows: readonly ShadowRow[]): Promise<void> {
    const features = gather(rows);
    const outcomes = await runArm(slot, features, [...rows.keys()], { timeoutMs: this.options.timeoutMs, aside: true });
    const byModel = new Map<ModelName, PredictionRecord[]>();
    rows.forEach((row, i) => {
      const outcome = outcomes[i];
      if (outcome === undefined) return;
      this.count(row, 'value' in outcome ? 'answered' : 'failed');
      const records = byModel.get(row.request.model) ?? [];
      records.push(record(row, outcome));
      byModel.set(row.request.model, records);
    });
    for (const [model, records] of byModel) await this.append(model, records);
  }

  private drop(row: ShadowRow): void {
    this.dropped += 1;
    this.count(row, 'dropped');
    const fault = new RatchetError('RATCHET_OVERLOADED', 'Shadow copy dropped under load.');
    const dropped = { ...record(row, { fault, runUs: 0 }), error: SHADOW_DROPPED, numbers: [], strings: [] };
    void this.append(row.request.model, [dropped]);
  }

  private count({ request, shadow }: ShadowRow, outcome: string): void {
    this.metrics.shadowRows.add({ model: request.model, version: shadow.version, outcome });
  }

  private async append(model: ModelName, records: readonly PredictionRecord[]): Promise<void> {
    try {
      await this.options.append(model, records);
    } catch (error) {
      this.logger.warn('shadow rows could not be logged', { model, rows: records.length, error: String(error) });
    }
  }
}

function record(row: ShadowRow, outcome: RowOutcome): PredictionRecord {
  const context: RowContext = {
    ...row.served,
    // its own row, at the time of the request it copies: the same day's partition
    id: makePredictionId(row.request.receivedAt),
    pairId: row.served.id,
    version: row.shadow.version,
    arm: 'shadow',
    run: row.shadow.run,
    step: null,
    weight: row.shadow.share,
  };
  return toRecord(row.request, context, row.index, outcome);
}

function gather(rows: readonly ShadowRow[]): FeatureColumns {
  const columns: Record<string, (FeatureColumns['columns'][string][number] | null)[]> = {};
  for (const { name } of rows[0]?.slot.contract.features ?? []) {
    columns[name] = rows.map(({ request, index }) => request.features.columns[name]?.[index] ?? null);
  }
  return { rows: rows.length, columns };
}
