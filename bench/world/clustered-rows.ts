import type { FeatureColumns } from '../../core/model';
import type { Seeded } from './seeded';

const HOUR_MS = 3_600_000;

/** How rows come: `perCluster` rows on average in each of `clusters` hours (or days), sharing `icc` of the variance. */
export interface ClusteredWorld {
  readonly clusters: number;
  readonly perCluster: number;
  readonly clusterHours: 1 | 24;
  readonly icc: number;
  /** Added to every value, in standard deviations. */
  readonly shift: number;
  readonly features: number;
  /** true: string features of five classes instead of normal numbers. */
  readonly categorical?: boolean;
}

/** Standard normal features f0, f1, … (independent of each other) whose rows share a draw by cluster; sizes vary by half. */
export function clusteredRows(
  random: Seeded,
  world: ClusteredWorld,
): { readonly features: FeatureColumns; readonly occurredAt: number[] } {
  const occurredAt: number[] = [];
  const columns: (number | string)[][] = Array.from({ length: world.features }, () => []);
  const own = Math.sqrt(1 - world.icc);
  const common = Math.sqrt(world.icc);
  for (let cluster = 0; cluster < world.clusters; cluster++) {
    const size = Math.max(1, Math.round(world.perCluster * (0.5 + random.uniform())));
    const shared = columns.map(() => common * random.normal());
    for (let row = 0; row < size; row++) {
      occurredAt.push((cluster * world.clusterHours + random.uniform() * world.clusterHours) * HOUR_MS);
      columns.forEach((column, f) => {
        const value = world.shift + (shared[f] ?? 0) + own * random.normal();
        column.push(world.categorical === true ? classOf(value) : value);
      });
    }
  }
  return {
    features: {
      rows: occurredAt.length,
      columns: Object.fromEntries(columns.map((column, f) => [`f${f}`, column])),
    },
    occurredAt,
  };
}

/** Shares of about 2, 14, 34, 34 and 16 %. */
const classOf = (value: number): string =>
  value < -2 ? 'e' : value < -1 ? 'd' : value < 0 ? 'c' : value < 1 ? 'b' : 'a';
