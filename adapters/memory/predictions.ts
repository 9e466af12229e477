import type { FeatureValue, ModelContract } from '../../core/model';
import type { PredictionReader, PredictionRecord, PredictionSink, WindowRows } from '../../core/ports';
import {
  LATENCY_TURN_MS,
  SHADOW_DROPPED,
  type ArmCounts,
  type PairedRow,
  type Segment,
  type ShadowCounts,
} from '../../core/rollout/evidence';
import type { MemoryDatabase, StoredLabel } from './database';

const MIN_LATENCY_ROWS = 50;

export class MemoryPredictionSink implements PredictionSink {
  constructor(private readonly db: MemoryDatabase) {}

  async write(rows: readonly PredictionRecord[]): Promise<void> {
    this.db.predictions.push(...structuredClone(rows));
  }
}

/** The counting rules of adapters/postgres/evidence-queries.ts, written a second time as loops. */
export class MemoryPredictionReader implements PredictionReader {
  constructor(private readonly db: MemoryDatabase) {}

  async latestOccurredAt(model: string, before = Infinity): Promise<number | null> {
    return extreme(
      this.served(model).filter((row) => row.occurredAt < before),
      Math.max,
    );
  }

  async earliestOccurredAt(model: string): Promise<number | null> {
    return extreme(this.served(model), Math.min);
  }

  async readWindow(
    model: string,
    contract: ModelContract,
    from: number,
    to: number,
    options: { readonly version?: string } = {},
  ): Promise<WindowRows> {
    const rows = this.servedRows(model, from, to, options.version);
    const columns: Record<string, FeatureValue[]> = {};
    const at = { number: 0, string: 0 };
    for (const { name, kind } of contract.features) {
      const index = at[kind]++;
      columns[name] = rows.map((row) => (kind === 'number' ? row.numbers : row.strings)[index] ?? null);
    }
    return {
      features: { rows: rows.length, columns },
      occurredAt: rows.map((row) => row.occurredAt),
      scores: rows.map((row) => row.score),
      labels: rows.map((row) => row.label),
      truths: rows.map((row) => this.label(model, row.id)?.value ?? null),
      versions: rows.map((row) => row.version),
    };
  }

  /** One row a request, by event time: a canary that failed did not serve, the champion's answer did. */
  servedRows(model: string, from: number, to: number, version?: string): readonly PredictionRecord[] {
    const byId = new Map<string, PredictionRecord>();
    for (const row of this.served(model)) {
      if (row.occurredAt < from || row.occurredAt >= to || failedCanary(row)) continue;
      const there = byId.get(row.id);
      if (there === undefined || (there.error !== null && row.error === null)) byId.set(row.id, row);
    }
    return [...byId.values()]
      .filter((row) => version === undefined || row.version === version)
      .sort((a, b) => a.occurredAt - b.occurredAt || (a.id < b.id ? -1 : 1));
  }

  async readSegments(
    model: string,
    run: string,
    slowUs: number | null,
    matureBefore: number,
  ): Promise<readonly Segment[]> {
    const rows = this.served(model).filter((p) => p.run === run && p.step !== null && (p.weight ?? 0) > 0);
    const failed = new Set(rows.filter(failedCanary).map((p) => p.id));
    const isFallback = (p: PredictionRecord): boolean =>
      p.arm === 'champion' && (failed.has(p.id) || (p.pairId !== null && failed.has(p.pairId)));
    const tally = new SegmentTally();
    const turns = new Set<number>();
    for (const row of rows.filter((p) => !isFallback(p)).sort(byReceipt)) {
      const unit = row.key === null ? `i${row.id}` : `k${row.key}`;
      tally.count(row, 'requests');
      tally.countOnce(row, 'keys', unit);
      if (row.error !== null) tally.countOnce(row, 'errors', unit);
      const turn = Math.floor(row.receivedAt / LATENCY_TURN_MS);
      const isFirstOfTurn = !turns.has(turn);
      turns.add(turn);
      if (isFirstOfTurn && slowUs !== null && row.latencyUs > slowUs) tally.countOnce(row, 'slow', unit);
      const truth = this.label(model, row.id)?.value;
      if (truth === undefined || row.label === null || row.error !== null || row.occurredAt > matureBefore) continue;
      tally.countOnce(row, 'labelled', `${unit} in ${row.step}/${row.weight}/${row.arm}`);
      if (truth !== row.label) tally.countOnce(row, 'wrong', unit);
    }
    return tally.segments();
  }

  async readPairs(model: string, run: string, matureBefore: number): Promise<readonly PairedRow[]> {
    const pairs = new Map<string, { readonly seq: number; readonly row: PairedRow }>();
    for (const { shadow, champion } of this.pairsOf(model, run)) {
      if (champion === undefined || shadow.error !== null || champion.occurredAt > matureBefore) continue;
      const label = this.label(model, champion.id);
      if (label === undefined || champion.score === null || shadow.score === null || pairs.has(champion.id)) continue;
      pairs.set(champion.id, {
        seq: label.seq,
        row: {
          championScore: champion.score,
          championLabel: champion.label,
          candidateScore: shadow.score,
          candidateLabel: shadow.label,
          truth: label.value,
          occurredAt: champion.occurredAt,
        },
      });
    }
    return [...pairs.values()].sort((a, b) => a.seq - b.seq).map(({ row }) => row);
  }

