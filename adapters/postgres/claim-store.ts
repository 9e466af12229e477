import type { Pool } from 'pg';
import { RatchetError } from '../../core/errors';
import type { ClaimKind, ClaimStore, Fence } from '../../core/ports';
import { inTransaction, rows } from './database';

interface ClaimRow {
  readonly kind: ClaimKind;
  readonly holder: string;
  readonly token: number;
  readonly since: number;
}

/** Claims in `ratchet.claims`: one row a model and kind; every new holder gets a higher fencing token. */
export class PostgresClaimStore implements ClaimStore {
  constructor(private readonly pool: Pool) {}

  async claim(
    model: string,
    kind: ClaimKind,
    holder: string,
    options: { readonly steal?: boolean } = {},
  ): Promise<Fence> {
    const fence = await inTransaction(this.pool, `claiming the ${kind} of ${model}`, async (client) => {
      // Two claimants meet at the primary key: the second one waits for the first and then sees it.
      const [taken] = await rows<ClaimRow>(
        client,
        'claiming',
        `INSERT INTO ratchet.claims AS c (model, kind, holder, token)
         VALUES ($1, $2, $3, nextval('ratchet.fencing_tokens'))
         ON CONFLICT (model, kind) DO UPDATE
           SET holder = excluded.holder, token = excluded.token, since = clock_timestamp()
           WHERE c.holder <> excluded.holder AND $4
         RETURNING kind, holder, token, since`,
        [model, kind, holder, options.steal === true],
      );
      if (taken !== undefined) return { holder: taken.holder, token: taken.token };
      const [held] = await rows<ClaimRow>(
        client,
        'reading a claim',
        'SELECT kind, holder, token, since FROM ratchet.claims WHERE model = $1 AND kind = $2',
        [model, kind],
      );
      if (held === undefined) return null;
      if (held.holder === holder) return { holder, token: held.token };
      throw claimHeld(model, kind, held);
    });
    // Released between the two statements: it is free now.
    return fence ?? this.claim(model, kind, holder, options);
  }

  async release(model: string, kind: ClaimKind, holder: string): Promise<void> {
    await rows(
      this.pool,
      'releasing a claim',
      'DELETE FROM ratchet.claims WHERE model = $1 AND kind = $2 AND holder = $3',
      [model, kind, holder],
    );
  }

  async currentClaims(model: string): Promise<readonly ClaimRow[]> {
    return rows<ClaimRow>(
      this.pool,
      'reading claims',
      'SELECT kind, holder, token, since FROM ratchet.claims WHERE model = $1 ORDER BY kind',
      [model],
    );
  }
}

function claimHeld(model: string, kind: ClaimKind, held: ClaimRow): RatchetError {
  return new RatchetError('RATCHET_CLAIM_HELD', `${held.holder} holds the ${kind} of ${model}`, {
    details: { model, kind, holder: held.holder, since: held.since },
  });
}
