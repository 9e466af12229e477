/**
 * Small multiples of the drift report. Drawn by hand as a few SVG paths each: fifty features drawn by ECharts, for two widths,
 * would weigh 1 MB. The reference is filled or dashed, the window outlined or solid: colour is never the only difference.
 */
import type { ReportedCdf, ReportedFeature, ReportedHistogram } from '../../core/drift/report-data';
import type { Html } from './html';
import { figure, html } from './html';

const WIDTH = 240;
const HEIGHT = 110;
const TOP = 14;
const BASE = 92;
/** Categories drawn by name; the rest is one bar. */
const MOST_CATEGORIES = 10;
const NAME_LETTERS = 15;

export const PICTURE_CSS = `
.pic text{font:11px system-ui,sans-serif;fill:var(--muted)}
.pic .r{fill:var(--muted);opacity:.38}.pic .c{fill:none;stroke:var(--candidate);stroke-width:1.8}
.pic .d{fill:none;stroke:var(--muted);stroke-width:1.8;stroke-dasharray:5 3}
.pic .a{fill:none;stroke:var(--grid)}.pic .t{fill:none;stroke:var(--bad);stroke-dasharray:3 3}
.pic .e{text-anchor:end}.pic .m{text-anchor:middle}.pic .n{fill:var(--ink)}
`;

/** Both sides' shares by bin or category. null: nothing to draw. */
export function histogramPicture(histogram: ReportedHistogram): Html | null {
  return histogram.edges === null ? categoryBars(histogram) : binColumns(histogram, histogram.edges);
}

/** Columns of equal width a bin: the edges are quantiles of the reference, so it is nearly flat and a shift stands out. */
function binColumns({ reference, current }: ReportedHistogram, edges: readonly number[]): Html | null {
  const bins = reference.length;
  if (bins === 0) return null;
  const most = Math.max(...reference, ...current);
  if (!(most > 0)) return null;
  const x = (bin: number): string => short((bin * WIDTH) / bins);
  const y = (share: number | undefined): string => short(BASE - ((BASE - TOP) * (share ?? 0)) / most);
  const columns = reference.map((share, i) => `M${x(i)} ${BASE}V${y(share)}H${x(i + 1)}V${BASE}`).join('');
  const outline = `M0 ${BASE}${current.map((share, i) => `V${y(share)}H${x(i + 1)}`).join('')}V${BASE}`;
  const [first, last] = [edges[0], edges.at(-1)];
  const text = edgeTexts(edges);
  return picture(
    HEIGHT,
    'shares by bin, reference filled, current outlined',
    html`<path class="a" d="M0 ${BASE}H${WIDTH}" /><path class="r" d="${columns}" /><path
        class="c"
        d="${outline}"
      /><text y="9">${percentOf(most)}</text
      >${first === undefined ? null : html`<text y="106" x="2">≤ ${text[0]}</text>`}${
        last === undefined ? null : html`<text class="e" y="106" x="${WIDTH - 2}">&gt; ${text.at(-1)}</text>`
      }`,
  );
}

function categoryBars(histogram: ReportedHistogram): Html | null {
  const rows = categoriesOf(histogram, MOST_CATEGORIES);
  const most = Math.max(0, ...rows.flatMap(({ reference, current }) => [reference, current]));
  if (!(most > 0)) return null;
  const [left, step] = [108, 15];
  const length = (share: number): string => short(left + ((WIDTH - left - 2) * share) / most);
  const height = rows.length * step + 16;
  const bars = (side: 'reference' | 'current'): string =>
    rows
      .map(
        (row, i) =>
          `M${left} ${14 + i * step}H${length(row[side])}V${25 + i * step}H${left}${side === 'current' ? 'Z' : ''}`,
      )
      .join('');
  return picture(
    height,
    'shares by category, reference filled, current outlined',
    html`<text class="e" y="9" x="${WIDTH}">${percentOf(most)}</text><path class="r" d="${bars('reference')}" /><path
        class="c"
        d="${bars('current')}"
      />${rows.map(
        ({ name }, i) => html`<text class="e n" x="${left - 5}" y="${24 + i * step}">${cut(name, NAME_LETTERS)}</text>`,
      )}`,
  );
}

export interface CategoryShares {
  readonly name: string;
  readonly reference: number;
  readonly current: number;
}

/** The largest categories (on either side) in the order of the reference; the others as one. */
export function categoriesOf({ categories, reference, current }: ReportedHistogram, most: number): CategoryShares[] {
  const all = reference.map((share, i) => ({
    name: categories?.[i] ?? `category ${i + 1}`,
    reference: share,
    current: current[i] ?? 0,
  }));
  if (all.length <= most) return all;
  const large = (row: CategoryShares): number => Math.max(row.reference, row.current);
  const kept = new Set([...all].sort((a, b) => large(b) - large(a)).slice(0, most - 1));
  const rest = all.filter((row) => !kept.has(row));
  const sum = (side: 'reference' | 'current'): number => rest.reduce((total, row) => total + row[side], 0);
  return [
    ...all.filter((row) => kept.has(row)),
    { name: `${rest.length} others`, reference: sum('reference'), current: sum('current') },
  ];
}

