import type { InboxTrigger, TriggerInbox } from '../../core/ports';
import type { MemoryDatabase, StoredTrigger } from './database';

export class MemoryTriggerInbox implements TriggerInbox {
  constructor(private readonly db: MemoryDatabase) {}

  async addTriggers(triggers: readonly InboxTrigger[]): Promise<{ readonly added: number }> {
    let added = 0;
    for (const trigger of triggers) {
      if (this.of(trigger.model).some(({ id }) => id === trigger.id)) continue;
      this.db.triggers.push({ ...structuredClone(trigger), receivedAt: this.db.clock.now(), takenBy: null });
      added++;
    }
    return { added };
  }

  async listWaiting(
    model: string,
    limit: number,
  ): Promise<readonly (InboxTrigger & { readonly receivedAt: number })[]> {
    return this.of(model)
      .filter(({ takenBy }) => takenBy === null)
      .slice(0, limit)
      .map(withoutTaker);
  }

  async modelsWaiting(): Promise<readonly string[]> {
    return [...new Set(this.db.triggers.filter((t) => t.takenBy === null).map((t) => t.model))].sort();
  }

  async markTaken(model: string, ids: readonly string[], by: string): Promise<void> {
    const taken = new Set(ids);
    this.db.triggers.forEach((trigger, i) => {
      if (trigger.model === model && taken.has(trigger.id)) this.db.triggers[i] = { ...trigger, takenBy: by };
    });
  }

  async listTriggers(
    model: string,
    limit: number,
  ): Promise<readonly (InboxTrigger & { readonly receivedAt: number; readonly takenBy: string | null })[]> {
    return structuredClone(this.of(model).reverse().slice(0, limit));
  }

  private of(model: string): StoredTrigger[] {
    return this.db.triggers.filter((trigger) => trigger.model === model);
  }
}

function withoutTaker(stored: StoredTrigger): InboxTrigger & { readonly receivedAt: number } {
  const { id, model, source, actor, reason, manual, asOf, payload, receivedAt } = stored;
  return structuredClone({ id, model, source, actor, reason, manual, asOf, payload, receivedAt });
}
