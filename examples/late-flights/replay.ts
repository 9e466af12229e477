import { setTimeout as delay } from 'node:timers/promises';
import type { EpochMs } from '../../core/model';
import { type DueLabel, DueLabels } from './due-labels';
import { flightBatches } from './flight-batches';
import type { FlightAnswer, LabelsAnswer } from './flight-gateway';
import type { Flight, FlightSource } from './warehouse';

const MINUTE_MS = 60_000;
const LABELS_A_REQUEST = 1_000;
/** Labels are looked through each time the clock has moved this far (event time). */
const LABEL_SWEEP_MS = 10 * MINUTE_MS;
/** How often labels that could not be sent are sent again at the end of a stretch. */
const DRAIN_ATTEMPTS = 5;
/** A label whose prediction the gateway still does not know after so many requests counts as refused. */
const LABEL_ATTEMPTS = 20;

/** What a replay talks to; {@link FlightGateway} is one. */
export interface ReplayTarget {
  predict(flights: readonly Flight[]): Promise<readonly FlightAnswer[]>;
  label(labels: readonly DueLabel[]): Promise<LabelsAnswer>;
}

export interface ReplayerOptions {
  readonly source: FlightSource;
  readonly gateway: ReplayTarget;
  /** Flights a second, in real time; more than 0. `Infinity`: as fast as the gateway answers. */
  readonly rowsPerSecond: number;
  /** Flights a request at most. Default 32. */
  readonly maxRowsARequest?: number;
  /** Flights that push back further apart than this do not share a request. Default 1 minute of event time. */
  readonly maxSpanMs?: number;
  /** Requests under way at once. Default 8. */
  readonly concurrency?: number;
  /** Labels that could not be sent at the end of a stretch are sent again after this long (ms), and a bit more each time. Default 200. */
  readonly labelRetryMs?: number;
  /** Changes a flight before it is sent. */
  readonly transform?: (flight: Flight) => Flight;
  /** Sees every answer as it comes. */
  readonly onAnswers?: (answers: readonly FlightAnswer[]) => void;
  /** Sees why a request failed. */
  readonly onFailure?: (error: unknown) => void;
}

export interface ReplayCounts {
  /** Flights sent, answered or not. */
  readonly sent: number;
  readonly answered: number;
  /** Flights of requests that failed. */
  readonly failed: number;
  /** Labels the gateway took. */
  readonly labels: number;
  /** Labels the gateway refused one by one, or whose predictions it never knew. */
  readonly labelsRefused: number;
  /** Labels that wait for their time. */
  readonly labelsWaiting: number;
}

/**
 * Sends the flights of a stretch of event time through a gateway, in their true order at an accelerated rate, and each
 * label once the replay's clock has passed the moment it became known. Stretches may follow each other: labels still
 * waiting are carried over.
 */
export class Replayer {
  private readonly due = new DueLabels();
  private readonly totals = { sent: 0, answered: 0, failed: 0, labels: 0, labelsRefused: 0 };
  private clockMs = Number.NEGATIVE_INFINITY;
  private sweptMs = Number.NEGATIVE_INFINITY;
  private rate: number;
  private isStopped = false;
  private paused: { readonly resumed: Promise<void>; readonly resume: () => void } | undefined;
  /** The pacing's origin, moved when the rate changes or a pause ends: real time, and flights since. */
  private pace = { begun: performance.now(), rows: 0 };

  constructor(private readonly options: ReplayerOptions) {
    this.rate = positive(options.rowsPerSecond);
  }

  /** The replay's event time: no flight after it was sent, no label known after it. -Infinity before the first flight. */
  get clock(): EpochMs {
    return this.clockMs;
  }

  get counts(): ReplayCounts {
    return { ...this.totals, labelsWaiting: this.due.size };
  }

  get isPaused(): boolean {
    return this.paused !== undefined;
  }

  /** Sends no more flights until {@link resume}; requests under way are answered. */
  pause(): void {
    if (this.paused !== undefined) return;
    let resume: () => void = () => undefined;
    const resumed = new Promise<void>((resolve) => (resume = resolve));
    this.paused = { resumed, resume };
  }

  resume(): void {
    this.paused?.resume();
    this.paused = undefined;
    this.restartPace();
  }

  /** Flights a second from now on, more than 0. */
  setRate(rowsPerSecond: number): void {
    this.rate = positive(rowsPerSecond);
    this.restartPace();
  }

