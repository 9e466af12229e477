import type { DriftReportData, DriftReportVerdict, ReportedFeature } from '../../core/drift/report-data';
import type { Reason } from '../../core/verdict';
import { compactSvg, pageSvg, type Chart } from './chart-svg';
import { effectChart, performanceCharts } from './drift-charts';
import {
  decisionTable,
  featureTable,
  levelMark,
  metricTable,
  nullShare,
  pText,
  qualityTables,
  signalTable,
} from './drift-tables';
import { escapeText, figure, html, Html, moment, percent, table } from './html';
import { page, verdictMark, type PageSection, type Tone } from './page';
import { cdfPicture, cut, histogramPicture, historyPicture, percentOf, PICTURE_CSS, shareRows } from './small-pictures';

/** Of the whole file, in bytes: what a mail, a tracking server and a phone take without complaint. */
const MOST_BYTES = 200_000;
/** How much is drawn and listed, from all to little: the first that fits is taken. */
const DETAIL = [
  { drawn: 50, listed: 300, categories: 20 },
  { drawn: 30, listed: 250, categories: 15 },
  { drawn: 15, listed: 200, categories: 10 },
  { drawn: 5, listed: 80, categories: 10 },
  { drawn: 0, listed: 20, categories: 0 },
] as const;
const MOST_REASONS = 12;

type Detail = (typeof DETAIL)[number];

const VERDICTS: Readonly<Record<DriftReportVerdict, { readonly text: string; readonly tone: Tone }>> = {
  noDrift: { text: 'No drift', tone: 'good' },
  warn: { text: 'Warning', tone: 'neutral' },
  drift: { text: 'Drift', tone: 'bad' },
  breach: { text: 'Breach', tone: 'bad' },
  dataInvalid: { text: 'The data are invalid', tone: 'bad' },
  insufficient: { text: 'Not enough data to say', tone: 'neutral' },
};

export function driftPage(data: DriftReportData): string {
  // The charts weigh the same in every attempt: they are drawn once.
  const charts = {
    effect: drawn([effectChart(data)]),
    performance: drawn(performanceCharts(data.performance)),
  };
  let source = '';
  for (const detail of DETAIL) {
    // Indentation of the templates is a tenth of the page; no element in it keeps its spaces.
    source = pageOf(data, detail, charts).replace(/\n\s+/g, '\n');
    if (Buffer.byteLength(source) <= MOST_BYTES) break;
  }
  return source;
}

interface DrawnCharts {
  readonly effect: Html | null;
  readonly performance: Html | null;
}

function drawn(charts: readonly (Chart | null)[]): Html | null {
  const figures = charts.filter((chart) => chart !== null).map(chartFigure);
  return figures.length === 0 ? null : html`<div class="plots">${figures}</div>`;
}

/** Half charts are drawn once, in a width that both screens bear: a report has up to five of them. */
const HALF = 440;
const WIDE = 1032;
const NARROW = 340;

function chartFigure(chart: Chart): Html {
  const svg = (width: number, shown: string): Html =>
    html`<div class="${shown}" role="img" aria-label="${chart.title}">
      ${new Html(compactSvg(pageSvg(chart, width)))}
    </div>`;
  return html`<figure class="${chart.half === true ? 'half' : 'full'}">
    <figcaption>${chart.title}<small>${chart.note}</small></figcaption>
    ${chart.half === true ? svg(HALF, 'both') : [svg(WIDE, 'wide'), svg(NARROW, 'narrow')]}
  </figure>`;
}

function pageOf(data: DriftReportData, detail: Detail, charts: DrawnCharts): string {
  const sections: (PageSection | null)[] = [
    moreReasons(data.reasons),
    featureSection(data, detail, charts.effect),
    answerSection(data, detail),
    performanceSection(data, charts.performance),
    qualitySection(data),
    { title: 'How it was decided', body: decisionTable(data) },
  ];
  return page({
    kind: 'Drift report',
    title: titleOf(data),
    verdict: VERDICTS[data.verdict],
    reasons: data.reasons.slice(0, MOST_REASONS).map((reason) => ({ ...reason, text: cut(reason.text, 400) })),
    facts: factsOf(data),
    tables: [],
    charts: [],
    sections: sections.filter((section) => section !== null),
    css: CSS,
  });
}

function titleOf({ subject }: DriftReportData): string {
  if (subject.kind === 'tables') return `${cut(subject.current, 80)} against ${cut(subject.reference, 80)}`;
  return `${subject.model} version ${subject.version}, window until ${moment(subject.windowEnd)}`;
}

