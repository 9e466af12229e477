import type { Incident, IncidentStore } from '../../core/ports';
import type { Reason } from '../../core/verdict';
import type { MemoryDatabase } from './database';

export class MemoryIncidentStore implements IncidentStore {
  constructor(private readonly db: MemoryDatabase) {}

  async open(incident: {
    readonly id: string;
    readonly model: string;
    readonly reasons: readonly Reason[];
  }): Promise<Incident> {
    const { incidents, clock } = this.db;
    const there =
      incidents.find((i) => i.id === incident.id) ??
      incidents.find((i) => i.model === incident.model && i.closedAt === null);
    if (there !== undefined) return structuredClone(there);
    const { id, model, reasons } = incident;
    const opened = {
      id,
      model,
      openedAt: clock.now(),
      closedAt: null,
      reasons: structuredClone(reasons),
      outcome: null,
    };
    incidents.push(opened);
    return structuredClone(opened);
  }

  async close(model: string, id: string, outcome: string): Promise<void> {
    const at = this.db.incidents.findIndex((i) => i.model === model && i.id === id && i.closedAt === null);
    const open = this.db.incidents[at];
    if (open !== undefined) this.db.incidents[at] = { ...open, closedAt: this.db.clock.now(), outcome };
  }

  async listIncidents(model: string): Promise<readonly Incident[]> {
    return this.db.incidents.filter((i) => i.model === model).map((i) => structuredClone(i));
  }
}
