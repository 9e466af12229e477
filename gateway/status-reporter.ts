import type { ModelName, ModelVersion } from '../core/model';
import type { GatewayStatusStore, Logger } from '../core/ports';

export interface GatewayReport {
  readonly versions: Parameters<GatewayStatusStore['report']>[1];
  readonly appliedGenerations: Readonly<Record<ModelName, number>>;
}

export interface StatusReporterOptions {
  readonly gateway: string;
  /** How often the report is repeated and load requests are read, milliseconds. */
  readonly intervalMs: number;
  readonly ttlMs: number;
}

/**
 * Tells workflows what this gateway has loaded and which route it applies: at each change and on a timer, so that a dead
 * gateway's word expires. Also asks which versions are to be loaded. PostgreSQL away: logged once, tried again.
 */
export class StatusReporter {
  requested: readonly { readonly model: ModelName; readonly version: ModelVersion }[] = [];
  private timer: NodeJS.Timeout | null = null;
  private soon: NodeJS.Immediate | null = null;
  private busy: Promise<void> | null = null;
  private again = false;
  private stopped = false;
  private lastFault: string | null = null;

  constructor(
    private readonly store: GatewayStatusStore,
    private readonly read: () => GatewayReport,
    private readonly onRequests: () => void,
    private readonly logger: Logger,
    private readonly options: StatusReporterOptions,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.changed(), this.options.intervalMs);
    this.timer.unref();
    this.changed();
  }

  /** Reports soon; changes of one turn travel together. */
  changed(): void {
    if (this.stopped || this.soon !== null) return;
    this.soon = setImmediate(() => {
      this.soon = null;
      this.again = true;
      this.busy ??= this.work().finally(() => {
        this.busy = null;
      });
    });
  }

  /** A last word: nothing is ready here any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearInterval(this.timer);
    if (this.soon !== null) clearImmediate(this.soon);
    await this.busy;
    await this.store.report(this.options.gateway, [], {}, 1).catch(() => undefined);
  }

  private async work(): Promise<void> {
    while (this.again && !this.stopped) {
      this.again = false;
      try {
        const { versions, appliedGenerations } = this.read();
        await this.store.report(this.options.gateway, versions, appliedGenerations, this.options.ttlMs);
        const requested = await this.store.requestedLoads();
        const changed = JSON.stringify(requested) !== JSON.stringify(this.requested);
        this.requested = requested;
        if (changed) this.onRequests();
        if (this.lastFault !== null) this.logger.info('readiness is reported again');
        this.lastFault = null;
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        if (this.lastFault === null) this.logger.warn('readiness cannot be reported', { error: text });
        this.lastFault = text;
      }
    }
  }
}