  /** Ends the run under way after the requests that were sent; a stopped replayer can run again. */
  stop(): void {
    this.isStopped = true;
    this.resume();
  }

  /**
   * Sends the flights of [from, to); resolves when all are answered (or failed), the clock stands at `to`, and the labels
   * known by then are sent. One run at a time.
   */
  async run(from: EpochMs, to: EpochMs): Promise<ReplayCounts> {
    this.isStopped = false;
    this.restartPace();
    const underWay = new Set<Promise<void>>();
    const { maxRowsARequest = 32, maxSpanMs = MINUTE_MS, concurrency = 8 } = this.options;
    const batches = flightBatches(this.options.source, from, to, { maxRows: maxRowsARequest, maxSpanMs });
    for await (const batch of batches) {
      await this.awaitTurn(batch.length);
      if (this.isStopped) break;
      while (underWay.size >= concurrency) await Promise.race(underWay);
      this.clockMs = Math.max(this.clockMs, (batch.at(-1) as Flight).eventTime);
      const request = this.send(batch).finally(() => underWay.delete(request));
      underWay.add(request);
      if (this.clockMs - this.sweptMs >= LABEL_SWEEP_MS) await this.sendDueLabels(this.clockMs);
    }
    await Promise.all(underWay);
    if (!this.isStopped) this.clockMs = Math.max(this.clockMs, to);
    await this.drainLabels();
    return this.counts;
  }

  /** Moves the clock to `clock` without traffic, and sends the labels known by then: nights pass, labels come. */
  async advanceTo(clock: EpochMs): Promise<ReplayCounts> {
    this.clockMs = Math.max(this.clockMs, clock);
    await this.drainLabels();
    return this.counts;
  }

  private async send(batch: readonly Flight[]): Promise<void> {
    const { transform, gateway, onAnswers, onFailure } = this.options;
    this.totals.sent += batch.length;
    try {
      const answers = await gateway.predict(transform === undefined ? batch : batch.map(transform));
      this.totals.answered += answers.length;
      for (const { flight, predictionId } of answers) this.due.add(flight, predictionId);
      onAnswers?.(answers);
    } catch (error) {
      this.totals.failed += batch.length;
      onFailure?.(error);
    }
  }

  /** Sends what is due; what cannot be sent waits for the next sweep. Returns whether all could. */
  private async sendDueLabels(clock: EpochMs): Promise<boolean> {
    this.sweptMs = clock;
    const labels = this.due.take(clock);
    let isComplete = true;
    for (let at = 0; at < labels.length; at += LABELS_A_REQUEST) {
      const some = labels.slice(at, at + LABELS_A_REQUEST);
      try {
        const { taken, unknown } = await this.options.gateway.label(some);
        const again = unknown.filter((label) => label.attempts < LABEL_ATTEMPTS);
        this.totals.labels += taken;
        this.totals.labelsRefused += some.length - taken - again.length;
        this.due.giveBack(again.map((label) => ({ ...label, attempts: label.attempts + 1 })));
        isComplete &&= again.length === 0;
      } catch (error) {
        this.due.giveBack(labels.slice(at));
        this.options.onFailure?.(error);
        return false;
      }
    }
    return isComplete;
  }

  private async drainLabels(): Promise<void> {
    for (let attempt = 1; !(await this.sendDueLabels(this.clockMs)); attempt += 1) {
      if (attempt >= DRAIN_ATTEMPTS || this.isStopped) return;
      await delay((this.options.labelRetryMs ?? 200) * attempt);
    }
  }

  /** Waits until the rate allows `rows` more flights, and while paused. */
  private async awaitTurn(rows: number): Promise<void> {
    do {
      if (this.paused !== undefined) await this.paused.resumed;
      const wait = this.pace.begun + (this.pace.rows / this.rate) * 1_000 - performance.now();
      // short naps, so that a new rate, a pause or a stop takes effect at once
      if (wait > 0) await delay(Math.min(wait, 100));
      else if (this.paused === undefined) break;
    } while (!this.isStopped);
    this.pace.rows += rows;
  }

  private restartPace(): void {
    this.pace = { begun: performance.now(), rows: 0 };
  }
}

function positive(rowsPerSecond: number): number {
  if (rowsPerSecond > 0) return rowsPerSecond;
  throw new RangeError(`rowsPerSecond is ${rowsPerSecond}; it must be more than 0`);
}
