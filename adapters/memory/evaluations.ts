import { oldestOpenWindow } from '../../core/drift/window-grid';
import type { EvaluationRecord, EvaluationStore } from '../../core/ports';
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
    const { model, version, windowStart } = record;
    const there = this.db.evaluations.find(
      (e) => e.model === model && e.version === version && e.windowStart === windowStart,
    );
    if (there === undefined) this.db.evaluations.push(structuredClone(record));
    return structuredClone(there ?? record);
  }

  async listEvaluations(model: string): Promise<readonly EvaluationRecord[]> {
    return this.db.evaluations
      .filter((e) => e.model === model)
      .sort((a, b) => a.windowStart - b.windowStart || a.at - b.at)
      .map((e) => structuredClone(e));
  }
}
