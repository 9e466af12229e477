/** Activities of `model` and `rollback`: incidents, notifications, healing, aliases, going back. */
import type { ModelName, ModelVersion } from '../core/model';
import type { Policy } from '../core/policy';
import type { ClaimKind, Fence, Incident, Notification } from '../core/ports';
import { isRatchetError } from '../core/errors';
import type { Reason } from '../core/verdict';
import type { RollbackResult } from '../core/workflow-io';
import { guarded } from './failure';
import type { ActivityPorts } from './ports';
import { servingSince } from './serving-since';

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

export interface RollBackModelInput {
  readonly model: ModelName;
  readonly actor: string;
  readonly reason: string;
  /** The version to take away; left out: the canary that has traffic, else the champion. */
  readonly of?: ModelVersion;
  readonly holder: string;
  readonly workflowId: string;
}

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
        // The second: an earlier attempt died between taking the claim over and giving it back.
        if (claim.holder === run || claim.holder === healHolder(run))
          await clearAfter(input.model, claim.kind, run, input);
      }
    },

    /** Back to the previous champion, whoever holds the rollout claim: it is taken, which fences their writes. */
    async rollBackModel(input: RollBackModelInput): Promise<RollbackResult> {
      const fence = await ports.claims.claim(input.model, 'rollout', input.holder, { steal: true });
      try {
        return await takeBack(input, fence);
      } finally {
        await ports.claims.release(input.model, 'rollout', input.holder);
      }
    },

    /**
     * MLflow's aliases follow the route (DESIGN §7). Retried until MLflow is back; the traffic does not wait for it. A rollback
     * and the canary it ends may both be here: whoever writes looks at the route once more, so the newest route wins.
     */
    async projectAliases(input: {
      readonly model: ModelName;
      /** A version that is no longer challenger: its alias goes, but not that of a newer one (MLflow may have been away). */
      readonly noLongerChallenger?: ModelVersion;
    }): Promise<{ readonly movedByHand: readonly string[] }> {
      for (let route = await ports.routes.getRoute(input.model); route !== null;) {
        const challenger = (await ports.registry.getAliases(input.model))['challenger'];
        const projected = await ports.registry.projectAliases(input.model, {
          champion: route.champion,
          previous: route.previous,
          ...(challenger !== undefined && challenger === input.noLongerChallenger ? { challenger: null } : {}),
        });
        const now = await ports.routes.getRoute(input.model);
        if (now?.champion === route.champion && now.previous === route.previous) return projected;
        route = now;
      }
      return { movedByHand: [] };
    },

    /** Event time at which the champion began to serve and the newest prediction: for the maximum age. */
    async championAge(input: { readonly model: ModelName }): Promise<{ readonly ageMs: number | null }> {
      const route = await ports.routes.getRoute(input.model);
      const latest = await ports.predictions.latestOccurredAt(input.model);
      if (route === null || latest === null) return { ageMs: null };
      const since = await servingSince(ports.decisions, input.model, route.champion, ['route.promote', 'route.adopt']);
      return { ageMs: since === null ? null : latest - since };
    },
  });

  /** The route is read under the claim: nobody else can change it between the look and the write. */
  async function takeBack(input: RollBackModelInput, fence: Fence): Promise<RollbackResult> {
    const { model, of, actor, reason, workflowId } = input;
    const before = await ports.routes.getRoute(model);
    // A running canary is what is being rolled back: its champion is right already.
    const target = before?.canary?.version ?? before?.champion ?? null;
    const draft = {
      key: `${input.holder}:rollback`,
      model,
      verdict: null,
      evidence: {
        before,
        eventTime: await ports.predictions.latestOccurredAt(model),
        codeVersion: ports.codeVersion,
      },
      actor,
      reason,
      workflowId,
    };
    if (before !== null && of !== undefined && of !== before.canary?.version && of !== before.champion) {
      const reasons = [
        { code: 'rollback.gone', text: `version ${of} serves no more; version ${before.champion} serves` },
      ];
      await ports.decisions.record({ ...draft, version: of, kind: 'rollback.gone', reasons });
      return { outcome: 'rolledBack', from: of, to: before.champion, reasons };
    }
    const change = before?.canary != null ? ({ kind: 'clearCanary' } as const) : ({ kind: 'restorePrevious' } as const);
    try {
      const route = await ports.routes.changeRoute(model, change, fence, {
        ...draft,
        version: target,
        kind: 'route.rollback',
        reasons: [{ code: 'rollback.asked', text: `${actor}: ${reason}` }],
      });
      return {
        outcome: 'rolledBack',
        from: target,
        to: route.champion,
        reasons: [{ code: 'rollback.asked', text: `version ${route.champion} serves alone again` }],
      };
    } catch (error) {
      if (isRatchetError(error) && (error.code === 'RATCHET_NO_PREVIOUS' || error.code === 'RATCHET_NO_CHAMPION')) {
        const reasons = [{ code: error.code, text: error.message }];
        return { outcome: 'refused', from: before?.champion ?? null, to: null, reasons };
      }
      throw error;
    }
  }

  async function clearAfter(
    model: ModelName,
    kind: ClaimKind,
    run: string,
    child: { workflowId: string; status: string },
  ): Promise<void> {
    const holder = healHolder(run);
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

const healHolder = (run: string): string => `heal:${run}`;
