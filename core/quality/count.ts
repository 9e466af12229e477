/** Rows → {@link QualityCounts}. Pure; never throws, whatever the cells hold; the order of rows changes only which offenders are first. */
import { contentsOf, type Cells } from './cells';
import { countExpectation } from './count-expectation';
import { byCodePoint, decilesOf, frequenciesOf, type Frequencies } from './frequencies';
import { leakageOf, type Leakage } from './leakage';
import { keyOf, Offenders } from './offenders';
import { probableRename, type Rename } from './probable-rename';
import {
  profileOf,
  type ColumnCounts,
  type Offending,
  type PlannedColumn,
  type QualityCounts,
  type QualityPlan,
} from './quality-counts';
import { OFFENDING_ROWS } from './quality-report';

/** The rows that are counted. */
export interface QualityTable {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Cells>;
  /** Columns that are there with reason and are no features (the target, a key): not extra. */
  readonly expected?: ReadonlySet<string>;
  /** Columns that expectations may speak of beside them and that are not part of the rows: `score`, `label`. */
  readonly others?: ReadonlyMap<string, Cells>;
  /** Names of the rows in reports. `unique`: two rows with the same one and other content clash. */
  readonly keys?: { readonly values: Cells; readonly unique: boolean };
  readonly target?: Cells;
}

/** One pass a column and one an expectation; memory grows with the distinct values of a column. */
export function countQuality(table: QualityTable, plan: QualityPlan): QualityCounts {
  const keys = table.keys?.values ?? null;
  const known = new Map<string, Frequencies>();
  const frequencies = (name: string, cells: Cells): Frequencies => {
    const there = known.get(name) ?? frequenciesOf(cells);
    known.set(name, there);
    return there;
  };
  const present = plan.columns.flatMap((planned) => {
    const cells = table.columns.get(planned.name);
    return cells === undefined ? [] : [{ planned, cells }];
  });
  const columns = present.map(({ planned, cells }): readonly [string, ColumnCounts] => [
    planned.name,
    countColumn(cells, planned, frequencies(planned.name, cells), keys),
  ]);
  const columnOf = (name: string): Cells | undefined => table.columns.get(name) ?? table.others?.get(name);
  const contents = contentsOf(present.map(({ cells }) => cells));
  const ids = table.keys?.unique === true ? table.keys.values : null;
  return {
    schemaVersion: 1,
    rows: table.rows,
    columnNames: [...table.columns.keys()].sort(),
    extraColumns: extraColumns(table, plan).sort(),
    columns: Object.fromEntries(columns),
    renames: Object.fromEntries(renamesOf(table, plan)),
    duplicates: plan.duplicates && present.length > 0 ? countDuplicates(contents, table.rows, keys) : null,
    idClash: ids === null ? null : countClashes(ids, contents, table.rows),
    expectations: plan.expectations.map((expectation) =>
      countExpectation(expectation, { rows: table.rows, columnOf, frequencies, keys }),
    ),
    leakage: Object.fromEntries(
      present.flatMap(({ planned, cells }): readonly (readonly [string, Leakage])[] => {
        const found = table.target === undefined ? null : leakageOf(cells, planned.kind, table.target);
        return found === null ? [] : [[planned.name, found]];
      }),
    ),
  };
}

function countColumn(cells: Cells, planned: PlannedColumn, frequencies: Frequencies, keys: Cells | null): ColumnCounts {
  const found = {
    nulls: new Offenders(keys),
    wrongType: new Offenders(keys),
    notFinite: new Offenders(keys),
    outOfRange: new Offenders(keys),
    newCategory: new Offenders(keys),
  };
  const { kind, min, max } = planned;
  const known = planned.knownCategories === null ? null : new Set(planned.knownCategories);
  let wrongExample: string | null = null;
  for (let row = 0; row < cells.length; row++) {
    const value = cells.at(row);
    if (value === null || value === undefined) {
      found.nulls.add(row);
    } else if (typeof value !== kind) {
      found.wrongType.add(row);
      wrongExample ??= describe(value);
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value)) found.notFinite.add(row);
      else if ((min !== null && value < min) || (max !== null && value > max)) found.outOfRange.add(row);
    } else if (known !== null && !known.has(value as string)) {
      found.newCategory.add(row);
    }
  }
  const numbers = kind === 'number' ? frequencies.numbers : [];
  return {
    rows: cells.length,
    nulls: found.nulls.done(),
    wrongType: found.wrongType.done(),
    wrongExample,
    notFinite: found.notFinite.done(),
    min: numbers[0]?.[0] ?? null,
    max: numbers.at(-1)?.[0] ?? null,
    distinct: kind === 'number' ? numbers.length : frequencies.strings.length,
    outOfRange: found.outOfRange.done(),
    newCategory: found.newCategory.done(),
    newExample: known === null || kind !== 'string' ? null : mostFrequentUnknown(frequencies.strings, known),
    deciles: kind === 'number' ? decilesOf(frequencies) : [],
  };
}

function mostFrequentUnknown(strings: Frequencies['strings'], known: ReadonlySet<string>): string | null {
  let top: readonly [string, number] | null = null;
  for (const entry of strings) if (!known.has(entry[0]) && (top === null || entry[1] > top[1])) top = entry;
  return top?.[0] ?? null;
}

function renamesOf(table: QualityTable, plan: QualityPlan): readonly (readonly [string, Rename])[] {
  const missing = plan.columns.filter(({ name }) => !table.columns.has(name));
  if (missing.length === 0) return [];
  const values = Object.fromEntries(
    extraColumns(table, plan).map((name) => {
      const cells = table.columns.get(name)!;
      return [name, Array.from({ length: cells.length }, (_, row) => cells.at(row))];
    }),
  );
  return missing.flatMap(({ name, kind }): readonly (readonly [string, Rename])[] => {
    const rename = probableRename({ name, kind }, values, profileOf(plan.profile, name));
    return rename === null ? [] : [[name, rename]];
  });
}

function extraColumns(table: QualityTable, plan: QualityPlan): string[] {
  const named = new Set(plan.columns.map(({ name }) => name));
  return [...table.columns.keys()].filter((name) => !named.has(name) && table.expected?.has(name) !== true);
}

function countDuplicates(contents: (row: number) => string, rows: number, keys: Cells | null): Offending {
  const seen = new Set<string>();
  const repeated = new Offenders(keys);
  for (let row = 0; row < rows; row++) {
    const content = contents(row);
    if (seen.has(content)) repeated.add(row);
    else seen.add(content);
  }
  return repeated.done();
}

/** Ids that come with more than one content; rows without an id are left out. */
export function countClashes(
  ids: Cells,
  contents: (row: number) => string,
  rows: number,
  named: number = OFFENDING_ROWS,
): Offending {
  const first = new Map<string, string>();
  const clashing = new Set<string>();
  for (let row = 0; row < rows; row++) {
    const id = keyOf(ids.at(row));
    if (id === null) continue;
    const content = contents(row);
    const there = first.get(id);
    if (there === undefined) first.set(id, content);
    else if (there !== content) clashing.add(id);
  }
  return { count: clashing.size, rows: [], keys: [...clashing].sort(byCodePoint).slice(0, named) };
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `text "${value.length > 40 ? `${value.slice(0, 40)}…` : value}"`;
  if (typeof value === 'number' || typeof value === 'boolean') return `${typeof value} ${value}`;
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
