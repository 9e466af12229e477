/** Activities of `model` and `rollback`: incidents, notifications, healing, aliases, going back. */
import type { EpochMs, ModelName, ModelVersion } from '../core/model';
import type { Policy } from '../core/policy';
import type { ClaimKind, Incident, Notification } from '../core/ports';
import { isRatchetError } from '../core/errors';
import type { Reason } from '../core/verdict';
import type { RollbackResult } from '../core/workflow-io';
import { guarded } from './failure';
import type { ActivityPorts } from './ports';

type OperatePorts = Pick<
  ActivityPorts,
  | 'models'
  | 'routes'
  | 'claims'
  | 'decisions'
  | 'incidents'
  | 'predictions'
  | 'gateways'
  | 'registry'
  | 'notifier'
  | 'workflows'
  | 'clock'
  | 'codeVersion'
  | 'logger'
>;

export interface ChildState {
  readonly state: 'running' | 'closed' | 'missing';
  readonly status: string;
}

// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the table's type is the contract
export function createOperateActivities(ports: OperatePorts) {
  return guarded({
    async openIncident(input: {
      readonly id: string;
      readonly model: ModelName;
      readonly reasons: readonly Reason[];
    }): Promise<Incident> {
      return ports.incidents.open(input);
    },

    async closeIncident(input: {
      readonly model: ModelName;
      readonly id: string;
      readonly outcome: string;
    }): Promise<void> {
      await ports.incidents.close(input.model, input.id, input.outcome);
    },

    /** Delivery is tried a few times by the retry policy; a lost notification never stops the loop. */
    async notify(input: { readonly policy: Policy; readonly notification: Omit<Notification, 'at'> }): Promise<void> {
      await ports.notifier.notify({ ...input.notification, at: ports.clock.now() }, input.policy.notifications);
    },

    async describeWorkflow(input: { readonly workflowId: string; readonly runId: string }): Promise<ChildState> {
      const { state, status } = await ports.workflows.describe(input.workflowId, input.runId);
      return { state, status };
    },

    /** A child that was terminated left its claim and perhaps a weight: take both away, and say so in the record. */
    async healAfter(input: {
      readonly model: ModelName;
      readonly workflowId: string;
      readonly runId: string;
      readonly status: string;
    }): Promise<void> {
      const run = `${input.workflowId}:${input.runId}`;
      for (const claim of await ports.claims.currentClaims(input.model)) {
        if (claim.holder === run) await clearAfter(input.model, claim.kind, run, input);
      }
    },

    /** Back to the previous champion, whoever holds the rollout claim: it is taken, which fences their writes. */
    async rollBackModel(input: {
      readonly model: ModelName;
      readonly actor: string;
      readonly reason: string;
      readonly holder: string;
      readonly workflowId: string;
    }): Promise<RollbackResult> {
      const before = await ports.routes.getRoute(input.model);
      const fence = await ports.claims.claim(input.model, 'rollout', input.holder, { steal: true });
      try {
        // A running canary is what is being rolled back: its champion is right already.
        const change =
          before?.canary != null ? ({ kind: 'clearCanary' } as const) : ({ kind: 'restorePrevious' } as const);
        const from = before?.canary?.version ?? before?.champion ?? null;
        const route = await ports.routes.changeRoute(input.model, change, fence, {
          key: `${input.holder}:rollback`,
          model: input.model,
          version: from,
          kind: 'route.rollback',
          verdict: null,
          reasons: [{ code: 'rollback.asked', text: `${input.actor}: ${input.reason}` }],
          evidence: {
            before,
            eventTime: await ports.predictions.latestOccurredAt(input.model),
            codeVersion: ports.codeVersion,
          },
          actor: input.actor,
          reason: input.reason,
          workflowId: input.workflowId,
        });
        return {
          outcome: 'rolledBack',
          from,
          to: route.champion,
          reasons: [{ code: 'rollback.asked', text: `version ${route.champion} serves alone again` }],
        };
      } catch (error) {
        if (isRatchetError(error) && (error.code === 'RATCHET_NO_PREVIOUS' || error.code === 'RATCHET_NO_CHAMPION')) {
          return {
            outcome: 'refused',
            from: before?.champion ?? null,
            to: null,
            reasons: [{ code: error.code, text: error.message }],
          };
        }
        throw error;
      } finally {
        await ports.claims.release(input.model, 'rollout', input.holder);
      }
    },

    /** MLflow's aliases follow the route (DESIGN §7). Retried until MLflow is back; the traffic does not wait for it. */
    async projectAliases(input: {
      readonly model: ModelName;
      readonly challenger?: ModelVersion | null;
    }): Promise<{ readonly movedByHand: readonly string[] }> {
      const route = await ports.routes.getRoute(input.model);
      if (route === null) return { movedByHand: [] };
      return ports.registry.projectAliases(input.model, {
        champion: route.champion,
        previous: route.previous,
        ...(input.challenger === undefined ? {} : { challenger: input.challenger }),
      });
    },

    /** Event time at which the champion began to serve and the newest prediction: for the maximum age. */
    async championAge(input: { readonly model: ModelName }): Promise<{ readonly ageMs: number | null }> {
      const route = await ports.routes.getRoute(input.model);
      const latest = await ports.predictions.latestOccurredAt(input.model);
      if (route === null || latest === null) return { ageMs: null };
      const since = (await ports.decisions.list(input.model, { limit: 500 }))
        .filter((d) => (d.kind === 'route.promote' || d.kind === 'route.adopt') && d.version === route.champion)
        .map((d) => d.evidence['eventTime'])
        .find((t): t is EpochMs => typeof t === 'number');
      return { ageMs: since === undefined ? null : latest - since };
    },
  });

  async function clearAfter(
    model: ModelName,
    kind: ClaimKind,
    run: string,
    child: { workflowId: string; status: string },
  ): Promise<void> {
    const holder = `heal:${run}`;
    if (kind === 'rollout') {
      const fence = await ports.claims.claim(model, kind, holder, { steal: true });
      const route = await ports.routes.getRoute(model);
      const change =
        route?.canary?.run === run
          ? ({ kind: 'clearCanary' } as const)
          : route?.shadow?.run === run
            ? ({ kind: 'clearShadow' } as const)
            : null;
      if (change !== null) {
        const version = route?.canary?.version ?? route?.shadow?.version ?? null;
        await ports.routes.changeRoute(model, change, fence, {
          key: `${run}:heal`,
          model,
          version,
          kind: 'route.heal',
          verdict: null,
          reasons: [{ code: 'child.gone', text: `${child.workflowId} ended as ${child.status} without a report` }],
          evidence: { codeVersion: ports.codeVersion },
          actor: 'ratchet',
          reason: 'healed after a child that was ended from outside',
          workflowId: child.workflowId,
        });
      }
      await ports.claims.release(model, kind, holder);
    } else {
      await ports.claims.release(model, kind, run);
    }
  }
}
