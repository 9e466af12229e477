/** What the Temporal UI shows of a workflow: search attributes and the details pane (DESIGN §4). */
import { defineSearchAttributeKey } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { Reason } from '../core/verdict';

const MODEL = defineSearchAttributeKey('RatchetModel', 'KEYWORD');
const PHASE = defineSearchAttributeKey('RatchetPhase', 'KEYWORD');
const VERSION = defineSearchAttributeKey('RatchetVersion', 'KEYWORD');
const OUTCOME = defineSearchAttributeKey('RatchetOutcome', 'KEYWORD');
const DRIFT = defineSearchAttributeKey('RatchetDriftScore', 'DOUBLE');
const HUMAN = defineSearchAttributeKey('RatchetNeedsHuman', 'BOOL');

export interface Presence {
  readonly model?: string;
  readonly phase?: string;
  readonly version?: string;
  readonly outcome?: string;
  readonly driftScore?: number;
  readonly needsHuman?: boolean;
}

/** Remembers what was set, so that only changes cost an event. */
export function createPresence(): (now: Presence) => void {
  let before: Presence = {};
  return (now) => {
    const changed = <K extends keyof Presence>(key: K): boolean => now[key] !== undefined && now[key] !== before[key];
    const updates = [
      ...(changed('model') ? [{ key: MODEL, value: now.model as string }] : []),
      ...(changed('phase') ? [{ key: PHASE, value: now.phase as string }] : []),
      ...(changed('version') ? [{ key: VERSION, value: now.version as string }] : []),
      ...(changed('outcome') ? [{ key: OUTCOME, value: now.outcome as string }] : []),
      ...(changed('driftScore') ? [{ key: DRIFT, value: now.driftScore as number }] : []),
      ...(changed('needsHuman') ? [{ key: HUMAN, value: now.needsHuman as boolean }] : []),
    ];
    before = { ...before, ...now };
    if (updates.length > 0) upsertSearchAttributes(updates);
  };
}

/** A Markdown page: a title, facts, an optional table, reasons. No images, no HTML (temporal.md §2). */
export function showDetails(page: {
  readonly title: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly table?: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };
  readonly reasons?: readonly Reason[];
}): void {
  const lines = [`### ${page.title}`, '', ...page.facts.map(([name, value]) => `- **${name}**: ${value}`)];
  if (page.table !== undefined) {
    lines.push('', row(page.table.head), `|${' --- |'.repeat(page.table.head.length)}`, ...page.table.rows.map(row));
  }
  if (page.reasons !== undefined && page.reasons.length > 0) {
    lines.push('', '**Reasons**', '', ...page.reasons.slice(0, 20).map((r) => `- \`${r.code}\` ${r.text}`));
  }
  setCurrentDetails(lines.join('\n').slice(0, 19_000));
}

/** The UI draws tables without any space between the cells, so each brings its own. */
const row = (cells: readonly string[]): string =>
  `| ${cells.map((c) => `${c.replace(/\|/g, '\\|')}\u2003`).join(' | ')} |`;

/** Event or real time as the UI shows it: 2013-12-08 05:00Z. */
export const showTime = (ms: number | null): string =>
  ms === null ? '–' : `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')}Z`;
export const showWeight = (basisPoints: number): string => `${basisPoints / 100} %`;
