import type { ModelName } from '../core/model';
import type { Clock, Logger, TriggerInbox, WorkflowGateway } from '../core/ports';

export interface TriggerCourierOptions {
  readonly inbox: Pick<TriggerInbox, 'modelsWaiting'>;
  readonly workflows: Pick<WorkflowGateway, 'nudgeModel'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often the inbox is looked at, milliseconds. Default 1,000. */
  readonly everyMs?: number;
}

/** A model that does not take its triggers (no worker, say) is told again after twice as long each time, up to this. */
const LONGEST_PAUSE_MS = 60_000;

/**
 * Tells models that triggers wait for them: looks at the inbox and signals `model/<name>`. Whoever keeps a trigger need not
 * reach Temporal, and a burst costs one signal. Several couriers side by side only say it twice.
 */
export class TriggerCourier {
  private readonly told = new Map<ModelName, { readonly at: number; readonly pauseMs: number }>();
  private timer: NodeJS.Timeout | null = null;
  private round: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: TriggerCourierOptions) {}

  /** Looks at once, then again and again; a round that fails is tried again. */
  start(): void {
    this.round = this.deliver()
      .catch((error: unknown) => this.options.logger.warn('triggers wait', { error: String(error) }))
      .then(() => {
        if (this.stopped) return;
        this.timer = setTimeout(() => this.start(), this.options.everyMs ?? 1_000);
        this.timer.unref();
      });
  }

  /** Resolves when the round that runs has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.round;
  }

  /** One round. Returns the models that were told. One that cannot be told keeps no other from it. */
  async deliver(): Promise<readonly ModelName[]> {
    const { inbox, workflows, clock, logger } = this.options;
    const waiting = await inbox.modelsWaiting();
    // Taken: the next trigger is told at once again.
    for (const model of this.told.keys()) if (!waiting.includes(model)) this.told.delete(model);
    if (waiting.length === 0) return [];
    const now = clock.now();
    const due = waiting.filter((model) => {
      const before = this.told.get(model);
      return before === undefined || now >= before.at + before.pauseMs;
    });
    const sent = await Promise.all(
      due.map(async (model) => {
        const before = this.told.get(model);
        const pauseMs = before === undefined ? 2_000 : Math.min(before.pauseMs * 2, LONGEST_PAUSE_MS);
        this.told.set(model, { at: now, pauseMs });
        try {
          await workflows.nudgeModel(model);
          return true;
        } catch (error) {
          logger.warn(`model/${model} could not be told of its triggers`, { error: String(error) });
          return false;
        }
      }),
    );
    return due.filter((_, i) => sent[i] === true);
  }
}
