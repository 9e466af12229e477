import type { EvaluationRecord } from '../../core/ports';
import { overBothStores, type OpenStores, type Stores } from './stores';

const WEEK_MS = 7 * 86_400_000;
/** Monday 31 December 2012: week 1. */
const ANCHOR = Date.UTC(2012, 11, 31);
const grid = { anchor: ANCHOR, windowMs: WEEK_MS };

overBothStores('EvaluationStore', describeEvaluationStore);

function describeEvaluationStore(name: string, open: OpenStores): void {
  describe(name, () => {
    let stores: Stores;
    beforeEach(async () => {
      stores = await open();
    });
    afterEach(() => stores.close());

    const record = (week: number, fields: Partial<EvaluationRecord> = {}): EvaluationRecord => {
      const windowStart = ANCHOR + week * WEEK_MS;
      const windowEnd = windowStart + WEEK_MS;
      return {
        model: 'late',
        version: '1',
        windowStart,
        windowEnd,
        report: { version: '1', windowStart, windowEnd, breached: false, driftScore: 0.1, reasons: [] },
        measurement: { z: 1, a: [0.1, null] },
        workflowId: 'drift/late-1',
        at: ANCHOR + 60 * WEEK_MS,
        ...fields,
      };
    };
    const next = (firstStart: number, watermark: number, version = '1') =>
      stores.evaluations.nextWindow('late', version, grid, firstStart, watermark);

    it('gives a window only when the watermark has reached its end', async () => {
      expect(await next(ANCHOR, ANCHOR + WEEK_MS - 1)).toBeNull();
      expect(await next(ANCHOR, ANCHOR + WEEK_MS)).toEqual({ start: ANCHOR, end: ANCHOR + WEEK_MS });
    });

    it('starts at the first whole window at or after the first start', async () => {
      const watermark = ANCHOR + 10 * WEEK_MS;
      expect((await next(ANCHOR + 1, watermark))?.start).toBe(ANCHOR + WEEK_MS);
      expect((await next(ANCHOR - 1, watermark))?.start).toBe(ANCHOR);
      expect((await next(ANCHOR - WEEK_MS, watermark))?.start).toBe(ANCHOR - WEEK_MS);
    });

    it('passes over what was evaluated, fills gaps first, and starts anew for another version', async () => {
      const watermark = ANCHOR + 3 * WEEK_MS;
      await stores.evaluations.saveEvaluation(record(0));
      await stores.evaluations.saveEvaluation(record(2));
      expect((await next(ANCHOR, watermark))?.start).toBe(ANCHOR + WEEK_MS);
      await stores.evaluations.saveEvaluation(record(1));
      expect(await next(ANCHOR, watermark)).toBeNull();
      expect((await next(ANCHOR, watermark, '2'))?.start).toBe(ANCHOR);
    });

    it('counts an evaluation once: 4 concurrent saves all return the first record', async () => {
      const saved = await Promise.all(
        [0, 1, 2, 3].map((i) => stores.evaluations.saveEvaluation(record(5, { workflowId: `drift/late-${i}` }))),
      );
      expect(new Set(saved.map((s) => s.workflowId)).size).toBe(1);
      const listed = await stores.evaluations.listEvaluations('late');
      expect(listed).toEqual([saved[0]]);
      expect(listed[0]).toEqual(record(5, { workflowId: saved[0]?.workflowId ?? '' }));
    });

    it('gives the newest window of each model with its 2 breaches in a row, past windows that were not judged', async () => {
      const week = (k: number, breached: boolean, fields: Partial<EvaluationRecord> = {}, judged?: boolean) => {
        const { report, ...rest } = record(k, fields);
        return { ...rest, report: { ...report, breached, ...(judged === undefined ? {} : { judged }) } };
      };
      for (const one of [
        week(0, true),
        week(1, false),
        week(2, true),
        week(3, false, {}, false),
        week(4, false),
        week(4, true, { revision: 2 }),
        week(5, false, {}, false),
        week(6, true, { version: '2', model: 'early' }),
        week(4, true, { version: '1', model: 'early' }),
        week(5, true, { version: '2', model: 'early' }),
      ]) {
        await stores.evaluations.saveEvaluation(one);
      }
      const newest = await stores.evaluations.newestEvaluations();
      expect(newest.map((e) => [e.model, e.version, e.windowStart, e.consecutiveBreaches])).toEqual([
        ['early', '2', ANCHOR + 6 * WEEK_MS, 2],
        ['late', '1', ANCHOR + 5 * WEEK_MS, 2],
      ]);
      expect(newest[1]?.measurement).toEqual({ z: 1, a: [0.1, null] });
    });
  });
}
