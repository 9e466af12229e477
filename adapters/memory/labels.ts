import type { LabelInput, LabelOutcome, LabelStore } from '../../core/ports';
import type { MemoryDatabase } from './database';

export class MemoryLabelStore implements LabelStore {
  constructor(private readonly db: MemoryDatabase) {}

  async saveLabels(
    model: string,
    labels: readonly LabelInput[],
    pendingGraceMs: number,
  ): Promise<readonly LabelOutcome[]> {
    return labels.map((label) => this.save(model, label, pendingGraceMs));
  }

  private save(model: string, label: LabelInput, pendingGraceMs: number): LabelOutcome {
    const predictionId = label.predictionId.toLowerCase();
    const known = this.db.predictions.some((p) => p.model === model && p.id.toLowerCase() === predictionId);
    const made = timeOfUuidV7(predictionId);
    const mayBeOnItsWay = made !== null && Math.abs(this.db.clock.now() - made) <= pendingGraceMs;
    if (!known && !mayBeOnItsWay) return 'unknown';
    const there = this.db.labels.get(`${model}/${predictionId}`);
    if (there?.value === label.value) return 'duplicate';
    if (there !== undefined && label.correction !== true) return 'conflict';
    if (there !== undefined) this.db.labelHistory.push({ ...there, model, predictionId });
    // A correction keeps the place of the first value in the order of arrival.
    const seq = there?.seq ?? this.db.nextLabelSeq();
    const { value, observedAt } = label;
    this.db.labels.set(`${model}/${predictionId}`, { value, observedAt, seq, receivedAt: this.db.clock.now() });
    return there === undefined ? 'accepted' : 'corrected';
  }
}

function timeOfUuidV7(id: string): number | null {
  const match = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/.exec(id);
  return match === null ? null : parseInt(`${match[1]}${match[2]}`, 16);
}
