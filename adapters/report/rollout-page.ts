import type { DecisionRecord, RolloutReportData } from '../../core/ports';
import type { ArmCounts, Segment } from '../../core/rollout/evidence';
import { figure, html, moment, percent, table, type Html } from './html';
import { page, verdictMark, type Tone } from './page';
import { guardrailsOf, rolloutCharts, weightAfter, type GuardrailSeen } from './rollout-charts';

/** A rollout of days has thousands of looks: the table shows the newest, PostgreSQL has all. */
const MOST_ROWS = 120;

export function rolloutPage(data: RolloutReportData): string {
  const TONES: Readonly<Record<string, Tone>> = { promoted: 'good', passed: 'good', rolledBack: 'bad', failed: 'bad' };
  return page({
    kind: 'Rollout',
    title: `${data.model} version ${data.version}: ${data.outcome}`,
    verdict: { text: data.outcome, tone: TONES[data.outcome] ?? 'neutral' },
    reasons: data.reasons,
    facts: [
      ['Candidate', `version ${data.version}`],
      ['Champion', `version ${data.champion}`],
      ['When it ended', moment(data.at)],
      ['Workflow', html`<code>${data.workflowId}</code>`],
    ],
    tables: [guardrailTable(data.decisions), segmentTable(data.segments), decisionTable(data.decisions)],
    charts: rolloutCharts(data),
  });
}

/** The last look at each guardrail. */
function guardrailTable(decisions: readonly DecisionRecord[]): Html | null {
  const looks = [...decisions].sort((a, b) => a.at - b.at).map(guardrailsOf);
  const last = looks.filter((seen) => seen.length > 0).at(-1) ?? [];
  return table<GuardrailSeen>(
    'Guardrails at the last look',
    [
      { head: 'bad event', cell: ({ event }) => event },
      { head: 'E', cell: ({ e }) => figure(e), number: true },
      { head: 'fires at', cell: ({ threshold }) => figure(threshold), number: true },
      { head: '', cell: ({ fired }) => (fired ? html`<span class="mark bad">fired</span>` : 'quiet') },
    ],
    last,
  );
}

interface ArmRow {
  readonly segment: Segment;
  readonly arm: 'candidate' | 'champion';
  readonly counts: ArmCounts;
}

function segmentTable(segments: readonly Segment[]): Html | null {
  const rows = segments.flatMap((segment): ArmRow[] => [
    { segment, arm: 'candidate', counts: segment.candidate },
    { segment, arm: 'champion', counts: segment.champion },
  ]);
  return table(
    'Evidence by step: each key counts once',
    [
      { head: 'step', cell: ({ segment }) => segment.step + 1, number: true },
      { head: 'weight', cell: ({ segment }) => `${figure(segment.weight / 100)} %`, number: true },
      { head: 'arm', cell: ({ arm }) => arm },
      { head: 'keys', cell: ({ counts }) => figure(counts.keys), number: true },
      { head: 'requests', cell: ({ counts }) => figure(counts.requests), number: true },
      { head: 'errors', cell: ({ counts }) => share(counts.errors, counts.requests), number: true },
      { head: 'slow', cell: ({ counts }) => share(counts.slow, counts.requests), number: true },
      { head: 'wrong of labelled', cell: ({ counts }) => share(counts.wrong, counts.labelled), number: true },
    ],
    rows,
  );
}

const share = (part: number, whole: number): string => `${figure(part)} / ${figure(whole)} = ${percent(part, whole)}`;

/** Decisions that say the same, one after the other: most looks at a canary find nothing. */
interface Stretch {
  readonly first: DecisionRecord;
  readonly why: string;
  count: number;
  until: number;
}

function stretches(decisions: readonly DecisionRecord[]): readonly Stretch[] {
  const out: Stretch[] = [];
  for (const decision of [...decisions].sort((a, b) => a.at - b.at || a.id - b.id)) {
    const why = whyOf(decision);
    const open = out.at(-1);
    const same =
      decision.kind === open?.first.kind &&
      decision.verdict === open.first.verdict &&
      decision.actor === open.first.actor &&
      // A passing look differs only in its figures: the newest stand in the table above.
      (decision.verdict === 'pass' || why === open.why) &&
      weightAfter(decision) === null;
    if (same && open !== undefined) {
      open.count++;
      open.until = decision.at;
    } else {
      out.push({ first: decision, why, count: 1, until: decision.at });
    }
  }
  return out;
}

function whyOf({ reason, reasons }: DecisionRecord): string {
  const texts = [reason, ...reasons.map(({ text }) => text)].filter((text) => text !== '');
  return [...new Set(texts)].join(' · ');
}

function decisionTable(decisions: readonly DecisionRecord[]): Html | null {
  const all = stretches(decisions);
  const shown = all.slice(-MOST_ROWS);
  const caption = `Decisions: ${decisions.length}${shown.length < all.length ? `; the newest ${shown.length} rows` : ''}`;
  return table(
    caption,
    [
      {
        head: 'when',
        cell: ({ first, count, until }) =>
          html`${moment(first.at)}${count > 1 ? html`<small>to ${moment(until)}, ${count} times</small>` : null}`,
      },
      { head: 'what', cell: ({ first }) => what(first) },
      { head: 'verdict', cell: ({ first }) => verdictMark(first.verdict) },
      { head: 'by', cell: ({ first }) => first.actor },
      { head: 'why', cell: ({ why }) => html`<span class="text">${why}</span>` },
    ],
    shown,
  );
}

function what(decision: DecisionRecord): string {
  const weight = weightAfter(decision);
  return weight === null ? decision.kind : `${decision.kind} → ${figure(weight / 100)} %`;
}
