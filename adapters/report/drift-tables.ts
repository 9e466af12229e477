import type {
  DriftReportData,
  ReportedFeature,
  ReportedMetric,
  ReportedNulls,
  ReportedPerformance,
  ReportedQuality,
} from '../../core/drift/report-data';
import type { QualityIssue } from '../../core/quality/quality-report';
import { figure, html, moment, table, type Html } from './html';
import { verdictMark } from './page';
import { cut, percentOf } from './small-pictures';

/** Names beyond it are cut: one long name must not push the numbers out of sight. */
const NAME_LETTERS = 60;
const TEXT_LETTERS = 300;
const MOST_ISSUES = 40;
const MOST_NULLS = 20;
const MOST_SIGNALS = 20;

/** A level as a word with a colour: the word alone is enough. */
export function levelMark(level: ReportedFeature['level']): Html {
  const tone = level === 'drift' ? 'bad' : level === 'ok' ? 'good' : 'neutral';
  return html`<span class="mark ${tone}">${level}</span>`;
}

/** p as people read it: never "0". */
export const pText = (p: number | null): string => (p === 0 ? '< 1e-300' : figure(p));

export function featureTable(caption: string, features: readonly ReportedFeature[], most: number): Html | null {
  const shown = features.slice(0, most);
  const left = features.length - shown.length;
  return table(
    left === 0 ? caption : `${caption}; ${left} more stand in drift.json`,
    [
      { head: 'feature', cell: ({ name }) => cut(name, NAME_LETTERS) },
      { head: 'level', cell: ({ level }) => levelMark(level) },
      {
        head: 'effect',
        cell: ({ effect, method }) => (effect === null ? '–' : `${method ?? ''} ${figure(effect)}`),
        number: true,
      },
      { head: 'threshold', cell: ({ threshold }) => figure(threshold), number: true },
      { head: 'p', cell: ({ pValue }) => pText(pValue), number: true },
      { head: 'adjusted p', cell: ({ adjustedPValue }) => pText(adjustedPValue), number: true },
      { head: 'importance', cell: ({ importance }) => figure(importance), number: true },
      { head: 'missing before', cell: ({ reference }) => nullShare(reference), number: true },
      { head: 'missing now', cell: ({ current }) => nullShare(current), number: true },
    ],
    shown,
  );
}

export const nullShare = ({ rows, nulls }: ReportedFeature['current']): string =>
  rows === null || nulls === null || rows === 0 ? '–' : percentOf(nulls / rows);

export function metricTable({ metrics }: ReportedPerformance): Html | null {
  return table<ReportedMetric>(
    'Performance in this window',
    [
      { head: 'metric', cell: ({ name }) => cut(name, NAME_LETTERS) },
      { head: 'realised', cell: ({ value }) => figure(value), number: true },
      { head: '95 % interval', cell: ({ low, high }) => interval(low, high), number: true },
      {
        head: 'estimated',
        cell: (metric) => {
          const now = metric.overTime.at(-1)?.estimated ?? null;
          if (now === null) return '–';
          return `${figure(now.value)} ${interval(now.low, now.high)}${now.reliable ? '' : ' unreliable'}`;
        },
        number: true,
      },
      { head: 'hold-out', cell: ({ holdout }) => figure(holdout), number: true },
      {
        head: 'rules',
        cell: ({ bounds, loss }) => bounds.map((bound, i) => html`${i > 0 ? '; ' : null}${ruleText(bound, loss)}`),
      },
    ],
    metrics,
  );
}

const interval = (low: number | null, high: number | null): string =>
  low === null || high === null ? '–' : `[${figure(low)}, ${figure(high)}]`;

function ruleText({ bound, withConfidence, fired }: ReportedMetric['bounds'][number], loss: boolean): Html {
  const limit = `${loss ? 'at most' : 'at least'} ${figure(bound)}${withConfidence ? ' with its interval' : ''}: `;
  if (fired === null) return html`${limit}not judged`;
  return html`${limit}<span class="mark ${fired ? 'bad' : 'good'}">${fired ? 'broken' : 'holds'}</span>`;
}