  async readShadowCounts(model: string, run: string): Promise<ShadowCounts> {
    const pairs = this.pairsOf(model, run);
    const dropped = pairs.filter(({ shadow }) => shadow.error === SHADOW_DROPPED).length;
    const errors = pairs.filter(({ shadow }) => shadow.error !== null).length - dropped;
    const disagreements = pairs.filter(
      ({ shadow, champion }) => shadow.error === null && champion !== undefined && shadow.label !== champion.label,
    ).length;
    return { requests: pairs.length - dropped, errors, dropped, disagreements };
  }

  async latencyQuantileUs(model: string, version: string, q: number, withinMs: number): Promise<number | null> {
    const since = this.db.clock.now() - withinMs;
    const rows = this.served(model).filter((p) => p.version === version && p.error === null && p.receivedAt > since);
    const sorted = [...new Map(rows.map((p) => [p.id, p.latencyUs])).values()].sort((a, b) => a - b);
    if (sorted.length < MIN_LATENCY_ROWS) return null;
    return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? null;
  }

  async countSince(
    model: string,
    version: string,
    since: number,
  ): Promise<{ readonly requests: number; readonly errors: number; readonly lastReceivedAt: number | null }> {
    const rows = this.served(model).filter((p) => p.version === version && p.receivedAt >= since);
    return {
      requests: rows.length,
      errors: rows.filter((p) => p.error !== null).length,
      lastReceivedAt: rows.reduce<number | null>((max, p) => Math.max(max ?? p.receivedAt, p.receivedAt), null),
    };
  }

  private served(model: string): PredictionRecord[] {
    return this.distinct((p) => p.model === model && p.arm !== 'shadow');
  }

  private pairsOf(
    model: string,
    run: string,
  ): readonly { readonly shadow: PredictionRecord; readonly champion: PredictionRecord | undefined }[] {
    const champions = new Map(
      this.distinct((p) => p.model === model && p.arm === 'champion' && p.error === null).map((p) => [p.id, p]),
    );
    return this.distinct((p) => p.model === model && p.arm === 'shadow' && p.run === run).map((shadow) => ({
      shadow,
      champion: shadow.pairId === null ? undefined : champions.get(shadow.pairId),
    }));
  }

  /** The first of each (id, arm): the log is written at least once. */
  private distinct(wanted: (p: PredictionRecord) => boolean): PredictionRecord[] {
    const first = new Map<string, PredictionRecord>();
    for (const p of this.db.predictions) {
      if (wanted(p) && !first.has(`${p.id}/${p.arm}`)) first.set(`${p.id}/${p.arm}`, p);
    }
    return [...first.values()];
  }

  private label(model: string, id: string): StoredLabel | undefined {
    return this.db.labels.get(`${model}/${id.toLowerCase()}`);
  }
}

/** Counts by step, weight and arm; `countOnce` counts a thing the first time only, wherever it comes again. */
class SegmentTally {
  private readonly counts = new Map<
    string,
    { step: number; weight: number; candidate: ArmCounts; champion: ArmCounts }
  >();
  private readonly seen = new Set<string>();

  countOnce(row: PredictionRecord, what: keyof ArmCounts, thing: string): void {
    if (this.seen.has(`${what}:${thing}`)) return;
    this.seen.add(`${what}:${thing}`);
    this.count(row, what);
  }

  count(row: PredictionRecord, what: keyof ArmCounts): void {
    const step = row.step ?? 0;
    const weight = row.weight ?? 0;
    const zero: ArmCounts = { keys: 0, requests: 0, errors: 0, slow: 0, wrong: 0, labelled: 0 };
    const segment = this.counts.get(`${step}/${weight}`) ?? { step, weight, candidate: zero, champion: zero };
    const arm = row.arm === 'canary' ? 'candidate' : 'champion';
    segment[arm] = { ...segment[arm], [what]: segment[arm][what] + 1 };
    this.counts.set(`${step}/${weight}`, segment);
  }

  segments(): readonly Segment[] {
    return [...this.counts.values()].sort((a, b) => a.step - b.step || a.weight - b.weight);
  }
}

const failedCanary = (p: PredictionRecord): boolean => p.arm === 'canary' && p.error !== null;

const byReceipt = (a: PredictionRecord, b: PredictionRecord): number =>
  a.receivedAt - b.receivedAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

function extreme(rows: readonly PredictionRecord[], pick: (a: number, b: number) => number): number | null {
  return rows.reduce<number | null>((best, p) => pick(best ?? p.occurredAt, p.occurredAt), null);
}
