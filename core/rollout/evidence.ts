/**
 * Evidence of a rollout as counts: all that is needed to recompute its verdict (I5). Read from the prediction log,
 * judged by the pure functions of this folder.
 */
import type { EpochMs } from '../model';

/** Rows received within the same turn of this length count as answered together, milliseconds. */
export const LATENCY_TURN_MS = 10;

export type GuardrailEvent = 'error' | 'slow' | 'wrong';

/**
 * One segment: an interval of constant weight. Units are keys, each counted once a run (at most one event of a kind a
 * key and run, credited to the arm and segment where it happened first; rollout.md §3.3 "unit rule").
 */
export interface Segment {
  /** 0-based step of the rollout. */
  readonly step: number;
  /** Share of the candidate, basis points. */
  readonly weight: number;
  readonly candidate: ArmCounts;
  readonly champion: ArmCounts;
}

export interface ArmCounts {
  /** Distinct keys at their first exposure in this run. */
  readonly keys: number;
  readonly requests: number;
  readonly errors: number;
  /**
   * Slow answers. Rows that are answered together share one run of the model and are slow together, so only the first row
   * of each {@link LATENCY_TURN_MS} is looked at: its arm was drawn by its own key, which is what the e-process needs.
   */
  readonly slow: number;
  /** Wrong answers among matured labels, and how many were labelled and mature. */
  readonly wrong: number;
  readonly labelled: number;
}

/** A pair of answers to the same request, with its label. In label-arrival order. */
export interface PairedRow {
  readonly championScore: number;
  readonly championLabel: string | null;
  readonly candidateScore: number;
  readonly candidateLabel: string | null;
  /** Class name, or the number as text for regression. */
  readonly truth: string;
  readonly occurredAt: EpochMs;
}

/**
 * `error` of a shadow row whose copy was dropped under load: the gateway logs such a row (no score), so that the drops
 * are counted with the run they belong to.
 */
export const SHADOW_DROPPED = 'RATCHET_OVERLOADED';

export interface ShadowCounts {
  readonly requests: number;
  readonly errors: number;
  /** Dropped under load: the achieved share is requests / (requests + dropped). */
  readonly dropped: number;
  /** Pairs whose labels differ. */
  readonly disagreements: number;
}
