import type { LabelInput } from '../../core/ports';
import { idAt, prediction, version } from './samples';
import { overBothStores, type OpenStores, type Stores } from './stores';

const NOON = Date.UTC(2026, 0, 1, 12);
const DAY_MS = 86_400_000;

overBothStores('LabelStore', describeLabelStore);

function describeLabelStore(name: string, open: OpenStores): void {
  describe(name, () => {
    let stores: Stores;
    beforeEach(async () => {
      stores = await open();
    });
    afterEach(() => stores.close());

    const save = (labels: readonly LabelInput[], graceMs = 0) => stores.labels.saveLabels('late', labels, graceMs);
    const label = (predictionId: string, value: string, correction?: boolean): LabelInput => ({
      predictionId,
      value,
      observedAt: NOON + 3_600_000,
      ...(correction === undefined ? {} : { correction }),
    });
    const truths = async () =>
      (await stores.reader.readWindow('late', version().contract, 0, Date.UTC(2100, 0, 1))).truths;

    it('accepts, then knows a duplicate, a conflict and a correction', async () => {
      const row = prediction();
      await stores.sink.write([row]);
      expect(await save([label(row.id, 'late')])).toEqual(['accepted']);
      expect(await save([label(row.id, 'late')])).toEqual(['duplicate']);
      expect(await save([label(row.id, 'onTime')])).toEqual(['conflict']);
      expect(await truths()).toEqual(['late']);
      expect(await save([label(row.id, 'onTime', true)])).toEqual(['corrected']);
      expect(await save([label(row.id, 'onTime', true)])).toEqual(['duplicate']);
      expect(await truths()).toEqual(['onTime']);
    });

    it('judges the labels of one call in their order', async () => {
      const [a, b] = [prediction(), prediction()];
      await stores.sink.write([a, b]);
      const outcomes = await save([
        label(a.id, 'late'),
        label(a.id, 'late'),
        label(a.id, 'onTime'),
        label(a.id.toUpperCase(), 'onTime', true),
        label(b.id, 'onTime', true),
      ]);
      expect(outcomes).toEqual(['accepted', 'duplicate', 'conflict', 'corrected', 'accepted']);
      expect(await truths()).toEqual(['onTime', 'onTime']);
      expect(await save([])).toEqual([]);
    });

    it('refuses an unknown id that is older than the grace, text that is no id, and another model', async () => {
      const row = prediction();
      await stores.sink.write([row]);
      const old = idAt(stores.now() - 60_001);
      const outcomes = await save([label(old, 'late'), label('not an id', 'late'), label('', 'late')], 60_000);
      expect(outcomes).toEqual(['unknown', 'unknown', 'unknown']);
      expect(await stores.labels.saveLabels('other', [label(row.id, 'late')], 0)).toEqual(['unknown']);
    });

    it('accepts a label that is faster than its prediction and joins it when the prediction comes', async () => {
      const id = idAt(stores.now() - 1000);
      expect(await save([label(id, 'late')], 60_000)).toEqual(['accepted']);
      await stores.sink.write([prediction({ id, receivedAt: stores.now() - 1000 })]);
      expect(await truths()).toEqual(['late']);
      expect(await save([label(id, 'late')], 60_000)).toEqual(['duplicate']);
    });

    it('finds a prediction whose id carries another time than its receipt', async () => {
      const far = prediction({ id: idAt(NOON - 400 * DAY_MS), receivedAt: NOON });
      const noTime = prediction({ id: '7c9e6679-7425-40de-944b-e07fc1f90ae7', receivedAt: NOON });
      await stores.sink.write([far, noTime]);
      expect(await save([label(far.id, 'late'), label(noTime.id, 'late')])).toEqual(['accepted', 'accepted']);
    });

    it('keeps the place of a corrected label in the order of arrival', async () => {
      const served = [prediction({ receivedAt: NOON, score: 0.1 }), prediction({ receivedAt: NOON, score: 0.2 })];
      const [a, b] = served;
      await stores.sink.write([
        ...served,
        ...served.map((s) => prediction({ arm: 'shadow', pairId: s.id, run: 'r', receivedAt: NOON })),
      ]);
      await save([label(b?.id ?? '', 'late')]);
      await save([label(a?.id ?? '', 'late')]);
      await save([label(b?.id ?? '', 'onTime', true)]);
      const pairs = await stores.reader.readPairs('late', 'r', NOON);
      expect(pairs.map((p) => [p.championScore, p.truth])).toEqual([
        [0.2, 'onTime'],
        [0.1, 'late'],
      ]);
    });

    it('gives one of 8 concurrent writers of different values the word', async () => {
      const row = prediction();
      await stores.sink.write([row]);
      const outcomes = await Promise.all(Array.from({ length: 8 }, (_, i) => save([label(row.id, `v${i}`)])));
      expect(outcomes.flat().sort()).toEqual(['accepted', ...Array(7).fill('conflict')]);
    });
  });
}
