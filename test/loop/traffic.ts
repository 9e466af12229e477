import { setTimeout as delay } from 'node:timers/promises';
import type { EpochMs, FeatureSpec, FeatureValue, ModelName } from '../../core/model';

/** One request with the answer that life gives later. */
export interface TrafficRow {
  readonly key: string;
  readonly features: Readonly<Record<string, FeatureValue>>;
  readonly truth: string;
}

export interface Answer {
  readonly id: string;
  readonly key: string;
  readonly version: string;
  readonly arm: string;
  /** Real time at which its request was sent, and at which the answer was there; epoch milliseconds. */
  readonly askedAt: number;
  readonly at: number;
}

export interface TrafficOptions {
  readonly url: string;
  readonly model: ModelName;
  readonly features: readonly FeatureSpec[];
  /** Row number `n` of the stream, at its event time. */
  readonly row: (n: number, at: EpochMs) => TrafficRow;
  /** Event time of the first row, and milliseconds from one row to the next. */
  readonly from: EpochMs;
  readonly stepMs: number;
  /** Rows of one request. Default 12. */
  readonly batch?: number;
}

/** A team's own service: asks for predictions in event-time order, and sends each batch's labels right after it. */
export class Traffic {
  readonly answers: Answer[] = [];
  readonly failures: unknown[] = [];
  private sent = 0;
  private streaming: Promise<void> | null = null;
  private stopped = false;

  constructor(private readonly options: TrafficOptions) {}

  /** Event time of the next row. */
  get clock(): EpochMs {
    return this.options.from + this.sent * this.options.stepMs;
  }

  /** Sends this many rows, one batch after the other. Rejects when a request fails. */
  async send(rows: number): Promise<void> {
    const end = this.sent + rows;
    while (this.sent < end) await this.sendBatch(Math.min(this.options.batch ?? 12, end - this.sent));
  }

  /** Sends batches until {@link stop}, with a pause after each; failures are kept, not thrown. */
  start(pauseMs = 40): void {
    this.stopped = false;
    this.streaming = (async () => {
      while (!this.stopped) {
        await this.sendBatch(this.options.batch ?? 12).catch((error: unknown) => this.failures.push(error));
        await delay(pauseMs);
      }
    })();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.streaming;
    this.streaming = null;
  }

  private async sendBatch(rows: number): Promise<void> {
    const { features, row, stepMs, from } = this.options;
    const first = this.sent;
    this.sent += rows;
    const times = Array.from({ length: rows }, (_, i) => from + (first + i) * stepMs);
    const batch = times.map((at, i) => row(first + i, at));
    const askedAt = Date.now();
    const answer = (await this.post('infer', {
      inputs: features.map(({ name, kind }) => ({
        name,
        shape: [rows],
        datatype: kind === 'number' ? 'FP64' : 'BYTES',
        data: batch.map((r) => r.features[name] ?? null),
      })),
      parameters: { keys: batch.map((r) => r.key), occurred_at: times.map((at) => new Date(at).toISOString()) },
    })) as { parameters: { prediction_ids: string[]; versions: string[]; arms: string[] } };
    const { prediction_ids: ids, versions, arms } = answer.parameters;
    const at = Date.now();
    batch.forEach(({ key }, i) => {
      this.answers.push({ id: text(ids[i]), key, version: text(versions[i]), arm: text(arms[i]), askedAt, at });
    });
    await this.post('labels', {
      labels: batch.map(({ truth }, i) => ({
        prediction_id: ids[i],
        value: truth,
        observed_at: new Date((times[i] as number) + stepMs).toISOString(),
      })),
    });
  }

  private async post(action: 'infer' | 'labels', body: unknown): Promise<unknown> {
    const response = await fetch(`${this.options.url}/v2/models/${this.options.model}/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${action} answered ${response.status}: ${answer.slice(0, 300)}`);
    return JSON.parse(answer);
  }
}

function text(value: string | undefined): string {
  if (value === undefined) throw new Error('the gateway answered fewer rows than it was asked for');
  return value;
}
