import type { FrameColumn } from '../../core/frame';

/** What a cell may hold to mean "missing", as pandas reads it. */
const MISSING: ReadonlySet<string> = new Set([
  '',
  'NA',
  'N/A',
  '#N/A',
  'NaN',
  'nan',
  '-nan',
  '-NaN',
  'null',
  'NULL',
  'None',
  '<NA>',
]);
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITE = /^([+-]?)(?:inf|infinity)$/i;
const FIRST_CAPACITY = 1024;

/** A cell whose column was taken for numbers holds text, and what was read before cannot be turned back into text. */
export class NeedsText extends Error {}

/**
 * Builds one column cell by cell in typed arrays. A column is a number column as long as every cell is missing or a number
 * in full; the first other cell makes it a string column. Whole numbers that a double cannot hold (beyond 2^53) are text: an
 * id must not be rounded.
 */
export class ColumnBuilder {
  private rows = 0;
  private values: Float64Array | null = new Float64Array(FIRST_CAPACITY);
  private codes = new Int32Array(0);
  private readonly known = new Map<string, number>();
  private integer = true;
  private numbers = 0;
  /** Every number so far reads back as the text it came from ("1.50" does not). */
  private faithful = true;

  constructor(asText = false) {
    if (asText) this.becomeText();
  }

  add(cell: string): void {
    const text = cell.trim();
    if (this.values !== null) {
      const number = MISSING.has(text) ? Number.NaN : numberOf(text);
      if (number !== null) {
        this.addNumber(this.values, number, text);
        return;
      }
      if (!this.faithful) throw new NeedsText();
      this.becomeText();
    }
    this.addText(MISSING.has(text) ? null : cell);
  }

  finish(): FrameColumn {
    if (this.values !== null) {
      // A column without one number says nothing of its kind: numbers, all missing.
      return { kind: 'number', values: this.values.slice(0, this.rows), integer: this.integer && this.numbers > 0 };
    }
    return { kind: 'string', codes: this.codes.slice(0, this.rows), categories: [...this.known.keys()] };
  }

  private addNumber(values: Float64Array, number: number, text: string): void {
    let target = values;
    if (this.rows === target.length) {
      target = new Float64Array(target.length * 2);
      target.set(values);
      this.values = target;
    }
    target[this.rows++] = number;
    if (Number.isNaN(number)) return;
    this.numbers++;
    if (this.integer && !Number.isInteger(number)) this.integer = false;
    if (this.faithful && String(number) !== text) this.faithful = false;
  }

  private becomeText(): void {
    const values = this.values ?? new Float64Array(0);
    this.values = null;
    this.codes = new Int32Array(Math.max(FIRST_CAPACITY, values.length));
    const rows = this.rows;
    this.rows = 0;
    for (let i = 0; i < rows; i++) this.addText(Number.isNaN(values[i]!) ? null : String(values[i]));
  }

  private addText(text: string | null): void {
    if (this.rows === this.codes.length) {
      const larger = new Int32Array(this.codes.length * 2);
      larger.set(this.codes);
      this.codes = larger;
    }
    this.codes[this.rows++] = text === null ? -1 : this.codeOf(text);
  }

  private codeOf(text: string): number {
    const code = this.known.get(text);
    if (code !== undefined) return code;
    this.known.set(text, this.known.size);
    return this.known.size - 1;
  }
}

/** null: not a number. */
function numberOf(text: string): number | null {
  if (NUMBER.test(text)) {
    const value = Number(text);
    return Number.isInteger(value) && !Number.isSafeInteger(value) && /^[+-]?\d+$/.test(text) ? null : value;
  }
  const infinite = INFINITE.exec(text);
  return infinite === null ? null : infinite[1] === '-' ? -Infinity : Infinity;
}