/** Share of values up to x at the edges, on the true scale, with the largest gap marked. null: fewer than two edges. */
export function cdfPicture({ x: edges, reference, current }: ReportedCdf): Html | null {
  const [low, high] = [edges[0], edges.at(-1)];
  if (low === undefined || high === undefined || !(high > low) || !Number.isFinite(high - low)) return null;
  const x = (value: number): string => short(2 + ((WIDTH - 4) * (value - low)) / (high - low));
  const y = (share: number | undefined): string => short(BASE - (BASE - TOP) * (share ?? 0));
  const path = (shares: readonly number[]): string =>
    `M${edges.map((edge, i) => `${x(edge)} ${y(shares[i])}`).join('L')}`;
  const gaps = edges.map((_, i) => Math.abs((reference[i] ?? 0) - (current[i] ?? 0)));
  const widest = Math.max(...gaps);
  const at = gaps.indexOf(widest);
  const text = edgeTexts(edges);
  return picture(
    HEIGHT,
    'cumulative shares, reference dashed, current solid',
    html`<path class="a" d="M0 ${BASE}H${WIDTH}M0 ${TOP}H${WIDTH}" />${
        widest > 0 ? html`<path class="t" d="M${x(edges[at] ?? low)} ${y(reference[at])}V${y(current[at])}" />` : null
      }<path class="d" d="${path(reference)}" /><path class="c" d="${path(current)}" /><text y="9"
        >100 %; widest gap ${percentOf(widest)}</text
      ><text y="106" x="2">${text[0]}</text><text class="e" y="106" x="${WIDTH - 2}">${text.at(-1)}</text>`,
  );
}

/** The effect window by window with its threshold. null without a history. */
export function historyPicture({ overTime, threshold, method }: ReportedFeature): Html | null {
  if (overTime.length < 2) return null;
  const effects = overTime.map(({ effect }) => effect);
  const most = 1.1 * Math.max(threshold ?? 0, ...effects.map((effect) => effect ?? 0));
  if (!(most > 0)) return null;
  const [width, base, top] = [500, 46, 14];
  const x = (i: number): string => short(3 + ((width - 6) * i) / (effects.length - 1));
  const y = (value: number): string => short(base - ((base - top) * value) / most);
  let path = '';
  let pen = 'M';
  effects.forEach((effect, i) => {
    if (effect === null) {
      pen = 'M';
      return;
    }
    path += `${pen}${x(i)} ${y(effect)}`;
    pen = 'L';
  });
  const limit = threshold === null ? null : html`<path class="t" d="M0 ${y(threshold)}H${width}" />`;
  return picture(
    60,
    `${method ?? 'effect'} by window, threshold dashed`,
    html`<path class="a" d="M0 ${base}H${width}" />${limit}<path class="c" d="${path}" /><text y="9"
        >${method ?? 'effect'}, ${effects.length} windows</text
      ><text y="58">${day(overTime[0]?.windowEnd)}</text
      ><text class="e" y="58" x="${width}">${day(overTime.at(-1)?.windowEnd)}</text>`,
    width,
  );
}

/** Numbers of the picture for whoever does not see it. */
export function shareRows(histogram: ReportedHistogram, mostCategories: number): readonly CategoryShares[] {
  if (histogram.edges === null) return categoriesOf(histogram, mostCategories);
  const text = edgeTexts(histogram.edges);
  return histogram.reference.map((reference, i) => ({
    name: i === 0 ? `≤ ${text[0] ?? '∞'}` : i === text.length ? `> ${text[i - 1]}` : `${text[i - 1]} – ${text[i]}`,
    reference,
    current: histogram.current[i] ?? 0,
  }));
}

function picture(height: number, what: string, body: Html, width = WIDTH): Html {
  return html`<svg class="pic" viewBox="0 0 ${width} ${height}" role="img" aria-label="${what}">${body}</svg>`;
}

/** As few digits as tell neighbours apart, at least four. */
export function edgeTexts(edges: readonly number[]): readonly string[] {
  for (let digits = 4; digits < 17; digits++) {
    const texts = edges.map((edge) => textOf(edge, digits));
    if (new Set(texts).size === new Set(edges).size) return texts;
  }
  return edges.map(String);
}

function textOf(value: number, digits: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(digits - 2);
  return String(Number(value.toPrecision(digits)));
}

export const percentOf = (share: number | null): string =>
  share === null || !Number.isFinite(share) ? '–' : `${figure(Number((100 * share).toPrecision(3)))} %`;

/** Cut in code points, so that no half character is left. */
export function cut(text: string, letters: number): string {
  const points = Array.from(text);
  return points.length <= letters ? text : `${points.slice(0, letters - 1).join('')}…`;
}

const short = (value: number): string => String(Math.round(value * 10) / 10);

const day = (at: number | undefined): string => (at === undefined ? '' : new Date(at).toISOString().slice(0, 10));
