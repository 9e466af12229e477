import type { RouteChange } from '../../core/ports';
import { decision } from './samples';
import { overBothStores, type OpenStores, type Stores } from './stores';

const RUN = 'canary/late/2:run-1';
const canary = (weight: number, step: number, leaseMs = 60_000): RouteChange => ({
  kind: 'setCanary',
  version: '2',
  weight,
  run: RUN,
  step,
  leaseMs,
  salt: 's1',
});

overBothStores('RouteStore', describeRouteStore);

function describeRouteStore(name: string, open: OpenStores): void {
  describe(name, () => {
    let stores: Stores;
    beforeEach(async () => {
      stores = await open();
      await stores.routes.changeRoute('late', { kind: 'adopt', version: '1' }, null, decision('adopt'));
    });
    afterEach(() => stores.close());

    const claim = (holder = RUN, steal = false) => stores.claims.claim('late', 'rollout', holder, { steal });

    it('has no route before a champion is adopted, and refuses a canary without one', async () => {
      expect(await stores.routes.getRoute('other')).toBeNull();
      await expect(
        stores.routes.changeRoute('other', canary(500, 0), null, decision('k', { model: 'other' })),
      ).rejects.toMatchObject({ code: 'RATCHET_NO_CHAMPION' });
    });

    it('raises the generation with every change and writes one decision for each', async () => {
      const fence = await claim();
      const first = await stores.routes.changeRoute('late', canary(500, 0), fence, decision('k1'), 1);
      const second = await stores.routes.changeRoute('late', canary(2500, 1), fence, decision('k2'), 2);
      expect([first.generation, second.generation]).toEqual([2, 3]);
      expect(second.canary).toMatchObject({ version: '2', weight: 2500, run: RUN, step: 1 });
      expect(second.salt).toBe('s1');
      const kinds = (await stores.decisions.list('late')).map((d) => d.key);
      expect(kinds).toEqual(['adopt', 'k1', 'k2']);
      const [, , last] = await stores.decisions.list('late');
      expect(last?.evidence['route']).toEqual({ generation: 3, champion: '1', previous: null });
    });

    it('promotes with the old champion as previous and restores it once', async () => {
      const fence = await claim();
      await stores.routes.changeRoute('late', canary(5000, 0), fence, decision('k1'));
      const promoted = await stores.routes.changeRoute(
        'late',
        { kind: 'promote', version: '2' },
        fence,
        decision('k2'),
      );
      expect(promoted).toMatchObject({ champion: '2', previous: '1', canary: null, shadow: null });
      const restored = await stores.routes.changeRoute('late', { kind: 'restorePrevious' }, fence, decision('k3'));
      expect(restored).toMatchObject({ champion: '1', previous: null });
      await expect(
        stores.routes.changeRoute('late', { kind: 'restorePrevious' }, fence, decision('k4')),
      ).rejects.toMatchObject({ code: 'RATCHET_NO_PREVIOUS' });
      expect((await stores.decisions.list('late')).map((d) => d.key)).toEqual(['adopt', 'k1', 'k2', 'k3']);
    });

    it('does nothing when a decision key is repeated, whatever the change and the generation say', async () => {
      const fence = await claim();
      await stores.routes.changeRoute('late', canary(500, 0), fence, decision('k1'), 1);
      const again = await stores.routes.changeRoute('late', canary(9000, 4), fence, decision('k1'), 1);
      expect(again).toMatchObject({ generation: 2, canary: { weight: 500, step: 0 } });
      expect(await stores.decisions.list('late')).toHaveLength(2);
    });

    it('lets exactly one of two writers win that read the same generation', async () => {
      const fence = await claim();
      const outcomes = await Promise.allSettled([
        stores.routes.changeRoute('late', canary(500, 0), fence, decision('a'), 1),
        stores.routes.changeRoute('late', canary(1000, 0), fence, decision('b'), 1),
      ]);
      expect(outcomes.map((o) => o.status).sort()).toEqual(['fulfilled', 'rejected']);
      const lost = outcomes.find((o) => o.status === 'rejected');
      expect(lost).toMatchObject({ reason: { code: 'RATCHET_ROUTE_CONFLICT', retryable: true } });
      expect((await stores.routes.getRoute('late'))?.generation).toBe(2);
      expect(await stores.decisions.list('late')).toHaveLength(2);
    });

    it('loses no write of 8 concurrent writers without an expected generation', async () => {
      const fence = await claim();
      await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          stores.routes.changeRoute('late', canary(100 * (i + 1), i), fence, decision(`w${i}`)),
        ),
      );
      expect((await stores.routes.getRoute('late'))?.generation).toBe(9);
      expect(await stores.decisions.list('late')).toHaveLength(9);
    });

    it('refuses a holder whose claim was stolen, for changes and for renewals', async () => {
      const old = await claim('rollout-1');
      await stores.routes.changeRoute('late', canary(500, 0), old, decision('k1'));
      const thief = await claim('rollback-1', true);
      await expect(stores.routes.changeRoute('late', canary(1000, 1), old, decision('k2'))).rejects.toMatchObject({
        code: 'RATCHET_ROUTE_FENCED',
        retryable: false,
      });
      await expect(stores.routes.renewLease('late', 'canary', RUN, 60_000, old)).rejects.toMatchObject({
        code: 'RATCHET_ROUTE_FENCED',
      });
      const cleared = await stores.routes.changeRoute('late', { kind: 'clearCanary' }, thief, decision('k3'));
      expect(cleared.canary).toBeNull();
      expect((await stores.decisions.list('late')).map((d) => d.key)).toEqual(['adopt', 'k1', 'k3']);
    });

    it('refuses a fence after its claim was released, and a fence-less promotion while somebody holds the claim', async () => {
      const fence = await claim('rollout-1');
      await expect(
        stores.routes.changeRoute('late', { kind: 'promote', version: '9' }, null, decision('k1')),
      ).rejects.toMatchObject({ code: 'RATCHET_ROUTE_FENCED' });
      await stores.claims.release('late', 'rollout', 'rollout-1');
      await expect(stores.routes.changeRoute('late', canary(500, 0), fence, decision('k2'))).rejects.toMatchObject({
        code: 'RATCHET_ROUTE_FENCED',
      });
      expect((await stores.routes.getRoute('late'))?.generation).toBe(1);
    });

    it('lets anybody take the canary away without a fence', async () => {
      const fence = await claim();
      await stores.routes.changeRoute('late', canary(500, 0), fence, decision('k1'));
      const cleared = await stores.routes.changeRoute('late', { kind: 'clearCanary' }, null, decision('breaker'));
      expect(cleared).toMatchObject({ canary: null, champion: '1', generation: 3 });
    });

    it('counts a lease down and extends it without raising the generation', async () => {
      const fence = await claim();
      await stores.routes.changeRoute('late', canary(500, 0, 60_000), fence, decision('k1'));
      await stores.passTime(40_000);
      const before = await stores.routes.getRoute('late');
      expect(before?.canary?.leaseRemainingMs).toBeLessThanOrEqual(20_000);
      expect(await stores.routes.renewLease('late', 'canary', RUN, 60_000, fence)).toEqual({ renewed: true });
      const after = await stores.routes.getRoute('late');
      expect(after?.canary?.leaseRemainingMs).toBeGreaterThan(20_000);
      expect(after?.generation).toBe(2);
    });

    it('refuses a renewal 1 ms late, of another run, and of a canary that is gone', async () => {
      const fence = await claim();
      await stores.routes.changeRoute('late', canary(500, 0, 60_000), fence, decision('k1'));
      expect(await stores.routes.renewLease('late', 'canary', 'another run', 60_000, fence)).toEqual({
        renewed: false,
      });
      expect(await stores.routes.renewLease('late', 'shadow', RUN, 60_000, fence)).toEqual({ renewed: false });
      await stores.passTime(60_001);
      expect(await stores.routes.renewLease('late', 'canary', RUN, 60_000, fence)).toEqual({ renewed: false });
      expect((await stores.routes.getRoute('late'))?.canary?.leaseRemainingMs).toBeLessThanOrEqual(0);
      await stores.routes.changeRoute('late', { kind: 'clearCanary' }, fence, decision('k2'));
      expect(await stores.routes.renewLease('late', 'canary', RUN, 60_000, fence)).toEqual({ renewed: false });
    });

    it('gives a run whose lease has ended no traffic again, only weight 0', async () => {
      const fence = await claim();
      await stores.routes.changeRoute('late', canary(500, 0, 60_000), fence, decision('k1'));
      await stores.passTime(60_001);
      await expect(stores.routes.changeRoute('late', canary(1000, 1), fence, decision('k2'))).rejects.toMatchObject({
        code: 'RATCHET_LEASE_LOST',
      });
      const held = await stores.routes.changeRoute('late', canary(0, 0), fence, decision('k3'));
      expect(held.canary?.weight).toBe(0);
    });

    it('keeps the lease of the shadow when the canary changes, and of the canary when the shadow goes', async () => {
      const fence = await claim();
      const shadow: RouteChange = {
        kind: 'setShadow',
        version: '3',
        share: 1000,
        run: 'shadow/late/3:r',
        leaseMs: 50_000,
        salt: 's2',
      };
      await stores.routes.changeRoute('late', shadow, fence, decision('k1'));
      await stores.passTime(30_000);
      const both = await stores.routes.changeRoute('late', canary(500, 0, 60_000), fence, decision('k2'));
      expect(both.shadow).toMatchObject({ version: '3', share: 1000, run: 'shadow/late/3:r' });
      expect(both.shadow?.leaseRemainingMs).toBeLessThanOrEqual(20_000);
      expect(both.shadow?.leaseRemainingMs).toBeGreaterThan(0);
      const one = await stores.routes.changeRoute('late', { kind: 'clearShadow' }, fence, decision('k3'));
      expect(one.shadow).toBeNull();
      expect(one.canary?.leaseRemainingMs).toBeGreaterThan(20_000);
    });

    it.each([
      ['weight 10001', canary(10_001, 0)],
      ['weight 0.5', canary(0.5, 0)],
      ['weight NaN', canary(NaN, 0)],
      ['a lease of 0 ms', canary(500, 0, 0)],
      ['a lease of two days', canary(500, 0, 172_800_000)],
      ['the champion as canary', { ...canary(500, 0), version: '1' } as RouteChange],
    ])('refuses %s and leaves the route and the record as they were', async (_what, change) => {
      const fence = await claim();
      await expect(stores.routes.changeRoute('late', change, fence, decision('k1'))).rejects.toMatchObject({
        code: 'RATCHET_INPUT_INVALID',
      });
      expect((await stores.routes.getRoute('late'))?.generation).toBe(1);
      expect(await stores.decisions.list('late')).toHaveLength(1);
    });

    it('adopts no second champion over the first', async () => {
      await expect(
        stores.routes.changeRoute('late', { kind: 'adopt', version: '7' }, null, decision('k1')),
      ).rejects.toMatchObject({ code: 'RATCHET_MODEL_EXISTS' });
      expect((await stores.routes.listRoutes()).map((r) => [r.model, r.champion])).toEqual([['late', '1']]);
    });

    it('pushes every route at the start and after each change and renewal', async () => {
      const seen: string[] = [];
      let wake: () => void = () => undefined;
      await stores.source.start((route) => {
        seen.push(`${route.generation}:${route.canary?.weight ?? '-'}`);
        wake();
      });
      const until = async (count: number): Promise<void> => {
        while (seen.length < count) await new Promise<void>((resolve) => (wake = resolve));
      };
      expect(seen).toEqual(['1:-']);
      const fence = await claim();
      await stores.routes.changeRoute('late', canary(500, 0), fence, decision('k1'));
      await until(2);
      await stores.routes.renewLease('late', 'canary', RUN, 70_000, fence);
      await until(3);
      await stores.source.stop();
      expect(seen).toEqual(['1:-', '2:500', '2:500']);
    });
  });
}
