import { readNumeric } from '../../core/drift/feature-values';
import { buildReferenceProfile } from '../../core/drift/profile-build';
import type { InboxTrigger } from '../../core/ports';
import { overBothStores, openMigratedDatabase, type OpenStores, type Stores } from './stores';
import { PostgresTriggerInbox } from '../../adapters/postgres';

overBothStores('ProfileStore', describeProfileStore);
overBothStores('TriggerInbox', describeTriggerInbox);

function describeProfileStore(name: string, open: OpenStores): void {
  describe(name, () => {
    let stores: Stores;
    beforeEach(async () => {
      stores = await open();
    });
    afterEach(() => stores.close());

    const profileOf = (values: readonly number[]) =>
      buildReferenceProfile({ rows: values.length, columns: { x: values } }, [{ name: 'x', kind: 'number' }], {
        bins: 4,
      });

    it('keeps a profile under the digest of its content, once, and gives the newest of a version', async () => {
      const [first, second] = [profileOf([1, 2, 3, 4.25]), profileOf([0.1, 5, 6])];
      expect(await stores.profiles.getProfile('late', '1')).toBeNull();
      const saved = await stores.profiles.saveProfile('late', '1', first);
      expect(saved.digest).toMatch(/^[0-9a-f]{64}$/);
      expect(await stores.profiles.saveProfile('late', '1', first)).toEqual(saved);
      expect(await stores.profiles.getProfile('late', '1')).toMatchObject({ ...saved, profile: first });
      await stores.profiles.saveProfile('late', '1', second);
      expect((await stores.profiles.getProfile('late', '1'))?.profile).toEqual(second);
      expect(await stores.profiles.getProfile('late', '2')).toBeNull();
    });

    it('gives the bytes of histograms back', async () => {
      const bytes = new Uint8Array([0, 255, 10, 92, readNumeric([1]).rows]);
      const { digest } = await stores.profiles.saveProfile('late', '1', profileOf([1]), {
        x: bytes,
        y: new Uint8Array(),
      });
      expect(await stores.profiles.getHistograms(digest)).toEqual({ x: bytes, y: new Uint8Array() });
      expect(await stores.profiles.getHistograms('none')).toEqual({});
    });
  });
}

function trigger(n: number, fields: Partial<InboxTrigger> = {}): InboxTrigger {
  return {
    id: `t${n}`,
    model: 'late',
    source: 'webhook',
    actor: 'ci',
    reason: `because ${n}`,
    manual: false,
    asOf: n,
    payload: { n, z: 1, a: [null] },
    ...fields,
  };
}

function describeTriggerInbox(name: string, open: OpenStores): void {
  describe(name, () => {
    let stores: Stores;
    beforeEach(async () => {
      stores = await open();
    });
    afterEach(() => stores.close());

    it('keeps 10 000 triggers of a burst once, however often and in whatever pieces they come', async () => {
      const burst = Array.from({ length: 10_000 }, (_, n) => trigger(n));
      const added = [
        await stores.triggers.addTriggers(burst.slice(0, 6000)),
        await stores.triggers.addTriggers(burst.slice(4000)),
        await stores.triggers.addTriggers([trigger(1, { reason: 'another text' }), trigger(20_000), trigger(20_000)]),
      ];
      expect(added.map((a) => a.added)).toEqual([6000, 4000, 1]);
      const waiting = await stores.triggers.listWaiting('late', 20_000);
      expect(waiting).toHaveLength(10_001);
      const receivedAt = expect.any(Number) as number;
      expect(waiting.slice(0, 2)).toEqual([
        { ...trigger(0), receivedAt },
        { ...trigger(1), receivedAt },
      ]);
    });

    it('gives what waits oldest first, by model, and never again what was taken', async () => {
      await stores.triggers.addTriggers([trigger(1), trigger(2, { asOf: null, payload: null }), trigger(3)]);
      await stores.triggers.addTriggers([trigger(1, { model: 'other', manual: true, source: 'person' })]);
      expect(await stores.triggers.modelsWaiting()).toEqual(['late', 'other']);
      expect((await stores.triggers.listWaiting('late', 2)).map((t) => t.id)).toEqual(['t1', 't2']);
      for (let i = 0; i < 2; i++) await stores.triggers.markTaken('late', ['t1', 't2', 'nobody'], 'model/late:run-1');
      expect((await stores.triggers.listWaiting('late', 9)).map((t) => t.id)).toEqual(['t3']);
      await stores.triggers.markTaken('late', ['t3'], 'model/late:run-1');
      expect(await stores.triggers.modelsWaiting()).toEqual(['other']);
      await stores.triggers.markTaken('late', ['t3'], 'retrain/late/7');
      const all = await stores.triggers.listTriggers('late', 2);
      expect(all.map((t) => [t.id, t.takenBy, t.reason])).toEqual([
        ['t3', 'retrain/late/7', 'because 3'],
        ['t2', 'model/late:run-1', 'because 2'],
      ]);
    });
  });
}

describe('the table of triggers', () => {
  it('refuses that a payload is changed or a trigger removed', async () => {
    const { pool, close } = await openMigratedDatabase();
    try {
      await new PostgresTriggerInbox(pool).addTriggers([trigger(1)]);
      for (const statement of [
        `UPDATE ratchet.triggers SET reason = 'x'`,
        `UPDATE ratchet.triggers SET payload = '{}'`,
        'DELETE FROM ratchet.triggers',
        'TRUNCATE ratchet.triggers',
      ]) {
        await expect(pool.query(statement)).rejects.toThrow(/append-only/);
      }
    } finally {
      await close();
    }
  });
});
