import { resolvePolicy } from '../policy';
import type { ModelName } from '../core/model';
import type { Policy } from '../core/policy';
import { RatchetError } from '../core/errors';
import type { PolicyOrRaw } from '../core/workflow-io';
import { guarded } from './failure';
import type { ActivityPorts } from './ports';

export interface LoadPolicyInput {
  readonly model: ModelName;
  /** Raw or resolved; left out: the one in PostgreSQL. */
  readonly policy: PolicyOrRaw | null;
}

export interface SetPolicyInput {
  readonly model: ModelName;
  readonly policy: PolicyOrRaw;
  readonly actor: string;
  readonly reason: string;
}

// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the table's type is the contract
export function createPolicyActivities(ports: Pick<ActivityPorts, 'models'>) {
  const resolveFor = (model: ModelName, raw: PolicyOrRaw): Policy => {
    const policy = resolvePolicy(raw);
    if (policy.model !== model) {
      throw new RatchetError(
        'RATCHET_POLICY_INVALID',
        `the policy is for model "${policy.model}", expected "${model}".`,
      );
    }
    return policy;
  };

  return guarded({
    /** The complete policy of a start: given and resolved here, or the stored one. */
    async loadPolicy(input: LoadPolicyInput): Promise<Policy> {
      if (input.policy !== null) return resolveFor(input.model, input.policy);
      return (await ports.models.getModel(input.model)).policy;
    },

    /** Resolves, stores and returns a policy; the decision record keeps who and why. */
    async savePolicy(input: SetPolicyInput): Promise<Policy> {
      const policy = resolveFor(input.model, input.policy);
      await ports.models.saveModel(policy, { actor: input.actor, reason: input.reason });
      return policy;
    },
  });
}
