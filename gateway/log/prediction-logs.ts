import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelName } from '../../core/model';
import type { ServingPolicy } from '../../core/policy';
import type { Logger, PredictionRecord, PredictionSink } from '../../core/ports';
import { SegmentPredictionLog, type PredictionLogStats } from './segment-prediction-log';

/** One log a model, because mode and bound are its policy's. Opens what former processes left, so that it is drained. */
export class PredictionLogs {
  private readonly logs = new Map<ModelName, SegmentPredictionLog>();

  constructor(
    private readonly folder: string,
    private readonly sink: PredictionSink,
    private readonly logger: Logger,
    private readonly fallback: ServingPolicy,
  ) {}

  /** Opens the logs of folders left behind. */
  recover(): void {
    if (!existsSync(this.folder)) return;
    for (const entry of readdirSync(this.folder, { withFileTypes: true })) {
      if (entry.isDirectory()) this.of(entry.name);
    }
  }

  of(model: ModelName): SegmentPredictionLog {
    let log = this.logs.get(model);
    if (log === undefined) {
      log = new SegmentPredictionLog({
        folder: join(this.folder, model),
        serving: this.fallback,
        sink: this.sink,
        logger: this.logger,
      });
      this.logs.set(model, log);
    }
    return log;
  }

  /**
   * Appends rows that somebody else will not send again: on the disk when it resolves, refused rather than shed when the log is
   * full, whatever the policy says of answers made here.
   */
  async keepSafely(model: ModelName, serving: ServingPolicy, rows: readonly PredictionRecord[]): Promise<void> {
    const log = this.of(model);
    log.reconfigure({ ...serving, log: serving.log === 'durable' ? 'durable' : 'os', onLogFull: 'refuse' });
    await log.append(rows);
  }

  stats(): readonly (readonly [ModelName, PredictionLogStats])[] {
    return [...this.logs].map(([model, log]) => [model, log.stats()] as const);
  }

  async close(flushMs: number): Promise<void> {
    await Promise.all(
      [...this.logs.values()].map(async (log) => {
        await log.flush(flushMs);
        await log.close();
      }),
    );
  }
}