function factsOf({ subject, features, driftedShare, performance }: DriftReportData): [string, string][] {
  const count = (level: ReportedFeature['level']): number => features.filter((f) => f.level === level).length;
  const levels = (['drift', 'warn', 'ok', 'insufficient'] as const)
    .map((level) => `${count(level)} ${level}`)
    .join(', ');
  return [
    ...(subject.kind === 'window'
      ? ([['Window', `${moment(subject.windowStart)} to ${moment(subject.windowEnd)}`]] as [string, string][])
      : []),
    ['Rows now', figure(subject.currentRows)],
    ['Rows of the reference', figure(subject.referenceRows)],
    ['Features', features.length === 0 ? 'none measured' : levels],
    ['Drifted share', percentOf(driftedShare)],
    ...(performance === null
      ? []
      : ([
          [
            'Labels',
            `${figure(performance.labelled)} of ${figure(performance.rows)} = ${percent(performance.labelled, performance.rows)}`,
          ],
        ] as [string, string][])),
  ];
}

function moreReasons(reasons: readonly Reason[]): PageSection | null {
  const rest = reasons.slice(MOST_REASONS);
  if (rest.length === 0) return null;
  const shown = rest.slice(0, 60);
  return {
    title: 'Further reasons',
    body: html`<details>
      <summary>${rest.length} more${shown.length < rest.length ? `, the first ${shown.length}` : ''}</summary>
      <ul class="reasons">
        ${shown.map(({ code, text }) => html`<li>${cut(text, 300)} <code>${code}</code></li>`)}
      </ul>
    </details>`,
  };
}

function featureSection({ features, notCompared }: DriftReportData, detail: Detail, effect: Html | null): PageSection {
  if (features.length === 0 && notCompared.length === 0) {
    return { title: 'Features', body: html`<p class="muted">No feature was measured: there is no reference.</p>` };
  }
  const pictured = features.slice(0, detail.drawn);
  const worth = pictured.filter(({ level }) => level === 'drift' || level === 'warn');
  const within = pictured.filter(({ level }) => level !== 'drift' && level !== 'warn');
  const undrawn = features.length - pictured.length;
  return {
    title: 'Features, ranked by effect and importance',
    body: [
      pictured.length === 0 ? null : KEY,
      cards(worth, 0, detail),
      within.length === 0
        ? null
        : html`<details ${worth.length === 0 ? new Html('open') : null}>
            <summary>${within.length} ${worth.length === 0 ? '' : 'more '}features without drift</summary>
            ${cards(within, worth.length, detail)}
          </details>`,
      undrawn > 0 && pictured.length > 0
        ? html`<p class="muted">
            The first ${pictured.length} of ${features.length} features are drawn; all are in the table.
          </p>`
        : null,
      effect,
      featureTable(`All ${features.length} features`, features, detail.listed),
      table(
        'Not compared',
        [
          { head: 'column', cell: ({ name }) => cut(name, 60) },
          { head: 'why', cell: ({ why }) => cut(why, 200) },
        ],
        notCompared.slice(0, 40),
      ),
    ],
  };
}

const KEY = html`<p class="key">
  <svg class="pic" viewBox="0 0 26 12" aria-hidden="true">
    <path class="r" d="M0 1h26v10H0z" />
    <path class="d" d="M0 6H26" />
  </svg>
  reference: filled, dashed
  <svg class="pic" viewBox="0 0 26 12" aria-hidden="true"><path class="c" d="M1 11V2H25V11" /></svg>
  current: outlined, solid. Left: share by bin. Right: share of values up to x.
</p>`;

function cards(features: readonly ReportedFeature[], before: number, detail: Detail): Html | null {
  if (features.length === 0) return null;
  return html`<div class="cards">${features.map((feature, i) => card(feature, `${before + i + 1}. `, detail))}</div>`;
}

