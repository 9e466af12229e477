/** Why we ended a process. */
export type StopCause = 'aborted' | 'hung';

/**
 * Ends a process when the caller aborts or when it has been silent for too long. `sign()` is a sign of life; `done()` must
 * be called when the process or the request is over.
 */
export class Watch {
  cause: StopCause | null = null;
  private timer: NodeJS.Timeout | null = null;
  private readonly onAbort = (): void => this.stop('aborted');

  constructor(
    private readonly signal: AbortSignal,
    private readonly silenceMs: number,
    private readonly end: () => void,
  ) {
    if (signal.aborted) this.stop('aborted');
    else {
      signal.addEventListener('abort', this.onAbort, { once: true });
      this.sign();
    }
  }

  sign(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.cause === null) this.timer = setTimeout(() => this.stop('hung'), this.silenceMs);
  }

  done(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.signal.removeEventListener('abort', this.onAbort);
  }

  private stop(cause: StopCause): void {
    if (this.cause !== null) return;
    this.cause = cause;
    this.done();
    this.end();
  }
}
