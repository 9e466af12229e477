/** Design effects of two tables whose rows come in clusters named by a column (core/drift/design-effect.ts has the theory). */
import { quantileBins } from '../drift/binning';
import { designEffectOf, MIN_REFERENCE_CLUSTERS, MIN_WINDOW_CLUSTERS, type DesignEffect } from '../drift/design-effect';
import { clusterFigureOf, sizeBiasedMean } from '../drift/intraclass';
import { RatchetError } from '../errors';
import type { Frame, FrameColumn } from '../frame';

export interface Clusters {
  readonly column: string;
  /** Number of the cluster by row; NaN: the row has none. */
  readonly reference: Float64Array;
  readonly current: Float64Array;
}

/** @throws RATCHET_COLUMN_MISSING when a table lacks the column. */
export function clustersOf(reference: Frame, current: Frame, column: string): Clusters {
  return { column, reference: idsOf(reference, column, 'reference'), current: idsOf(current, column, 'current table') };
}

function idsOf(frame: Frame, name: string, which: string): Float64Array {
  const column = frame.columns.get(name);
  if (column === undefined) {
    const there = [...frame.columns.keys()].join(', ');
    throw new RatchetError(
      'RATCHET_COLUMN_MISSING',
      `the ${which} has no column "${name}" to cluster by; it has ${there}`,
    );
  }
  if (column.kind === 'string') return Float64Array.from(column.codes, (code) => (code < 0 ? Number.NaN : code));
  const known = new Map<number, number>();
  return Float64Array.from(column.values, (value) => {
    if (Number.isNaN(value)) return value;
    const id = known.get(value) ?? known.size;
    known.set(value, id);
    return id;
  });
}

/** The design effect of one column, or why it is unknown. `bins` of numbers are quantiles of the reference. */
export function designOf(
  clusters: Clusters,
  reference: FrameColumn,
  current: FrameColumn,
  sorted: Float64Array,
  bins: number,
): DesignEffect | string {
  const { cell, cells } = cellsOf(reference, sorted, bins);
  const figure = clusterFigureOf(cell, cells, clusters.reference, 1);
  const present = (column: FrameColumn, i: number): boolean =>
    column.kind === 'number' ? Number.isFinite(column.values[i]) : column.codes[i]! >= 0;
  const sizes = new Map<number, number>();
  clusters.current.forEach((id, i) => {
    if (!Number.isNaN(id) && present(current, i)) sizes.set(id, (sizes.get(id) ?? 0) + 1);
  });
  if (figure.clusters < MIN_REFERENCE_CLUSTERS) {
    return `the reference has ${figure.clusters} values of "${clusters.column}", needs ${MIN_REFERENCE_CLUSTERS} clusters`;
  }
  if (figure.icc === null) return `every cluster of the reference has one row: how alike its rows are is unknown`;
  if (sizes.size < MIN_WINDOW_CLUSTERS) {
    return `the current table has ${sizes.size} values of "${clusters.column}", needs ${MIN_WINDOW_CLUSTERS} clusters`;
  }
  const rows = { reference: cell.reduce((n, at) => n + (at >= 0 ? 1 : 0), 0), current: 0 };
  for (const size of sizes.values()) rows.current += size;
  return designEffectOf(figure, rows, sizeBiasedMean([...sizes.values()]), Math.max(1, cells - 1));
}

function cellsOf(column: FrameColumn, sorted: Float64Array, bins: number): { cell: Int32Array; cells: number } {
  if (column.kind === 'string') return { cell: column.codes, cells: column.categories.length };
  const edges = quantileBins(sorted, sorted, bins).edges ?? [];
  const cell = Int32Array.from(column.values, (value) => {
    if (!Number.isFinite(value)) return -1;
    let at = 0;
    while (at < edges.length && value > edges[at]!) at++;
    return at;
  });
  return { cell, cells: edges.length + 1 };
}
