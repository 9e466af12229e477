/** What a server of a benchmark says to the process that started it. */
export const sayReady = (url: string): void => void process.stdout.write(`${JSON.stringify({ ready: true, url })}\n`);

export function endOnSigterm(end: () => Promise<void>): void {
  process.once('SIGTERM', () => {
    end().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}
