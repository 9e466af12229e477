import type { PredictionRecord } from '../../core/ports';
import { SHADOW_DROPPED } from '../../core/rollout/evidence';
import { freshId, idAt, prediction, version } from './samples';
import { overBothStores, type OpenStores, type Stores } from './stores';

const RUN = 'canary/late/2:run-1';
const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 0, 1, 12);
const FOR_EVER = Date.UTC(2100, 0, 1);

overBothStores('PredictionReader', describePredictionReader);

function describePredictionReader(name: string, open: OpenStores): void {
  describe(name, () => {
    let stores: Stores;
    beforeEach(async () => {
      stores = await open();
    });
    afterEach(() => stores.close());

    const contract = version().contract;
    const label = (id: string, value: string) =>
      stores.labels.saveLabels('late', [{ predictionId: id, value, observedAt: NOON }], 0);
    /** A row of the run: the n-th second after noon. */
    const row = (n: number, key: string | null, arm: 'champion' | 'canary', fields: Partial<PredictionRecord> = {}) =>
      prediction({
        receivedAt: NOON + n * 1000,
        key,
        arm,
        version: arm === 'canary' ? '2' : '1',
        run: RUN,
        step: 0,
        weight: 500,
        ...fields,
      });
    const segments = (slowUs: number | null = null, matureBefore = FOR_EVER) =>
      stores.reader.readSegments('late', RUN, slowUs, matureBefore);
    const nothing = { keys: 0, requests: 0, errors: 0, slow: 0, wrong: 0, labelled: 0 };

    it('answers an empty log with null, no rows and no evidence', async () => {
      expect(await stores.reader.latestOccurredAt('late')).toBeNull();
      expect((await stores.reader.readWindow('late', contract, 0, FOR_EVER)).features.rows).toBe(0);
      expect(await segments()).toEqual([]);
      expect(await stores.reader.readPairs('late', RUN, FOR_EVER)).toEqual([]);
      expect(await stores.reader.readShadowCounts('late', RUN)).toEqual({
        requests: 0,
        errors: 0,
        dropped: 0,
        disagreements: 0,
      });
      expect(await stores.reader.countSince('late', '1', 0)).toEqual({ requests: 0, errors: 0, lastReceivedAt: null });
      expect(await stores.reader.latencyQuantileUs('late', '1', 0.5, DAY_MS)).toBeNull();
    });

    it('takes the start of a window and leaves its end, in event time, and gives features in contract order', async () => {
      const at = [NOON - 1, NOON, NOON + 999, NOON + 1000];
      // Received on four different days: event time decides, not the partition.
      await stores.sink.write(
        at.map((occurredAt, i) =>
          prediction({
            receivedAt: NOON + i * DAY_MS,
            occurredAt,
            numbers: [i + 0.5, null],
            strings: ['é🛫', i === 1 ? null : 'JFK'],
          }),
        ),
      );
      const window = await stores.reader.readWindow('late', contract, NOON, NOON + 1000);
      expect(window.occurredAt).toEqual([NOON, NOON + 999]);
      expect(window.features).toEqual({
        rows: 2,
        columns: { carrier: ['é🛫', 'é🛫'], distance: [1.5, 2.5], origin: [null, 'JFK'], visib: [null, null] },
      });
      expect(Object.keys(window.features.columns)).toEqual(['carrier', 'distance', 'origin', 'visib']);
      expect(window.scores).toEqual([0.25, 0.25]);
      expect(window.truths).toEqual([null, null]);
      expect(await stores.reader.earliestOccurredAt('late')).toBe(NOON - 1);
      expect(await stores.reader.latestOccurredAt('late')).toBe(NOON + 1000);
      expect(await stores.reader.latestOccurredAt('late', NOON + 1000)).toBeLessThan(NOON + 1000);
      expect(await stores.reader.latestOccurredAt('late', 0)).toBeNull();
    });

    it('counts 3 predictions once each that were written 3 times', async () => {
      const rows = [row(0, 'a', 'champion'), row(1, 'b', 'canary'), row(2, 'c', 'champion')];
      for (let i = 0; i < 3; i++) await stores.sink.write(rows);
      const window = await stores.reader.readWindow('late', contract, NOON, NOON + DAY_MS);
      expect(window.versions).toEqual(['1', '2', '1']);
      expect(await segments()).toEqual([
        {
          step: 0,
          weight: 500,
          candidate: { ...nothing, keys: 1, requests: 1 },
          champion: { ...nothing, keys: 2, requests: 2 },
        },
      ]);
      expect(await stores.reader.countSince('late', '1', NOON)).toEqual({
        requests: 2,
        errors: 0,
        lastReceivedAt: NOON + 2000,
      });
      expect(await stores.reader.countSince('late', '1', NOON + 1)).toEqual({
        requests: 1,
        errors: 0,
        lastReceivedAt: NOON + 2000,
      });
    });

    it('shows the version asked for, and never a shadow answer', async () => {
      const served = prediction({ receivedAt: NOON });
      await stores.sink.write([
        served,
        prediction({ arm: 'shadow', version: '3', pairId: served.id }),
        row(1, null, 'canary'),
      ]);
      const all = await stores.reader.readWindow('late', contract, 0, FOR_EVER);
      const second = await stores.reader.readWindow('late', contract, 0, FOR_EVER, { version: '2' });
      expect([all.versions, second.versions]).toEqual([['1', '2'], ['2']]);
    });

    it('credits a key to its first exposure only, and its errors to where the first happened', async () => {
      await stores.sink.write([
        row(0, 'a', 'champion', { error: 'RATCHET_INFERENCE_FAILED', score: null, label: null }),
        row(1, 'a', 'champion', { error: 'RATCHET_INFERENCE_FAILED', score: null, label: null }),
        row(2, 'b', 'champion'),
        // At the next step both keys moved to the canary and fail there.
        row(3, 'a', 'canary', { step: 1, weight: 5000, error: 'RATCHET_INFERENCE_FAILED', score: null, label: null }),
        row(4, 'b', 'canary', { step: 1, weight: 5000, error: 'RATCHET_INFERENCE_FAILED', score: null, label: null }),
        row(5, 'b', 'canary', { step: 1, weight: 5000, error: 'RATCHET_INFERENCE_FAILED', score: null, label: null }),
      ]);
      expect(await segments()).toEqual([
        { step: 0, weight: 500, candidate: nothing, champion: { ...nothing, keys: 2, requests: 3, errors: 1 } },
        { step: 1, weight: 5000, candidate: { ...nothing, requests: 3, errors: 1 }, champion: nothing },
      ]);
    });

    it('takes each keyless row as its own unit', async () => {
      await stores.sink.write(
        [0, 1, 2].map((n) => row(n, null, 'canary', { error: 'RATCHET_INFERENCE_FAILED', score: null, label: null })),
      );
      const [segment] = await segments();
      expect(segment?.candidate).toEqual({ ...nothing, keys: 3, requests: 3, errors: 3 });
    });

    it.each([
      ['the same id', true],
      ['another id and the pair', false],
    ])('does not count the champion as exposed when it stood in for a failed canary with %s', async (_how, sameId) => {
      const failed = row(0, 'a', 'canary', { error: 'RATCHET_INFERENCE_FAILED', score: null, label: null });
      const fallback = row(0, 'a', 'champion', sameId ? { id: failed.id } : { pairId: failed.id });
      await stores.sink.write([failed, fallback, row(1, 'b', 'champion')]);
      expect(await segments()).toEqual([
        {
          step: 0,
          weight: 500,
          candidate: { ...nothing, keys: 1, requests: 1, errors: 1 },
          champion: { ...nothing, keys: 1, requests: 1 },
        },
      ]);
      const window = await stores.reader.readWindow('late', contract, NOON, NOON + 1000);
      expect(window.versions).toEqual(['1']);
      expect(window.scores).toEqual([0.25]);
    });

    it('counts slow answers strictly above the bound, once a key', async () => {
      await stores.sink.write([
        row(0, 'a', 'canary', { latencyUs: 5000 }),
        row(1, 'a', 'canary', { latencyUs: 5001 }),
        row(2, 'a', 'canary', { latencyUs: 9000 }),
        row(3, 'b', 'champion', { latencyUs: 9000 }),
      ]);
      const [segment] = await segments(5000);
      expect([segment?.candidate.slow, segment?.champion.slow]).toEqual([1, 1]);
      const [unasked] = await segments(null);
      expect([unasked?.candidate.slow, unasked?.champion.slow]).toEqual([0, 0]);
    });

    it('looks at the first of 4 rows that were answered together: 3 slow ones beside it are one run', async () => {
      const together = (n: number, key: string, arm: 'champion' | 'canary', latencyUs: number) =>
        row(n, key, arm, { latencyUs, receivedAt: NOON + 10 * n });
      await stores.sink.write([
        together(0, 'a', 'champion', 100),
        { ...together(0, 'b', 'canary', 9000), receivedAt: NOON + 3 },
        { ...together(0, 'c', 'canary', 9000), receivedAt: NOON + 4 },
        together(1, 'd', 'canary', 9000),
        { ...together(1, 'e', 'canary', 9000), receivedAt: NOON + 17 },
      ]);
      const [segment] = await segments(5000);
      expect([segment?.candidate.slow, segment?.champion.slow]).toEqual([1, 0]);
    });

    it('counts wrong answers of matured labels only, the bound inclusive, once a key', async () => {
      const rows = [
        row(0, 'a', 'canary'),
        row(1, 'a', 'canary'),
        row(2, 'b', 'canary', { label: 'late' }),
        row(3, 'c', 'champion'),
        row(4, 'd', 'champion'),
        row(5, 'e', 'champion'), // never labelled
      ];
      await stores.sink.write(rows);
      for (const r of rows.slice(0, 5)) await label(r.id, 'late');
      const [mature] = await segments(null, NOON + 4000);
      expect(mature?.candidate).toMatchObject({ keys: 2, requests: 3, wrong: 1, labelled: 2 });
      expect(mature?.champion).toMatchObject({ keys: 3, requests: 3, wrong: 2, labelled: 2 });
      const [young] = await segments(null, NOON + 3999);
      expect(young?.champion).toMatchObject({ wrong: 1, labelled: 1 });
    });

    it('takes rows of another run, of weight 0 and of no step as no evidence', async () => {
      await stores.sink.write([
        row(0, 'a', 'canary', { run: 'canary/late/2:run-2' }),
        row(1, 'b', 'champion', { weight: 0 }),
        row(2, 'c', 'champion', { step: null }),
        row(3, 'd', 'champion', { model: 'other' }),
      ]);
      expect(await segments()).toEqual([]);
    });

    it('pairs a shadow answer with the champion in the order in which labels arrived', async () => {
      const served = [0, 1, 2, 3].map((n) => prediction({ receivedAt: NOON + n, score: n / 10, label: 'onTime' }));
      const shadows = served.map((s, n) =>
        prediction({
          receivedAt: s.receivedAt,
          arm: 'shadow',
          version: '3',
          pairId: s.id,
          run: RUN,
          score: 0.5 + n / 10,
          label: n === 1 ? 'onTime' : 'late',
        }),
      );
      await stores.sink.write([...served, ...shadows]);
      await stores.sink.write([...shadows, ...served]);
      for (const n of [2, 0, 1]) await label(served[n]?.id ?? '', 'late');
      const pairs = await stores.reader.readPairs('late', RUN, NOON + 1);
      expect(pairs).toEqual([
        {
          championScore: 0,
          championLabel: 'onTime',
          candidateScore: 0.5,
          candidateLabel: 'late',
          truth: 'late',
          occurredAt: NOON,
        },
        {
          championScore: 0.1,
          championLabel: 'onTime',
          candidateScore: 0.6,
          candidateLabel: 'onTime',
          truth: 'late',
          occurredAt: NOON + 1,
        },
      ]);
      const all = await stores.reader.readPairs('late', RUN, FOR_EVER);
      expect(all.map((p) => p.championScore)).toEqual([0.2, 0, 0.1]);
      expect(await stores.reader.readShadowCounts('late', RUN)).toEqual({
        requests: 4,
        errors: 0,
        dropped: 0,
        disagreements: 3,
      });
    });

    it('counts 2 dropped copies apart from 1 failed one, and pairs neither', async () => {
      const served = [0, 1, 2, 3].map((n) => prediction({ receivedAt: NOON + n }));
      const errors = [null, 'RATCHET_INFERENCE_FAILED', SHADOW_DROPPED, SHADOW_DROPPED];
      await stores.sink.write([
        ...served,
        ...served.map((s, n) =>
          prediction({
            receivedAt: s.receivedAt,
            arm: 'shadow',
            pairId: s.id,
            run: RUN,
            error: errors[n] ?? null,
            score: errors[n] == null ? 0.5 : null,
            label: errors[n] == null ? 'onTime' : null,
          }),
        ),
      ]);
      for (const s of served) await label(s.id, 'late');
      expect(await stores.reader.readShadowCounts('late', RUN)).toEqual({
        requests: 2,
        errors: 1,
        dropped: 2,
        disagreements: 0,
      });
      expect(await stores.reader.readPairs('late', RUN, FOR_EVER)).toHaveLength(1);
    });

    it('gives a latency quantile of 50 rows and none of 49', async () => {
      const rows = Array.from({ length: 50 }, (_, i) =>
        prediction({ id: freshId(), receivedAt: stores.now(), latencyUs: (i + 1) * 100 }),
      );
      await stores.sink.write(rows.slice(0, 49));
      expect(await stores.reader.latencyQuantileUs('late', '1', 0.99, DAY_MS)).toBeNull();
      await stores.sink.write(rows);
      expect(await stores.reader.latencyQuantileUs('late', '1', 0.5, DAY_MS)).toBe(2500);
      expect(await stores.reader.latencyQuantileUs('late', '1', 0.99, DAY_MS)).toBe(5000);
    });

    it('writes and reads what would break a careless writer: NUL, lone surrogates, empty arrays, huge and tiny numbers', async () => {
      const odd = prediction({
        key: `a\0b`,
        strings: [],
        numbers: [],
        error: null,
        label: 'it\'s "x",\\N',
        id: idAt(NOON),
      });
      const huge = prediction({
        receivedAt: NOON + 1,
        numbers: [3.4e38, -0.1],
        strings: ['', '\ud800'],
        latencyUs: 1e12,
      });
      await stores.sink.write([odd, huge]);
      const window = await stores.reader.readWindow('late', contract, NOON, NOON + 2);
      expect(window.labels).toEqual(['it\'s "x",\\N', 'onTime']);
      expect(window.features.columns['distance']).toEqual([null, 3.4e38]);
      expect(window.features.columns['visib']).toEqual([null, -0.1]);
      expect(window.features.columns['carrier']).toEqual([null, '']);
    });
  });
}