function card(feature: ReportedFeature, number: string, { categories }: Detail): Html {
  const { name, level, effect, method, threshold, importance, histogram, cdf, reference, current } = feature;
  const p = feature.adjustedPValue ?? feature.pValue;
  const facts = [
    effect === null ? cut(feature.reason.text, 200) : `${method ?? 'effect'} ${figure(effect)}`,
    effect === null || threshold === null ? null : `threshold ${figure(threshold)}`,
    p === null ? null : `${feature.adjustedPValue === null ? '' : 'adjusted '}p ${pText(p)}`,
    importance === null ? null : `importance ${figure(importance)}`,
    (current.nulls ?? 0) + (reference.nulls ?? 0) > 0
      ? `missing ${nullShare(reference)} → ${nullShare(current)}`
      : null,
  ].filter((fact) => fact !== null);
  return html`<article>
    <h3>${number}${cut(name, 60)} ${levelMark(level)}</h3>
    <p>${facts.join(' · ')}</p>
    ${
      histogram === null
        ? html`<p class="muted">Nothing to draw.</p>`
        : html`<div class="pair">${histogramPicture(histogram)}${cdf === null ? null : cdfPicture(cdf)}</div>`
    }${historyPicture(feature)}${histogram === null ? null : shareTable(histogram, categories)}
  </article>`;
}

/** Built without the end tags that HTML lets one leave out: a page has up to fifty of these tables. */
function shareTable(histogram: NonNullable<ReportedFeature['histogram']>, categories: number): Html | null {
  const rows = shareRows(histogram, categories).map(
    ({ name, reference, current }) =>
      `<tr><td>${escapeText(cut(name, 40))}<td>${percentOf(reference)}<td>${percentOf(current)}`,
  );
  if (rows.length === 0) return null;
  const head = '<tr><th>value<th>reference<th>current';
  return new Html(`<details><summary>numbers</summary><table>${head}${rows.join('')}</table></details>`);
}

function answerSection({ prediction, target }: DriftReportData, detail: Detail): PageSection | null {
  const some = [
    ...(prediction === null ? [] : [{ ...prediction, name: `answers (${prediction.name})` }]),
    ...(target === null ? [] : [{ ...target, name: `labels (${target.name})` }]),
  ];
  if (some.length === 0) return null;
  return {
    title: 'Answers and labels',
    body: html`<div class="cards">${some.map((feature) => card(feature, '', detail))}</div>`,
  };
}

function performanceSection(data: DriftReportData, charts: Html | null): PageSection | null {
  const { performance } = data;
  if (performance === null) {
    return data.signals.length === 0 ? null : { title: 'Performance', body: signalTable(data) };
  }
  const { estimate } = performance;
  return {
    title: 'Performance and label coverage',
    body: [
      html`<p>Judged on labels: ${verdictMark(performance.verdict)}</p>`,
      estimate === null
        ? null
        : html`<p>
              Estimated without labels:
              <span class="mark ${estimate.verdict === 'suspicious' ? 'bad' : 'neutral'}">${estimate.verdict}</span>. An
              estimate never clears a breach and never promotes.
            </p>
            <ul class="reasons">
              ${estimate.reasons.slice(0, MOST_REASONS).map(({ text, code }) => html`<li>${cut(text, 300)} <code>${code}</code></li>`)}
            </ul>`,
      metricTable(performance),
      charts,
      signalTable(data),
    ],
  };
}

function qualitySection({ quality }: DriftReportData): PageSection | null {
  if (quality === null) return null;
  return {
    title: 'Data quality',
    body: [
      html`<p>
        ${verdictMark(quality.verdict)}${quality.issues.length === 0 ? ': every rule that was checked holds' : `, ${quality.issues.length} issues`}
      </p>`,
      qualityTables(quality),
    ],
  };
}

const CSS = `${PICTURE_CSS}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,460px),1fr));gap:20px 32px;margin:0 0 24px}
article{min-width:0;border:1px solid var(--grid);border-radius:6px;padding:10px 14px}
h3{font-size:15px;margin:0;overflow-wrap:anywhere}article p{margin:2px 0 8px;color:var(--muted);font-size:13px;overflow-wrap:anywhere}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:8px 16px;align-items:start}.pair>:only-child{max-width:300px;width:100%}
.pair .pic,article>.pic{width:100%}
article table{font-size:13px;width:auto}article th,article td{padding:1px 10px 1px 0;border:0}
article td+td,article th+th{text-align:right}
details{margin:6px 0 0}summary{cursor:pointer;color:var(--muted);font-size:13px}section>details{margin:0 0 24px}
section>details>summary{font-size:15px;margin-bottom:12px;color:var(--ink)}
.key{color:var(--muted);font-size:13px}.key svg{display:inline-block;width:26px;height:12px;margin-left:6px}
@media (max-width:480px){.pair{grid-template-columns:1fr}article{padding:10px}}
`;
