import { isRatchetError } from '../core/errors';
import type { ModelName } from '../core/model';
import type { ServingPolicy } from '../core/policy';
import type { Logger, ModelStore } from '../core/ports';

/** The `serving` part of each model's policy: from PostgreSQL when it answers, else the last known. */
export class ServingPolicies {
  private readonly known = new Map<ModelName, ServingPolicy>();

  constructor(
    private readonly models: Pick<ModelStore, 'getModel'>,
    private readonly logger: Logger,
    private readonly onChange: (model: ModelName, serving: ServingPolicy) => void,
  ) {}

  /** What the local disk remembers; never over what PostgreSQL said. */
  remember(kept: Readonly<Record<ModelName, ServingPolicy>>): void {
    for (const [model, serving] of Object.entries(kept)) {
      if (!this.known.has(model)) this.set(model, serving);
    }
  }

  async refresh(models: Iterable<ModelName>): Promise<void> {
    for (const model of models) {
      try {
        const { serving } = (await this.models.getModel(model)).policy;
        if (JSON.stringify(serving) !== JSON.stringify(this.known.get(model))) this.set(model, serving);
      } catch (error) {
        this.logger.debug('serving policy cannot be read; the last known one holds', {
          model,
          error: isRatchetError(error) ? error.code : String(error),
        });
      }
    }
  }

  all(): Readonly<Record<ModelName, ServingPolicy>> {
    return Object.fromEntries(this.known);
  }

  private set(model: ModelName, serving: ServingPolicy): void {
    this.known.set(model, serving);
    this.onChange(model, serving);
  }
}
