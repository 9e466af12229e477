import type { Reason, Verdict } from '../../core/verdict';
import { pageSvg, type Chart } from './chart-svg';
import { figure, html, Html, table, type Content } from './html';
import { PALETTE_CSS } from './palette';

export type Tone = 'good' | 'bad' | 'neutral';

export interface PageContent {
  readonly title: string;
  /** Small line above the title: what kind of report it is. */
  readonly kind: string;
  readonly verdict: { readonly text: string; readonly tone: Tone };
  /** Why, in full sentences; shown before any number. */
  readonly reasons: readonly Reason[];
  readonly facts: readonly (readonly [name: string, value: Html | string])[];
  readonly tables: readonly (Html | null)[];
  readonly charts: readonly Chart[];
  /** What neither tables nor charts hold, in reading order, before them. */
  readonly sections?: readonly PageSection[];
  /** Rules of the sections' own, after the page's. */
  readonly css?: string;
}

export interface PageSection {
  readonly title: string;
  readonly body: Content;
}

/** Charts are drawn twice, for wide and for narrow screens: an SVG that is only shrunk has unreadable labels. */
const WIDE = 1032;
const HALF = 500;
const NARROW = 340;

/** One HTML file without script, font or address of its own: readable offline and after years. */
export function page(content: PageContent): string {
  const { title, kind, verdict, facts, charts } = content;
  const tables = content.tables.filter((one) => one !== null);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${new Html(PALETTE_CSS + CSS + (content.css ?? ''))}
        </style>
      </head>
      <body>
        <main>
          <header>
            <p class="kind">${kind}</p>
            <h1>${title}</h1>
            <p class="verdict ${verdict.tone}">${verdict.text}</p>
            ${reasonList(content.reasons)}
            <dl>
              ${facts.map(
                ([name, value]) =>
                  html`<div>
                    <dt>${name}</dt>
                    <dd>${value}</dd>
                  </div>`,
              )}
            </dl>
          </header>
          ${content.sections?.map(
            (section) =>
              html`<section>
                <h2>${section.title}</h2>
                ${section.body}
              </section> `,
          )}
          ${
            tables.length === 0
              ? null
              : html`<section>
                  <h2>Numbers</h2>
                  ${tables}
                </section>`
          }
          ${
            charts.length === 0
              ? null
              : html`<section>
                  <h2>Plots</h2>
                  <div class="plots">${charts.map(chartFigure)}</div>
                </section>`
          }
          <footer>Written by Ratchet.</footer>
        </main>
      </body>
    </html> `.source;
}

function reasonList(reasons: readonly Reason[]): Html {
  if (reasons.length === 0) return html`<p class="muted">No reason was recorded.</p>`;
  return html`<ul class="reasons">
    ${reasons.map(({ code, text }) => html`<li>${text} <code>${code}</code></li>`)}
  </ul>`;
}

export function chartFigure(chart: Chart): Html {
  const svg = (width: number, shown: string): Html =>
    html`<div class="${shown}" role="img" aria-label="${chart.title}">${new Html(pageSvg(chart, width))}</div>`;
  const [size, wide] = chart.half === true ? ['half', HALF] : ['full', WIDE];
  return html`<figure class="${size}">
    <figcaption>${chart.title}<small>${chart.note}</small></figcaption>
    ${svg(wide, 'wide')}${svg(NARROW, 'narrow')}
  </figure>`;
}

/** A verdict as a word with a colour: the word alone is enough. */
export function verdictMark(verdict: Verdict | 'skipped' | null | undefined): Html | string {
  if (verdict === null || verdict === undefined) return '–';
  const tone = verdict === 'pass' ? 'good' : verdict === 'fail' || verdict === 'error' ? 'bad' : 'neutral';
  return html`<span class="mark ${tone}">${verdict}</span>`;
}

/** Name and value of whatever is given, in two columns. */
export function factTable(caption: string, values: Readonly<Record<string, unknown>>): Html | null {
  const rows = Object.entries(values).filter(([, value]) => value !== null && value !== undefined);
  const columns = [
    { head: 'name', cell: ([name]: (typeof rows)[number]) => name },
    {
      head: 'value',
      cell: ([, value]: (typeof rows)[number]) => (typeof value === 'number' ? figure(value) : String(value)),
      number: true,
    },
  ];
  return table(caption, columns, rows);
}

const CSS = `
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1080px;margin:0 auto;padding:28px 24px 48px}
h1{font-size:26px;line-height:1.2;margin:0 0 14px;overflow-wrap:anywhere}
h2{font-size:19px;margin:36px 0 12px;padding-top:20px;border-top:1px solid var(--grid)}
.kind{margin:0 0 4px;color:var(--muted);font-size:13px;letter-spacing:.04em;text-transform:uppercase}
.verdict{display:inline-block;margin:0 0 10px;padding:6px 14px;border:2px solid;border-radius:6px;font-weight:650;font-size:17px}
.good{color:var(--good)}.bad{color:var(--bad)}.neutral{color:var(--champion)}
.mark{font-weight:600}
.reasons{margin:0 0 18px;padding-left:20px}.reasons li{margin:3px 0;overflow-wrap:anywhere}
code{font:12px ui-monospace,Menlo,Consolas,monospace;color:var(--muted);overflow-wrap:anywhere}
.muted,small,footer{color:var(--muted)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:12px 24px;margin:0}
dt{color:var(--muted);font-size:13px}dd{margin:0;overflow-wrap:anywhere}
figure{margin:0 0 28px}figcaption{font-weight:600;margin-bottom:6px}small{display:block;font-weight:400;font-size:13px}
.scroll{overflow-x:auto;border:1px solid var(--grid);border-radius:6px}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{padding:5px 10px;text-align:left;vertical-align:top;border-bottom:1px solid var(--grid);white-space:nowrap}
td .text{white-space:normal;display:inline-block;min-width:220px;max-width:420px}
th{color:var(--muted);font-weight:600}.n{text-align:right}tbody tr:last-child td{border-bottom:0}
@media (min-width:1100px){.plots{display:grid;grid-template-columns:1fr 1fr;column-gap:32px}.full{grid-column:1/-1}}
svg{display:block;max-width:100%;height:auto}.narrow{display:none}
footer{margin-top:36px;font-size:13px}
@media (max-width:760px){main{padding:20px 16px 40px}h1{font-size:22px}.wide{display:none}.narrow{display:block}}
@media print{.wide{display:block}.narrow{display:none}}
`;
