import type { Pool } from 'pg';
import type { FeatureValue, ModelContract } from '../../core/model';
import type { PredictionReader, WindowRows } from '../../core/ports';
import { SHADOW_DROPPED, type PairedRow, type Segment, type ShadowCounts } from '../../core/rollout/evidence';
import { rows, timestamp } from './database';
import { CHAMPION_ROWS, LABEL_ROWS, RUN_TIMES, SEGMENTS, SHADOW_ROWS, WINDOW } from './evidence-queries';

interface WindowRow {
  readonly occurred_at: number;
  readonly numbers: readonly (number | null)[];
  readonly strings: readonly (string | null)[];
  readonly score: number | null;
  readonly label: string | null;
  readonly truth: string | null;
  readonly version: string;
}

interface SegmentRow {
  readonly step: number;
  readonly weight: number;
  readonly arm: 'champion' | 'canary';
  readonly keys: number;
  readonly requests: number;
  readonly errors: number;
  readonly slow: number;
  readonly wrong: number;
  readonly labelled: number;
}

interface ShadowRow {
  readonly pair_id: string | null;
  readonly score: number | null;
  readonly label: string | null;
  readonly error: string | null;
}

interface ChampionRow {
  readonly id: string;
  readonly score: number | null;
  readonly label: string | null;
  readonly occurred_at: number;
}

const NOTHING = { keys: 0, requests: 0, errors: 0, slow: 0, wrong: 0, labelled: 0 };
const HOUR_MS = 3_600_000;
/** Below this many rows a quantile is not one. */
const MIN_LATENCY_ROWS = 50;

/** Reads the prediction log. Every method de-duplicates by (id, arm), because the log is written at least once. */
export class PostgresPredictionReader implements PredictionReader {
  constructor(private readonly pool: Pool) {}

  latestOccurredAt(model: string, before?: number): Promise<number | null> {
    return this.occurredAt(model, 'DESC', before);
  }

  earliestOccurredAt(model: string): Promise<number | null> {
    return this.occurredAt(model, 'ASC');
  }

  async readWindow(
    model: string,
    contract: ModelContract,
    from: number,
    to: number,
    options: { readonly version?: string } = {},
  ): Promise<WindowRows> {
    const found = await rows<WindowRow>(this.pool, 'reading a window', WINDOW, [
      model,
      timestamp(from),
      timestamp(to),
      options.version ?? null,
    ]);
    const columns: Record<string, FeatureValue[]> = {};
    let number = 0;
    let string = 0;
    for (const feature of contract.features) {
      const at = feature.kind === 'number' ? number++ : string++;
      columns[feature.name] = found.map((row) => (feature.kind === 'number' ? row.numbers : row.strings)[at] ?? null);
    }
    return {
      features: { rows: found.length, columns },
      occurredAt: found.map((row) => row.occurred_at),
      scores: found.map((row) => row.score),
      labels: found.map((row) => row.label),
      truths: found.map((row) => row.truth),
      versions: found.map((row) => row.version),
    };
  }

  async readSegments(
    model: string,
    run: string,
    slowUs: number | null,
    matureBefore: number,
  ): Promise<readonly Segment[]> {
    const counted = await rows<SegmentRow>(this.pool, 'reading evidence of a canary', SEGMENTS, [
      model,
      run,
      slowUs,
      timestamp(matureBefore),
    ]);
    const segments = new Map<string, Segment>();
    for (const { step, weight, arm, ...counts } of counted) {
      const id = `${step}/${weight}`;
      const segment = segments.get(id) ?? { step, weight, candidate: NOTHING, champion: NOTHING };
      segments.set(id, { ...segment, [arm === 'canary' ? 'candidate' : 'champion']: counts });
    }
    return [...segments.values()];
  }

  async readPairs(model: string, run: string, matureBefore: number): Promise<readonly PairedRow[]> {
    const { shadows, champions } = await this.readShadowTest(model, run);
    const candidates = new Map<string, ShadowRow>();
    for (const shadow of shadows) {
      if (shadow.pair_id !== null && shadow.error === null && !candidates.has(shadow.pair_id)) {
        candidates.set(shadow.pair_id, shadow);
      }
    }
    const mature = [...champions.values()].filter((c) => c.occurred_at <= matureBefore && candidates.has(c.id));
    const labels = await rows<{ id: string; value: string }>(this.pool, 'reading labels', LABEL_ROWS, [
      model,
      mature.map((c) => c.id),
    ]);
    return labels.flatMap(({ id, value }) => {
      const [champion, candidate] = [champions.get(id), candidates.get(id)];
      if (champion === undefined || candidate === undefined) return [];
      if (champion.score === null || candidate.score === null) return [];
      return {
        championScore: champion.score,
        championLabel: champion.label,
        candidateScore: candidate.score,
        candidateLabel: candidate.label,
        truth: value,
        occurredAt: champion.occurred_at,
      };
    });
  }