export function qualityTables({ issues, nulls, notChecked }: ReportedQuality): readonly (Html | null)[] {
  return [
    table<QualityIssue>(
      issues.length > MOST_ISSUES ? `Issues: the worst ${MOST_ISSUES} of ${issues.length}` : 'Issues',
      [
        {
          head: 'verdict',
          cell: ({ severity }) => (severity === 'warn' ? verdictLike('warn') : verdictMark(severity)),
        },
        { head: 'rule', cell: ({ code }) => html`<code>${code}</code>` },
        { head: 'feature', cell: ({ feature }) => (feature === null ? 'all rows' : cut(feature, NAME_LETTERS)) },
        { head: 'what', cell: ({ message }) => html`<span class="text">${cut(message, TEXT_LETTERS)}</span>` },
        { head: 'rows', cell: ({ count }) => figure(count), number: true },
        {
          head: 'first keys',
          cell: ({ keys }) => (keys === undefined || keys.length === 0 ? '–' : cut(keys.join(', '), NAME_LETTERS)),
        },
      ],
      issues.slice(0, MOST_ISSUES),
    ),
    nullTable(nulls),
    notChecked.length === 0
      ? null
      : html`<p class="muted">Not checked: ${cut(notChecked.join('; '), 4 * TEXT_LETTERS)}.</p>`,
  ];
}

const verdictLike = (word: string): Html => html`<span class="mark neutral">${word}</span>`;

/** Where something is missing, the largest increase first. */
function nullTable(nulls: readonly ReportedNulls[]): Html | null {
  const increase = (n: ReportedNulls): number => (n.nullShare ?? 0) - (n.referenceNullShare ?? 0);
  const some = nulls
    .filter((n) => n.nulls > 0 || (n.referenceNullShare ?? 0) > 0)
    .sort((a, b) => increase(b) - increase(a));
  const shown = some.slice(0, MOST_NULLS);
  return table(
    shown.length < some.length
      ? `Missing values: the ${MOST_NULLS} largest increases of ${some.length}`
      : 'Missing values',
    [
      { head: 'feature', cell: ({ feature }) => cut(feature, NAME_LETTERS) },
      { head: 'missing', cell: (n) => figure(n.nulls), number: true },
      { head: 'share', cell: ({ nullShare: share }) => percentOf(share), number: true },
      { head: 'in the reference', cell: ({ referenceNullShare: share }) => percentOf(share), number: true },
    ],
    shown,
  );
}

export function signalTable({ signals }: DriftReportData): Html | null {
  const shown = signals.slice(-MOST_SIGNALS);
  return table(
    `Streaming detectors: ${signals.length} signals${shown.length < signals.length ? `, the newest ${MOST_SIGNALS}` : ''}`,
    [
      { head: 'detector', cell: ({ detector }) => detector },
      {
        head: 'signal',
        cell: ({ kind }) => html`<span class="mark ${kind === 'drift' ? 'bad' : 'neutral'}">${kind}</span>`,
      },
      { head: 'window until', cell: ({ windowEnd }) => (windowEnd === null ? '–' : moment(windowEnd)) },
      { head: 'at label', cell: ({ index }) => figure(index), number: true },
    ],
    shown,
  );
}

export function decisionTable({ decided }: DriftReportData): Html | null {
  const rows: (readonly [string, string])[] = [
    ...decided.rule,
    ...Object.entries(decided.digests).map(([name, digest]) => [`digest: ${name}`, digest] as const),
    ...(decided.codeVersion === null ? [] : [['code version', decided.codeVersion] as const]),
    ...(decided.workflowId === null ? [] : [['workflow', decided.workflowId] as const]),
    ...(decided.revision === null ? [] : [['revision', String(decided.revision)] as const]),
    ...(decided.at === null ? [] : [['decided', moment(decided.at)] as const]),
  ];
  return table(
    'Rule, versions and digests',
    [
      { head: 'name', cell: ([name]) => cut(name, NAME_LETTERS) },
      { head: 'value', cell: ([, value]) => html`<span class="text">${cut(value, TEXT_LETTERS)}</span>` },
    ],
    rows,
  );
}
