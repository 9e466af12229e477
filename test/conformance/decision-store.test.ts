import { decision } from './samples';
import { openMigratedDatabase, overBothStores, type OpenStores, type Stores } from './stores';

overBothStores('DecisionStore', describeDecisionStore);
overBothStores('IncidentStore', describeIncidentStore);
overBothStores('GatewayStatusStore', describeGatewayStatusStore);

function describeDecisionStore(name: string, open: OpenStores): void {
  describe(name, () => {
    let stores: Stores;
    beforeEach(async () => {
      stores = await open();
    });
    afterEach(() => stores.close());

    it('returns the first record for a repeated key, also to 4 writers at once', async () => {
      const first = await stores.decisions.record(decision('k', { evidence: { keys: 12, share: 0.1 + 0.2 } }));
      const again = await Promise.all(
        [1, 2, 3, 4].map((n) => stores.decisions.record(decision('k', { actor: `other ${n}`, verdict: 'fail' }))),
      );
      for (const record of again) expect(record).toEqual(first);
      expect(await stores.decisions.list('late')).toEqual([first]);
      expect(first).toMatchObject({ actor: 'test', verdict: null, evidence: { keys: 12, share: 0.30000000000000004 } });
    });

    it('lists by kind and workflow, oldest first, and the newest 2 with a limit of 2', async () => {
      for (const n of [1, 2, 3])
        await stores.decisions.record(decision(`g${n}`, { kind: 'gate', workflowId: `w${n}` }));
      await stores.decisions.record(decision('d', { kind: 'drift' }));
      await stores.decisions.record(decision('o', { model: 'other' }));
      const keys = async (filter?: Parameters<typeof stores.decisions.list>[1]) =>
        (await stores.decisions.list('late', filter)).map((d) => d.key);
      expect(await keys()).toEqual(['g1', 'g2', 'g3', 'd']);
      expect(await keys({ kind: 'gate' })).toEqual(['g1', 'g2', 'g3']);
      expect(await keys({ workflowId: 'w2' })).toEqual(['g2']);
      expect(await keys({ limit: 2 })).toEqual(['g3', 'd']);
    });
  });
}

describe('the database itself', () => {
  it.each([
    `UPDATE ratchet.decisions SET actor = 'nobody'`,
    `DELETE FROM ratchet.decisions`,
    `TRUNCATE ratchet.decisions`,
    `INSERT INTO ratchet.decisions SELECT * FROM ratchet.decisions ON CONFLICT (key) DO UPDATE SET actor = 'nobody'`,
  ])('refuses "%s"', async (statement) => {
    const { pool, close } = await openMigratedDatabase();
    try {
      await pool.query(
        `INSERT INTO ratchet.decisions (key, model, kind, reasons, evidence, actor, reason) VALUES ('k', 'm', 'gate', '[]', '{}', 'ada', 'r')`,
      );
      await expect(pool.query(statement)).rejects.toMatchObject({ message: expect.stringMatching(/append-only/) });
      const { rows } = await pool.query<{ actor: string }>('SELECT actor FROM ratchet.decisions');
      expect(rows).toEqual([{ actor: 'ada' }]);
    } finally {
      await close();
    }
  });
});

function describeIncidentStore(name: string, open: OpenStores): void {
  describe(name, () => {
    let stores: Stores;
    beforeEach(async () => {
      stores = await open();
    });
    afterEach(() => stores.close());

    const reasons = [{ code: 'drift.features', text: '2 of 12 features drifted', observed: 2 }];

    it('keeps one incident open a model: a second one is the first', async () => {
      const ids = ['i1', 'i2', 'i3', 'i4'];
      const opened = await Promise.all(ids.map((id) => stores.incidents.open({ id, model: 'late', reasons })));
      expect(new Set(opened.map((i) => i.id)).size).toBe(1);
      expect(await stores.incidents.listIncidents('late')).toHaveLength(1);
      expect((await stores.incidents.open({ id: 'x1', model: 'other', reasons })).id).toBe('x1');
    });

    it('closes once, keeps the first outcome, and does not open a closed one again by a late retry', async () => {
      await stores.incidents.open({ id: 'i1', model: 'late', reasons });
      await stores.incidents.close('late', 'i1', 'promoted');
      await stores.incidents.close('late', 'i1', 'rolledBack');
      const again = await stores.incidents.open({ id: 'i1', model: 'late', reasons });
      expect(again).toMatchObject({ outcome: 'promoted', reasons, closedAt: expect.any(Number) });
      expect((await stores.incidents.open({ id: 'i2', model: 'late', reasons })).closedAt).toBeNull();
      expect((await stores.incidents.listIncidents('late')).map((i) => i.id)).toEqual(['i1', 'i2']);
    });
  });
}

function describeGatewayStatusStore(name: string, open: OpenStores): void {
  describe(name, () => {
    let stores: Stores;
    beforeEach(async () => {
      stores = await open();
    });
    afterEach(() => stores.close());

    it('tells who is ready, who failed and who knows nothing, until the report is too old', async () => {
      const ready = { model: 'late', version: '2', state: 'ready', error: null } as const;
      const failed = { model: 'late', version: '2', state: 'failed', error: 'RATCHET_MODEL_GOLDEN' } as const;
      await stores.gateways.report('g1', [ready], { late: 7 }, 60_000);
      await stores.gateways.report('g2', [failed], { late: 6 }, 60_000);
      await stores.gateways.report('g3', [], {}, 120_000);
      expect(await stores.gateways.readiness('late', '2')).toEqual([
        { gateway: 'g1', state: 'ready', error: null, appliedGeneration: 7 },
        { gateway: 'g2', state: 'failed', error: 'RATCHET_MODEL_GOLDEN', appliedGeneration: 6 },
        { gateway: 'g3', state: 'absent', error: null, appliedGeneration: null },
      ]);
      await stores.gateways.report('g2', [ready], { late: 7 }, 120_000);
      await stores.passTime(60_001);
      const later = await stores.gateways.readiness('late', '2');
      expect(later.map((g) => [g.gateway, g.state])).toEqual([
        ['g2', 'ready'],
        ['g3', 'absent'],
      ]);
    });

    it('asks for a version once, until it is routed or taken back', async () => {
      await stores.gateways.requestLoad('late', '2');
      await stores.gateways.requestLoad('late', '2');
      await stores.gateways.requestLoad('late', '3');
      expect(await stores.gateways.requestedLoads()).toEqual([
        { model: 'late', version: '2' },
        { model: 'late', version: '3' },
      ]);
      await stores.routes.changeRoute('late', { kind: 'adopt', version: '2' }, null, decision('adopt'));
      expect(await stores.gateways.requestedLoads()).toEqual([{ model: 'late', version: '3' }]);
      await stores.gateways.cancelLoad('late', '3');
      expect(await stores.gateways.requestedLoads()).toEqual([]);
    });
  });
}