  async readShadowCounts(model: string, run: string): Promise<ShadowCounts> {
    const { shadows, champions } = await this.readShadowTest(model, run);
    const count = (wanted: (s: ShadowRow) => boolean): number => shadows.filter(wanted).length;
    const championOf = (s: ShadowRow): ChampionRow | undefined =>
      s.pair_id === null ? undefined : champions.get(s.pair_id);
    return {
      requests: count((s) => s.error !== SHADOW_DROPPED),
      errors: count((s) => s.error !== null && s.error !== SHADOW_DROPPED),
      dropped: count((s) => s.error === SHADOW_DROPPED),
      disagreements: count((s) => s.error === null && (championOf(s) ?? s).label !== s.label),
    };
  }

  async latencyQuantileUs(model: string, version: string, q: number, withinMs: number): Promise<number | null> {
    const [row] = await rows<{ quantile: number | null }>(
      this.pool,
      'measuring latency',
      `SELECT CASE WHEN count(*) >= $5 THEN percentile_disc($3) WITHIN GROUP (ORDER BY latency_us) END::float8 AS quantile
       FROM (SELECT DISTINCT ON (id) latency_us FROM ratchet.predictions
         WHERE model = $1 AND version = $2 AND arm IN ('champion', 'canary') AND error IS NULL
           AND received_at > clock_timestamp() - $4::float8 * interval '1 millisecond' ORDER BY id) AS served`,
      [model, version, q, withinMs, MIN_LATENCY_ROWS],
    );
    return row?.quantile ?? null;
  }

  async countSince(
    model: string,
    version: string,
    since: number,
  ): Promise<{ readonly requests: number; readonly errors: number; readonly lastReceivedAt: number | null }> {
    const [row] = await rows<{ requests: number; errors: number; lastReceivedAt: number | null }>(
      this.pool,
      'counting requests',
      `SELECT count(*) AS requests, count(error) AS errors, max(received_at) AS "lastReceivedAt"
       FROM (SELECT DISTINCT ON (id, arm) error, received_at FROM ratchet.predictions
         WHERE model = $1 AND version = $2 AND arm IN ('champion', 'canary') AND received_at >= $3
         ORDER BY id, arm) AS served`,
      [model, version, timestamp(since)],
    );
    return row ?? { requests: 0, errors: 0, lastReceivedAt: null };
  }

  private async occurredAt(model: string, order: 'ASC' | 'DESC', before?: number): Promise<number | null> {
    const [row] = await rows<{ occurred_at: number }>(
      this.pool,
      'reading the watermark',
      `SELECT occurred_at FROM ratchet.predictions WHERE model = $1 AND arm IN ('champion', 'canary')
       AND occurred_at < coalesce($2::timestamptz, 'infinity')
       ORDER BY occurred_at ${order} LIMIT 1`,
      [model, before === undefined ? null : timestamp(before)],
    );
    return row?.occurred_at ?? null;
  }

  private async readShadowTest(
    model: string,
    run: string,
  ): Promise<{ readonly shadows: readonly ShadowRow[]; readonly champions: ReadonlyMap<string, ChampionRow> }> {
    const doing = 'reading a shadow test';
    const [time] = await rows<{ first: number | null; last: number | null }>(this.pool, doing, RUN_TIMES, [model, run]);
    if (time?.first == null || time.last === null) return { shadows: [], champions: new Map() };
    const shadows = await rows<ShadowRow>(this.pool, doing, SHADOW_ROWS, [model, run]);
    const champions = await rows<ChampionRow>(this.pool, doing, CHAMPION_ROWS, [
      model,
      [...new Set(shadows.flatMap((s) => s.pair_id ?? []))],
      // An hour wider than the run's own rows: only the partitions of those days are read.
      timestamp(time.first - HOUR_MS),
      timestamp(time.last + HOUR_MS),
    ]);
    return { shadows, champions: new Map(champions.map((c) => [c.id, c])) };
  }
}
