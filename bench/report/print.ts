import type { Machine } from './machine';
import type { Metric } from './metric';

/** One table for people, then one JSON line a metric. */
export function printReport(
  title: string,
  machine: Machine,
  metrics: readonly Metric[],
  notes: readonly string[],
): void {
  const lines = [
    `\n${title}`,
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, commit ${machine.commit}, load ${machine.loadAverage}`,
    '',
    ...table(
      ['metric', 'unit', 'ours', 'peer', 'ratio', 'rounds', 'min – max', 'peer is'],
      metrics.map((m) => [
        m.id,
        m.unit,
        figure(m.value),
        m.peer === null ? '–' : figure(m.peer),
        m.ratio === null ? '–' : `${figure(m.ratio)}×`,
        String(m.rounds),
        `${figure(m.min)} – ${figure(m.max)}`,
        m.peerKind === 'published' ? `${m.peerName} (published, not measured)` : m.peerName,
      ]),
    ),
    '',
    ...notes.map((note) => `· ${note}`),
    '',
    ...metrics.map((m) => JSON.stringify({ ...m, machine })),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** A Markdown table, aligned, so that it may be pasted into docs as it is. */
function table(head: readonly string[], body: readonly (readonly string[])[]): string[] {
  const width = head.map((name, column) => Math.max(name.length, ...body.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(width[column] ?? 0)).join(' | ')} |`;
  return [line(head), `| ${width.map((w) => '-'.repeat(w)).join(' | ')} |`, ...body.map(line)];
}

/** Three significant digits; whole numbers from 1000 on. */
function figure(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(1);
  return Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
