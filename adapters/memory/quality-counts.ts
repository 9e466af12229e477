import type { ModelContract } from '../../core/model';
import type { PredictionRecord, QualityStatistics } from '../../core/ports';
import { contentsOf } from '../../core/quality/cells';
import { countClashes, countQuality } from '../../core/quality/count';
import type { QualityCounts, QualityPlan } from '../../core/quality/quality-counts';
import type { MemoryDatabase } from './database';

/** `countQuality` over the served rows of the fake log. */
export class MemoryQualityStatistics implements QualityStatistics {
  constructor(private readonly db: MemoryDatabase) {}

  async countQuality(
    model: string,
    contract: ModelContract,
    from: number,
    to: number,
    plan: QualityPlan,
  ): Promise<QualityCounts> {
    const logged = this.db.predictions.filter(
      (row) =>
        row.model === model &&
        row.occurredAt >= from &&
        row.occurredAt < to &&
        (row.arm === 'champion' || (row.arm === 'canary' && row.error === null)),
    );
    const byId = new Map<string, PredictionRecord>();
    for (const row of logged) {
      const there = byId.get(row.id);
      if (there === undefined || (there.error !== null && row.error === null)) byId.set(row.id, row);
    }
    const served = [...byId.values()].sort((a, b) => a.occurredAt - b.occurredAt || (a.id < b.id ? -1 : 1));
    const columns = columnsOfRows(contract, served);
    const counts = countQuality(
      {
        rows: served.length,
        columns,
        others: new Map<string, readonly (number | string | null)[]>([
          ['score', served.map((row) => row.score)],
          ['label', served.map((row) => row.label)],
        ]),
        keys: { values: served.map((row) => row.id), unique: false },
      },
      plan,
    );
    const contents = contentsOf([...columnsOfRows(contract, logged).values()]);
    // Another version's rows have other columns: only rows of one version can clash.
    const versions = logged.map((row) => `${row.id} ${row.version}`);
    const clashing = countClashes(versions, contents, logged.length, Infinity).keys.map((key) => key.slice(0, 36));
    const ids = [...new Set(clashing)].sort();
    return { ...counts, renames: {}, idClash: { count: ids.length, rows: [], keys: ids.slice(0, 10) } };
  }
}

function columnsOfRows(
  contract: ModelContract,
  rows: readonly PredictionRecord[],
): ReadonlyMap<string, readonly (number | string | null)[]> {
  const at = { number: 0, string: 0 };
  return new Map(
    contract.features.map(({ name, kind }) => {
      const index = at[kind]++;
      return [name, rows.map((row) => (kind === 'number' ? row.numbers : row.strings)[index] ?? null)] as const;
    }),
  );
}
