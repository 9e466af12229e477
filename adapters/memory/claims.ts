import { RatchetError } from '../../core/errors';
import type { ClaimKind, ClaimStore, Fence } from '../../core/ports';
import type { MemoryDatabase, StoredClaim } from './database';

export class MemoryClaimStore implements ClaimStore {
  constructor(private readonly db: MemoryDatabase) {}

  async claim(
    model: string,
    kind: ClaimKind,
    holder: string,
    options: { readonly steal?: boolean } = {},
  ): Promise<Fence> {
    const held = this.db.claims.get(`${model}/${kind}`);
    if (held?.holder === holder) return { holder, token: held.token };
    if (held !== undefined && options.steal !== true) {
      throw new RatchetError('RATCHET_CLAIM_HELD', `${held.holder} holds the ${kind} of ${model}`, {
        details: { model, kind, holder: held.holder, since: held.since },
      });
    }
    const claim = { kind, holder, token: this.db.nextToken(), since: this.db.clock.now() };
    this.db.claims.set(`${model}/${kind}`, claim);
    return { holder, token: claim.token };
  }

  async release(model: string, kind: ClaimKind, holder: string): Promise<void> {
    if (this.db.claims.get(`${model}/${kind}`)?.holder === holder) this.db.claims.delete(`${model}/${kind}`);
  }

  async currentClaims(model: string): Promise<readonly StoredClaim[]> {
    const kinds: readonly ClaimKind[] = ['retrain', 'rollout'];
    return kinds.flatMap((kind) => {
      const held = this.db.claims.get(`${model}/${kind}`);
      return held === undefined ? [] : [{ ...held }];
    });
  }
}
