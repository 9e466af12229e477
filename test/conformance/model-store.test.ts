import type { Policy } from '../../core/policy';
import { version } from './samples';
import { overBothStores, type OpenStores, type Stores } from './stores';

overBothStores('ModelStore', describeModelStore);

/** A store looks at no more of a policy than its name. */
const policy = (fields: Record<string, unknown> = {}): Policy =>
  ({ schemaVersion: 1, model: 'late', task: 'binary', threshold: 0.1 + 0.2, ...fields }) as unknown as Policy;
const by = { actor: 'ada', reason: 'first version' };

function describeModelStore(name: string, open: OpenStores): void {
  describe(name, () => {
    let stores: Stores;
    beforeEach(async () => {
      stores = await open();
    });
    afterEach(() => stores.close());

    it('gives back the policy as it was saved, and knows no other model', async () => {
      const saved = await stores.models.saveModel(policy({ z: 1, a: { y: 2, b: 3 } }), by);
      expect(await stores.models.getModel('late')).toEqual(saved);
      expect(JSON.stringify(saved.policy)).toBe(JSON.stringify(policy({ z: 1, a: { y: 2, b: 3 } })));
      await expect(stores.models.getModel('other')).rejects.toMatchObject({ code: 'RATCHET_MODEL_UNKNOWN' });
      expect((await stores.models.listModels()).map((m) => m.model)).toEqual(['late']);
    });

    it('records a decision for each change of the policy, also back to an earlier one, and none for the same', async () => {
      const first = await stores.models.saveModel(policy({ a: 1, b: 2 }), by);
      const same = await stores.models.saveModel(policy({ b: 2, a: 1 }), by);
      const second = await stores.models.saveModel(policy({ a: 2 }), by);
      const back = await stores.models.saveModel(policy({ a: 1, b: 2 }), { actor: 'bob', reason: 'undo' });
      expect(same.policyDigest).toBe(first.policyDigest);
      expect(second.policyDigest).not.toBe(first.policyDigest);
      expect(back).toMatchObject({ policyDigest: first.policyDigest, createdAt: first.createdAt });
      const decisions = await stores.decisions.list('late', { kind: 'policy.set' });
      expect(decisions.map((d) => [d.actor, d.evidence['revision']])).toEqual([
        ['ada', 1],
        ['ada', 2],
        ['bob', 3],
      ]);
    });

    it('saves a version once, takes the same again, and refuses another content under its number', async () => {
      await stores.models.saveVersion(version());
      await stores.models.saveVersion(version({ createdAt: Date.UTC(2026, 5, 1) }));
      expect(await stores.models.getVersion('late', '1')).toEqual(version());
      await expect(stores.models.saveVersion(version({ sha256: 'b'.repeat(64) }))).rejects.toMatchObject({
        code: 'RATCHET_MODEL_EXISTS',
      });
      await expect(stores.models.getVersion('late', '2')).rejects.toMatchObject({ code: 'RATCHET_VERSION_UNKNOWN' });
    });

    it('lists versions in the order of their making, 10 after 9', async () => {
      for (const v of ['10', '9', '2']) await stores.models.saveVersion(version({ version: v }));
      expect((await stores.models.listVersions('late')).map((v) => v.version)).toEqual(['2', '9', '10']);
    });

    it('adds a blessing once with one decision, keeps it over a repeated save, and refuses one for no version', async () => {
      await stores.models.saveVersion(version());
      const blessing = {
        blessing: 'parity',
        how: 'earned',
        actor: 'retrain/late/1',
        reason: 'max 3e-7',
        at: 5,
      } as const;
      await stores.models.bless('late', '1', blessing, by);
      await stores.models.bless('late', '1', { ...blessing, how: 'waived' }, by);
      await stores.models.saveVersion(version());
      expect((await stores.models.getVersion('late', '1')).blessings).toEqual([blessing]);
      const decisions = await stores.decisions.list('late', { kind: 'blessing' });
      expect(decisions).toHaveLength(1);
      expect(decisions[0]).toMatchObject({ version: '1', evidence: { blessing: 'parity', how: 'earned' } });
      await expect(stores.models.bless('late', '8', blessing, by)).rejects.toMatchObject({
        code: 'RATCHET_VERSION_UNKNOWN',
      });
    });
  });
}
