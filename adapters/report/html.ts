/** HTML that cannot be broken by what is put into it: text is escaped unless it was made by this file. */
export class Html {
  constructor(readonly source: string) {}
}

export type Content = Html | string | number | null | undefined | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeText = (text: string): string => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);

/** Tagged template: html`<p>${anything}</p>` escapes every value that is not Html. Lists are joined; null is nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Html {
  let source = parts[0] ?? '';
  values.forEach((value, i) => {
    source += render(value) + (parts[i + 1] ?? '');
  });
  return new Html(source);
}

function render(value: Content): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Html) return value.source;
  if (typeof value === 'string') return escapeText(value);
  if (typeof value === 'number') return String(value);
  return value.map(render).join('');
}

export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => Content;
  /** Right-aligned. */
  readonly number?: boolean;
}

/** A table that scrolls sideways in itself on a narrow screen. null when there are no rows. */
export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Html | null {
  if (rows.length === 0) return null;
  const align = (column: Column<Row>): Html => html`${column.number === true ? new Html(' class="n"') : null}`;
  return html`<figure class="table">
    <figcaption>${caption}</figcaption>
    <div class="scroll" tabindex="0">
      <table>
        <thead>
          <tr>
            ${columns.map((column) => html`<th scope="col" ${align(column)}>${column.head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr>
                ${columns.map((column) => html`<td${align(column)}>${column.cell(row)}</td>`)}
              </tr> `,
          )}
        </tbody>
      </table>
    </div>
  </figure>`;
}

/** Four significant digits, thousands apart; "–" for what is missing or not finite, never 0. */
export function figure(value: unknown): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return '–';
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e6)) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

export const percent = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${Number(((100 * part) / whole).toPrecision(3))} %`;

/** `2013-12-08 00:00:05 UTC`. */
export const moment = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
