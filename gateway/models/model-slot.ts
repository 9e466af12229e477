import { RatchetError } from '../../core/errors';
import type { FeatureColumns, FeatureValue, ModelContract, PredictionValue } from '../../core/model';
import type { LoadedModel } from '../../core/ports';
import { RunLane } from './run-lane';

export interface SlotAnswer {
  readonly values: readonly PredictionValue[];
  /** Microseconds of the run that answered these rows, without the wait for it: comparable between arms. */
  readonly runUs: number;
}

/** A loaded version that takes rows. The seam behind which a slot may become a worker thread (DESIGN §8). */
export interface ModelSlot {
  readonly contract: ModelContract;
  /** Rejects with the fault of these rows alone, never of a neighbour that shared the run. */
  predict(features: FeatureColumns): Promise<SlotAnswer>;
  /** The same off the live path (shadow copies, golden rows): shares no run and holds up nobody. */
  predictAside(features: FeatureColumns): Promise<SlotAnswer>;
  /** Rows that wait or run. */
  readonly inFlightRows: number;
  /** No new rows: the version is no longer wanted. */
  readonly released: boolean;
  /** Resolves when what is in flight has ended and the model is freed. */
  release(): Promise<void>;
}

/** Rows that share one run. Beyond 32 the model gains nothing (performance.md §2a); above this an event-loop turn stalls. */
const SHARED_ROWS = 64;
/** A large batch is cut, so that it holds the event loop for some milliseconds at a time. */
const CHUNK_ROWS = 256;

interface Job {
  readonly features: FeatureColumns;
  readonly resolve: (answer: SlotAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs the model on this thread. Requests that arrive in one turn of the event loop share one run: no timer, so a lone
 * request waits for nothing.
 */
export class InlineModelSlot implements ModelSlot {
  inFlightRows = 0;
  released = false;
  private waiting: Job[] = [];
  private idle: (() => void) | null = null;

  constructor(
    readonly contract: ModelContract,
    private readonly model: LoadedModel,
    private readonly lane: RunLane = new RunLane(),
  ) {}

  predict(features: FeatureColumns): Promise<SlotAnswer> {
    return this.counted(features, () =>
      features.rows > SHARED_ROWS
        ? this.runChunks(features, (chunk) => this.lane.run(() => this.run(chunk)))
        : this.enqueue(features),
    );
  }

  predictAside(features: FeatureColumns): Promise<SlotAnswer> {
    return this.counted(features, () => this.runChunks(features, (chunk) => this.run(chunk)));
  }

  async release(): Promise<void> {
    this.released = true;
    if (this.inFlightRows > 0) {
      await new Promise<void>((resolve) => {
        this.idle = resolve;
      });
    }
    await this.model.release();
  }

  private async counted(features: FeatureColumns, work: () => Promise<SlotAnswer>): Promise<SlotAnswer> {
    this.inFlightRows += features.rows;
    try {
      return await work();
    } finally {
      this.inFlightRows -= features.rows;
      if (this.inFlightRows === 0) this.idle?.();
    }
  }

  private enqueue(features: FeatureColumns): Promise<SlotAnswer> {
    return new Promise((resolve, reject) => {
      if (this.waiting.length === 0) setImmediate(() => this.flush());
      this.waiting.push({ features, resolve, reject });
    });
  }

  private flush(): void {
    const jobs = this.waiting;
    this.waiting = [];
    let group: Job[] = [];
    let rows = 0;
    for (const job of jobs) {
      if (rows + job.features.rows > SHARED_ROWS) {
        void this.runGroup(group);
        group = [];
        rows = 0;
      }
      group.push(job);
      rows += job.features.rows;
    }
    void this.runGroup(group);
  }

  private async runGroup(jobs: readonly Job[]): Promise<void> {
    const [only] = jobs;
    if (only === undefined) return;
    const features =
      jobs.length === 1
        ? only.features
        : concatenate(
            this.contract,
            jobs.map((job) => job.features),
          );
    try {
      const { values, runUs } = await this.lane.run(() => this.run(features));
      let from = 0;
      for (const job of jobs) {
        const to = from + job.features.rows;
        job.resolve({ values: values.slice(from, to), runUs });
        from = to;
      }
    } catch (error) {
      if (jobs.length === 1) only.reject(error);
      // Somebody's rows broke the shared run: each answers for its own.
      else for (const job of jobs) await this.runGroup([job]);
    }
  }

  private async runChunks(
    features: FeatureColumns,
    run: (chunk: FeatureColumns) => Promise<SlotAnswer>,
  ): Promise<SlotAnswer> {
    const values: PredictionValue[] = [];
    let runUs = 0;
    for (let from = 0; from < features.rows; from += CHUNK_ROWS) {
      const to = Math.min(from + CHUNK_ROWS, features.rows);
      const answer = await run(slice(this.contract, features, from, to));
      values.push(...answer.values);
      runUs += answer.runUs;
      // let other requests in between
      if (to < features.rows) await new Promise((resolve) => setImmediate(resolve));
    }
    return { values, runUs };
  }

  private async run(features: FeatureColumns): Promise<SlotAnswer> {
    const asked = performance.now();
    // onnxruntime-node runs the model in a later turn of the event loop. The immediate queued before its own starts the clock
    // there: what this thread does until then (answering and logging the other arm's rows) is no time of this model.
    let prepared = asked;
    let waited = 0;
    setImmediate(() => {
      waited = performance.now() - prepared;
    });
    const answer = this.model.predict(features);
    prepared = performance.now();
    const values = await answer;
    const runMs = performance.now() - asked - waited;
    if (values.length !== features.rows) {
      throw new RatchetError(
        'RATCHET_INFERENCE_FAILED',
        `The model gave ${values.length} answers to ${features.rows} rows.`,
      );
    }
    return { values, runUs: Math.round(runMs * 1000) };
  }
}

type PickRows = (column: readonly FeatureValue[], name: string) => readonly FeatureValue[];

function mapColumns(contract: ModelContract, features: FeatureColumns, rows: number, pick: PickRows): FeatureColumns {
  const columns: Record<string, readonly FeatureValue[]> = {};
  for (const { name } of contract.features) columns[name] = pick(features.columns[name] ?? [], name);
  return { rows, columns };
}

function concatenate(contract: ModelContract, parts: readonly FeatureColumns[]): FeatureColumns {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const [first] = parts;
  if (first === undefined) return { rows: 0, columns: {} };
  return mapColumns(contract, first, rows, (_, name) => parts.flatMap((part) => part.columns[name] ?? []));
}

function slice(contract: ModelContract, features: FeatureColumns, from: number, to: number): FeatureColumns {
  return mapColumns(contract, features, to - from, (column) => column.slice(from, to));
}

/** The rows at `indices`, in that order. */
export function selectRows(
  contract: ModelContract,
  features: FeatureColumns,
  indices: readonly number[],
): FeatureColumns {
  if (indices.length === features.rows) return features;
  return mapColumns(contract, features, indices.length, (column) => indices.map((i) => column[i] ?? null));
}
