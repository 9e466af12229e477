/** What the demo prints: a readable timeline; colours and progress bars only on a terminal. */
import { SingleBar } from 'cli-progress';
import colors from 'picocolors';

export class Timeline {
  private readonly begun = performance.now();
  private readonly isTerminal = process.stdout.isTTY === true;

  act(number: number, title: string): void {
    this.write(`\n${colors.bold(`Act ${number}. ${title}`)}`);
  }

  say(text: string): void {
    this.write(`${colors.dim(this.clock())}  ${text}`);
  }

  good(text: string): void {
    this.say(`${colors.green('✓')} ${text}`);
  }

  bad(text: string): void {
    this.say(`${colors.red('✗')} ${text}`);
  }

  /** A line to copy. */
  command(text: string): void {
    this.write(`           ${colors.cyan(text)}`);
  }

  /** A long step: a bar on a terminal, two lines elsewhere. `report` is told how far it is, 0 to 1. */
  async step<R>(title: string, work: (report: (share: number) => void) => Promise<R>): Promise<R> {
    const begun = performance.now();
    if (!this.isTerminal) {
      this.say(`${title} …`);
      return work(() => undefined);
    }
    const bar = new SingleBar({
      format: `${this.clock()}  {bar} {percentage}%  ${title}`,
      hideCursor: true,
      clearOnComplete: true,
      barsize: 24,
    });
    bar.start(100, 0);
    try {
      return await work((share) => bar.update(Math.round(Math.min(1, share) * 100)));
    } finally {
      bar.stop();
      this.say(`${title} ${colors.dim(`(${((performance.now() - begun) / 1000).toFixed(1)} s)`)}`);
    }
  }

  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)));
    const line = (cells: readonly string[]): string =>
      `  ${cells.map((cell, i) => cell.padEnd(widths[i] as number)).join('  ')}`.trimEnd();
    this.write(colors.bold(line(head)));
    for (const row of rows) this.write(line(row));
  }

  write(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  private clock(): string {
    const seconds = Math.floor((performance.now() - this.begun) / 1000);
    return `[${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}]`;
  }
}
