/** Tables for people: columns aligned by spaces, figures to the right, no colours. */

/** A number: shown with four significant digits. null: nothing. */
export type Cell = string | number | null;

/** The lines of a table. A column whose cells are all numbers (or nothing) is aligned to the right. */
export function textTable(header: readonly string[], rows: readonly (readonly Cell[])[]): readonly string[] {
  const right = header.map((_, i) => rows.every((row) => typeof (row[i] ?? null) !== 'string'));
  const shown = [header, ...rows].map((row) => header.map((_, i) => cellText(row[i] ?? null)));
  const widths = header.map((_, i) => shown.reduce((widest, row) => Math.max(widest, row[i]!.length), 0));
  return shown.map((row) =>
    row
      .map((text, i) => (right[i] === true ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

const cellText = (cell: Cell): string => (typeof cell === 'number' ? figure(cell) : oneLine(cell ?? ''));

/** Names come from files: a line break or a terminal's escape in one must not tear the table. */
export const oneLine = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- exactly these are the ones meant
  text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');

/** Four significant digits; whole numbers in full. The exact number stands in the JSON. */
export const figure = (value: number): string =>
  Number.isSafeInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
