import { RatchetError } from '../../core/errors';
import type { ErrorCode } from '../../core/error-codes';
import type { EpochMs } from '../../core/model';
import type { RunData, RunDraft, TrackingStore } from '../../core/ports';

type RunEnd = 'FINISHED' | 'FAILED' | 'KILLED';

/** A run as the fake holds it. */
export interface MemoryRun {
  readonly runId: string;
  readonly draft: RunDraft;
  status: 'RUNNING' | RunEnd;
  endTime: EpochMs | null;
  readonly params: Map<string, string>;
  readonly tags: Map<string, string>;
  /** Points by key; the same point again is kept once. */
  readonly metrics: Map<string, { readonly value: number; readonly timestamp: EpochMs; readonly step: number }[]>;
  readonly datasets: Map<string, NonNullable<RunData['datasets']>[number]>;
  readonly artifacts: Map<string, Uint8Array>;
}

/** TrackingStore in memory, for workflow tests; keeps the rules of MLflow that callers can run into. */
export class MemoryTrackingStore implements TrackingStore {
  /** By run id, in the order made. */
  readonly runs = new Map<string, MemoryRun>();
  private fault: ErrorCode | null = null;

  /** Every call rejects with this code until it is set to null. */
  failWith(code: ErrorCode | null): void {
    this.fault = code;
  }

  async ensureRun(
    draft: RunDraft,
  ): Promise<{ readonly runId: string; readonly experimentId: string; readonly url: string }> {
    this.check();
    const found = [...this.runs.values()].find(
      (run) => run.draft.key === draft.key && run.draft.experiment === draft.experiment,
    );
    const runId = found?.runId ?? `run-${this.runs.size + 1}`;
    if (found === undefined) this.runs.set(runId, newRun(runId, draft));
    const experimentId = draft.experiment;
    return { runId, experimentId, url: `memory://experiments/${experimentId}/runs/${runId}` };
  }

  async logRun(runId: string, data: RunData): Promise<void> {
    const run = this.run(runId);
    for (const [key, value] of Object.entries(data.params ?? {})) {
      const before = run.params.get(key);
      if (before !== undefined && before !== String(value)) {
        throw new RatchetError('RATCHET_MLFLOW_REQUEST', `param ${key} is ${before} already, cannot become ${value}`);
      }
      run.params.set(key, String(value));
    }
    for (const [key, value] of Object.entries(data.tags ?? {})) run.tags.set(key, value);
    for (const { key, value, timestamp, step = 0 } of data.metrics ?? []) {
      const points = run.metrics.get(key) ?? [];
      const there = points.some((p) => Object.is(p.value, value) && p.timestamp === timestamp && p.step === step);
      run.metrics.set(key, there ? points : [...points, { value, timestamp, step }]);
    }
    for (const dataset of data.datasets ?? []) run.datasets.set(`${dataset.name}@${dataset.digest}`, dataset);
  }

  async logArtifact(runId: string, path: string, body: Uint8Array | string): Promise<void> {
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    this.run(runId).artifacts.set(path, bytes);
  }

  async endRun(runId: string, status: RunEnd, endTime: EpochMs): Promise<void> {
    const run = this.run(runId);
    run.status = status;
    run.endTime = endTime;
  }

  private run(runId: string): MemoryRun {
    this.check();
    const run = this.runs.get(runId);
    if (run === undefined) throw new RatchetError('RATCHET_MLFLOW_REQUEST', `there is no run ${runId}`);
    return run;
  }

  private check(): void {
    if (this.fault !== null) throw new RatchetError(this.fault, `scripted fault ${this.fault}`);
  }
}

const newRun = (runId: string, draft: RunDraft): MemoryRun => ({
  runId,
  draft,
  status: 'RUNNING',
  endTime: null,
  params: new Map(),
  tags: new Map(Object.entries(draft.tags ?? {})),
  metrics: new Map(),
  datasets: new Map(),
  artifacts: new Map(),
});
