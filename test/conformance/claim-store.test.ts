import { overBothStores, type OpenStores, type Stores } from './stores';

overBothStores('ClaimStore', describeClaimStore);

function describeClaimStore(name: string, open: OpenStores): void {
  describe(name, () => {
    let stores: Stores;
    beforeEach(async () => {
      stores = await open();
    });
    afterEach(() => stores.close());

    it('gives the same holder the same token twice and another holder the name of the first', async () => {
      const first = await stores.claims.claim('late', 'rollout', 'a');
      expect(await stores.claims.claim('late', 'rollout', 'a')).toEqual(first);
      await expect(stores.claims.claim('late', 'rollout', 'b')).rejects.toMatchObject({
        code: 'RATCHET_CLAIM_HELD',
        details: { holder: 'a', kind: 'rollout', model: 'late' },
      });
    });

    it('keeps a retraining, a rollout and another model apart', async () => {
      await stores.claims.claim('late', 'rollout', 'a');
      await stores.claims.claim('late', 'retrain', 'b');
      await stores.claims.claim('other', 'rollout', 'c');
      const held = await stores.claims.currentClaims('late');
      expect(held.map((c) => [c.kind, c.holder])).toEqual([
        ['retrain', 'b'],
        ['rollout', 'a'],
      ]);
      expect(held.every((c) => Number.isFinite(c.since))).toBe(true);
    });

    it('raises the token with each holder, also after a release and after a theft', async () => {
      const a = await stores.claims.claim('late', 'rollout', 'a');
      await stores.claims.release('late', 'rollout', 'a');
      const b = await stores.claims.claim('late', 'rollout', 'b');
      const c = await stores.claims.claim('late', 'rollout', 'c', { steal: true });
      expect(b.token).toBeGreaterThan(a.token);
      expect(c.token).toBeGreaterThan(b.token);
      expect(await stores.claims.claim('late', 'rollout', 'c', { steal: true })).toEqual(c);
    });

    it('does not let a robbed holder release what it no longer holds', async () => {
      await stores.claims.claim('late', 'rollout', 'a');
      await stores.claims.claim('late', 'rollout', 'b', { steal: true });
      await stores.claims.release('late', 'rollout', 'a');
      expect((await stores.claims.currentClaims('late')).map((c) => c.holder)).toEqual(['b']);
    });

    it('lets one of 8 concurrent claimants win', async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, (_, i) => stores.claims.claim('late', 'rollout', `h${i}`)),
      );
      expect(outcomes.filter((o) => o.status === 'fulfilled')).toHaveLength(1);
      const codes = outcomes.flatMap((o) => (o.status === 'rejected' ? [(o.reason as { code: string }).code] : []));
      expect(codes).toEqual(Array(7).fill('RATCHET_CLAIM_HELD'));
    });
  });
}
