import { oldestOpenWindow } from '../../core/drift/window-grid';
import type { EvaluationRecord, EvaluationStore, NewestEvaluation } from '../../core/ports';
import type { MemoryDatabase } from './database';

export class MemoryEvaluationStore implements EvaluationStore {
  constructor(private readonly db: MemoryDatabase) {}

  async nextWindow(
    model: string,
    version: string,
    grid: { readonly anchor: number; readonly windowMs: number },
    firstStart: number,
    watermark: number,
  ): Promise<{ readonly start: number; readonly end: number } | null> {
    const done = this.db.evaluations.filter((e) => e.model === model && e.version === version);
    return oldestOpenWindow(grid, firstStart, watermark, new Set(done.map((e) => e.windowStart)));
  }

  async saveEvaluation(record: EvaluationRecord): Promise<EvaluationRecord> {
    const { revision, ...fields } = record;
    const saved: EvaluationRecord = revision === undefined || revision === 1 ? fields : record;
    const there = this.db.evaluations.find((e) => isSameWindow(e, saved) && revisionOf(e) === revisionOf(saved));
    if (there === undefined) this.db.evaluations.push(structuredClone(saved));
    return structuredClone(there ?? saved);
  }

  async listEvaluations(model: string): Promise<readonly EvaluationRecord[]> {
    return this.latest(model)
      .sort((a, b) => a.windowStart - b.windowStart || a.at - b.at)
      .map((e) => structuredClone(e));
  }

  async nextRecomputation(
    model: string,
    version: string,
    endedAfter: number,
  ): Promise<{ readonly start: number; readonly end: number; readonly revision: number } | null> {
    const served = this.db.predictions.filter((p) => p.model === model && p.version === version && p.arm !== 'shadow');
    const hasNewLabels = (e: EvaluationRecord): boolean =>
      served.some(
        (p) =>
          p.occurredAt >= e.windowStart &&
          p.occurredAt < e.windowEnd &&
          (this.db.labels.get(`${model}/${p.id.toLowerCase()}`)?.receivedAt ?? -Infinity) > e.at,
      );
    const changed = this.latest(model)
      .filter((e) => e.version === version && e.windowEnd > endedAfter && hasNewLabels(e))
      .sort((a, b) => a.windowStart - b.windowStart)[0];
    if (changed === undefined) return null;
    return { start: changed.windowStart, end: changed.windowEnd, revision: revisionOf(changed) + 1 };
  }

  async newestEvaluations(): Promise<readonly NewestEvaluation[]> {
    const models = [...new Set(this.db.evaluations.map((e) => e.model))].sort();
    return models.map((model) => {
      const all = this.latest(model).sort((a, b) => b.windowEnd - a.windowEnd || b.at - a.at);
      const newest = all[0]!;
      const judged = all.filter((e) => e.version === newest.version && e.report.judged !== false);
      const pass = judged.findIndex((e) => !e.report.breached);
      return { ...structuredClone(newest), consecutiveBreaches: pass < 0 ? judged.length : pass };
    });
  }

  /** The latest revision of each window. */
  private latest(model: string): EvaluationRecord[] {
    const all = this.db.evaluations.filter((e) => e.model === model);
    return all.filter((e) => !all.some((other) => isSameWindow(other, e) && revisionOf(other) > revisionOf(e)));
  }
}

const revisionOf = (record: EvaluationRecord): number => record.revision ?? 1;

const isSameWindow = (a: EvaluationRecord, b: EvaluationRecord): boolean =>
  a.model === b.model && a.version === b.version && a.windowStart === b.windowStart;
