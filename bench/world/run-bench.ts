/** What a benchmark started, ended in reverse order whatever happens. */
export class Cleanup {
  private readonly work: (() => unknown)[] = [];
  private running: Promise<void> | null = null;

  add(end: () => unknown): void {
    this.work.push(end);
  }

  run(): Promise<void> {
    this.running ??= this.endAll();
    return this.running;
  }

  private async endAll(): Promise<void> {
    for (const end of this.work.reverse()) {
      try {
        await end();
      } catch (error) {
        process.stderr.write(`clean-up: ${String(error)}\n`);
      }
    }
  }
}

/** Runs a benchmark and leaves no process and no folder behind, also after Ctrl-C. Exit code 1 only when it broke. */
export function runBench(bench: (cleanup: Cleanup) => Promise<void>): void {
  const cleanup = new Cleanup();
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => void cleanup.run().finally(() => process.exit(code)));
  }
  // later: the benchmark may use what stands below its call
  Promise.resolve()
    .then(() => bench(cleanup))
    .catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exitCode = 1;
    })
    .finally(() => void cleanup.run().then(() => process.exit()));
}

/** A line of progress on stderr: stdout holds the report alone. */
export const progress = (text: string): void => void process.stderr.write(`${text}\n`);
