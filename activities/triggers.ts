/** Activities of `model` about triggers: the inbox that keeps every one of them, low-traffic hours, new rows. */
import type { EpochMs, ModelName } from '../core/model';
import type { HeavyWindow, Policy } from '../core/policy';
import type { InboxTrigger } from '../core/ports';
import { nextAllowedStart } from '../core/trigger/allowed-start';
import type { ArrivalProbe } from '../core/trigger/data-arrival';
import { pageOf, type TriggerPage } from '../core/trigger/triggers';
import type { Reason } from '../core/verdict';
import { guarded } from './failure';
import type { ActivityPorts } from './ports';
import { servingSince } from './serving-since';
import { zoneOffset } from './zone-offset';

type TriggerPorts = Pick<ActivityPorts, 'triggers' | 'probe' | 'predictions' | 'routes' | 'decisions' | 'clock'>;

export interface TakenPage {
  readonly page: TriggerPage;
  /** The page was full: more may wait. */
  readonly more: boolean;
  /** What sources say got worse: such a trigger opens an incident. At most 20. */
  readonly worse: readonly Reason[];
}

/** Sources that speak only when the model or its data got worse; the others just want a retraining. */
const ALARMS: ReadonlySet<InboxTrigger['source']> = new Set([
  'alertmanager',
  'evidently',
  'greatExpectations',
  'detector',
  'check',
]);
/** Most triggers of one model that can be attributed; an inbox this full has other worries. */
const MOST_TRIGGERS = 100_000;
const BATCH = 1_000;

// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the table's type is the contract
export function createTriggerActivities(ports: TriggerPorts) {
  return guarded({
    /** Keeps triggers that came by signal, update or from the model itself, as taken. Idempotent by id. */
    async recordTriggers(input: {
      readonly model: ModelName;
      readonly triggers: readonly InboxTrigger[];
      readonly by: string;
    }): Promise<void> {
      await ports.triggers.addTriggers(input.triggers);
      await ports.triggers.markTaken(
        input.model,
        input.triggers.map((t) => t.id),
        input.by,
      );
    },

    /** The oldest waiting triggers. They still wait until markTriggersTaken: a worker that dies between loses none. */
    async readTriggers(input: { readonly model: ModelName; readonly limit: number }): Promise<TakenPage> {
      const waiting = await ports.triggers.listWaiting(input.model, input.limit);
      return {
        page: pageOf(waiting),
        more: waiting.length >= input.limit,
        worse: waiting
          .filter((t) => ALARMS.has(t.source))
          .slice(-20)
          .map((t) => ({ code: `trigger.${t.source}`, text: t.reason.slice(0, 300) })),
      };
    },

    async markTriggersTaken(input: {
      readonly model: ModelName;
      readonly ids: readonly string[];
      readonly by: string;
    }): Promise<void> {
      await markAll(input.model, input.ids, input.by);
    },

    /** Writes to every trigger that `from` took into which retraining it went. */
    async attributeTriggers(input: {
      readonly model: ModelName;
      readonly from: string;
      readonly to: string;
    }): Promise<{ readonly count: number }> {
      const all = await ports.triggers.listTriggers(input.model, MOST_TRIGGERS);
      const ids = all.filter((t) => t.takenBy === input.from).map((t) => t.id);
      await markAll(input.model, ids, input.to);
      return { count: ids.length };
    },

    /** When a training may start: now, or when the low-traffic hours begin. Zones are this runtime's, not the workflow's. */
    async nextTrainingStart(input: {
      readonly window: HeavyWindow;
      readonly now: EpochMs;
    }): Promise<{ readonly at: EpochMs }> {
      return { at: nextAllowedStart(input.window, input.now, zoneOffset(input.window.timeZone)) };
    },

    /**
     * Rows of the training query after `since`; null: since the champion began to serve, or, when that is not known either,
     * since the policy's lookback. Event time; what counts as known is what was known at the watermark.
     */
    async countNewRows(input: {
      readonly model: ModelName;
      readonly policy: Policy;
      readonly since: EpochMs | null;
    }): Promise<ArrivalProbe> {
      const { model, policy } = input;
      const latest = await ports.predictions.latestOccurredAt(model);
      const asOf = latest === null ? ports.clock.now() : latest - policy.eventTime.allowedLatenessMs;
      const since = input.since ?? (await championSince(model)) ?? asOf - policy.data.lookbackMs;
      if (since >= asOf) return { since, rows: 0, newest: null };
      const { rows, newest } = await ports.probe.countRows(policy, since, asOf, asOf);
      return { since, rows, newest };
    },
  });

  async function markAll(model: ModelName, ids: readonly string[], by: string): Promise<void> {
    for (let i = 0; i < ids.length; i += BATCH) await ports.triggers.markTaken(model, ids.slice(i, i + BATCH), by);
  }

  async function championSince(model: ModelName): Promise<EpochMs | null> {
    const route = await ports.routes.getRoute(model);
    if (route === null) return null;
    return servingSince(ports.decisions, model, route.champion, ['route.promote', 'route.adopt']);
  }
}
