import type { EpochMs } from '../../core/model';
import type { Flight } from './warehouse';

/** A label as the gateway takes it. */
export interface DueLabel {
  readonly predictionId: string;
  readonly value: 0 | 1;
  readonly observedAt: EpochMs;
  /** How often the gateway said that it does not know the prediction (yet). */
  readonly attempts: number;
}

/** Labels that wait for the replay's clock to reach the moment they became known. */
export class DueLabels {
  private waiting: DueLabel[] = [];

  /** How many wait. */
  get size(): number {
    return this.waiting.length;
  }

  /** Remembers the label of an answered flight. A diverted flight has none, and none is remembered. */
  add(flight: Flight, predictionId: string): void {
    if (flight.labelTime === null || flight.target === null) return;
    this.waiting.push({ predictionId, value: flight.target, observedAt: flight.labelTime, attempts: 0 });
  }

  /** Takes the labels known at `clock`, the earliest known first. */
  take(clock: EpochMs): readonly DueLabel[] {
    const due = this.waiting.filter((label) => label.observedAt <= clock);
    if (due.length === 0) return due;
    this.waiting = this.waiting.filter((label) => label.observedAt > clock);
    return due.sort((a, b) => a.observedAt - b.observedAt);
  }

  /** Gives back labels that could not be sent. */
  giveBack(labels: readonly DueLabel[]): void {
    this.waiting.push(...labels);
  }
}
