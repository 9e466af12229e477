import type { DriftMeasurement, FeatureDrift } from '../../core/drift/drift-measurement';
import type { GateReport, GateRuleResult } from '../../core/gate/judge-gate';
import type { FinishedTrial, RetrainReportData } from '../../core/ports';
import type { Reason } from '../../core/verdict';
import { figure, html, moment, table, type Html } from './html';
import { factTable, page, verdictMark, type Tone } from './page';
import { retrainCharts } from './retrain-charts';

const SHOWN_TRIALS = 25;

export function retrainPage(data: RetrainReportData): string {
  const gate = (data.gate ?? {}) as Partial<GateReport>;
  const features = driftOf(data);
  const version = data.version === null ? '' : ` version ${data.version}`;
  return page({
    kind: 'Retraining',
    title: `${data.model}${version}: ${data.outcome}`,
    verdict: verdictOf(data, gate),
    reasons: reasonsOf(data),
    facts: [
      ['Why it ran', data.reason],
      ['When', moment(data.at)],
      ['Workflow', html`<code>${data.workflowId}</code>`],
      ...snapshotFacts(data),
    ],
    tables: [metricTable(gate), ruleTable(gate.rules), gateFacts(gate), driftTable(features), trialTable(data.trials)],
    charts: retrainCharts(data, features),
  });
}

/** The features of a DriftMeasurement, or of a whole evaluation that holds one as `drift`; [] when there is none. */
export function driftOf(data: Pick<RetrainReportData, 'drift'>): readonly Partial<FeatureDrift>[] {
  const whole = (data.drift ?? {}) as Partial<DriftMeasurement> & { readonly drift?: Partial<DriftMeasurement> | null };
  const features = whole.features ?? whole.drift?.features;
  return Array.isArray(features) ? (features as readonly Partial<FeatureDrift>[]) : [];
}

function verdictOf(data: RetrainReportData, gate: Partial<GateReport>): { text: string; tone: Tone } {
  const TONES: Readonly<Record<string, Tone>> = {
    challenger: 'good',
    failed: 'bad',
    dataInvalid: 'bad',
    refused: 'bad',
  };
  const gateText = gate.verdict === undefined ? '' : ` (gate: ${gate.verdict})`;
  return { text: `${data.outcome}${gateText}`, tone: TONES[data.outcome] ?? 'neutral' };
}

function reasonsOf(data: RetrainReportData): readonly Reason[] {
  if (data.gateReasons.length > 0) return data.gateReasons;
  const { reasons } = (data.gate ?? {}) as Partial<GateReport>;
  return Array.isArray(reasons) ? (reasons as readonly Reason[]) : [];
}

function snapshotFacts({ snapshot }: RetrainReportData): [string, Html | string][] {
  if (snapshot === null) return [['Data', 'no snapshot was taken']];
  return [
    ['Data', `${figure(snapshot.rows)} rows, ${moment(snapshot.from)} to ${moment(snapshot.to)}`],
    ['Known at', moment(snapshot.asOf)],
    ['Snapshot digest', html`<code>${snapshot.digest}</code>`],
  ];
}

function metricTable(gate: Partial<GateReport>): Html | null {
  const candidate = gate.candidateMetrics ?? {};
  const champion = gate.championMetrics ?? {};
  const names = [...new Set([...Object.keys(candidate), ...Object.keys(champion)])];
  const caption = 'Metrics on the held-out rows';
  return table(
    caption,
    [
      { head: 'metric', cell: (name) => name },
      { head: 'candidate', cell: (name) => figure(candidate[name]), number: true },
      { head: 'champion', cell: (name) => figure(champion[name]), number: true },
    ],
    names,
  );
}

function ruleTable(rules: readonly GateRuleResult[] | undefined): Html | null {
  if (!Array.isArray(rules)) return null;
  return table<Partial<GateRuleResult>>(
    'Rules of the gate',
    [
      { head: 'verdict', cell: ({ verdict }) => verdictMark(verdict) },
      { head: 'rule', cell: ({ rule }) => (rule === undefined ? '–' : `${rule.kind} ${rule.metric}`) },
      { head: 'candidate', cell: ({ candidate }) => figure(candidate), number: true },
      { head: 'champion', cell: ({ champion }) => figure(champion), number: true },
      { head: 'better by', cell: ({ difference }) => figure(difference), number: true },
      { head: 'interval', cell: ({ interval }) => bounds(interval), number: true },
      { head: 'why', cell: ({ reason }) => html`<span class="text">${reason?.text}</span>` },
    ],
    rules,
  );
}

function bounds(interval: GateRuleResult['interval'] | undefined): string {
  return interval === null || interval === undefined ? '–' : `[${figure(interval.low)}, ${figure(interval.high)}]`;
}

/** Plain values of the gate's report that have no table of their own (counts, seed, what a random hold-out said). */
function gateFacts(gate: Partial<GateReport>): Html | null {
  const plain = Object.entries(gate).filter(
    ([name, value]) => name !== 'schemaVersion' && (typeof value === 'number' || typeof value === 'string'),
  );
  return factTable('The gate', Object.fromEntries(plain));
}

function driftTable(features: readonly Partial<FeatureDrift>[]): Html | null {
  return table(
    'Drift that was measured',
    [
      { head: 'feature', cell: ({ name }) => name },
      { head: 'level', cell: ({ level }) => (level === 'drift' ? html`<span class="mark bad">drift</span>` : level) },
      { head: 'effect', cell: ({ effect, method }) => `${figure(effect)} ${method ?? ''}`, number: true },
      { head: 'threshold', cell: ({ threshold }) => figure(threshold), number: true },
      { head: 'adjusted p', cell: ({ adjustedPValue }) => figure(adjustedPValue), number: true },
      { head: 'rows', cell: ({ current }) => figure(current?.rows), number: true },
      { head: 'nulls', cell: ({ current }) => figure(current?.nulls), number: true },
    ],
    features,
  );
}

function trialTable(trials: readonly FinishedTrial[]): Html | null {
  const rows = trials.map((trial, i) => ({ ...trial, number: i + 1 }));
  const failed = rows.filter(({ value }) => value === null).length;
  const shown = rows.slice(-SHOWN_TRIALS);
  const caption = `Trials: ${trials.length}, ${failed} failed${trials.length > shown.length ? `; the last ${shown.length}` : ''}`;
  return table(
    caption,
    [
      { head: 'trial', cell: ({ number }) => number, number: true },
      { head: 'objective', cell: ({ value }) => (value === null ? 'failed' : figure(value)), number: true },
      {
        head: 'parameters',
        cell: ({ params }) =>
          html`<span class="text"
            >${Object.entries(params)
              .map(([name, value]) => `${name} ${typeof value === 'number' ? figure(value) : String(value)}`)
              .join(', ')}</span
          >`,
      },
    ],
    shown,
  );
}
