/** Aggregates of `npm run bench:datasets`: per-window counts of two public data sets, no rows. */
import { EMPTY_BREACHES, recordEvaluation } from '../../../core/trigger';

/** F1 by window, and the F1 on held-out rows of the reference; a breach is below 0.85 of it. */
const ELEC2 = { f1: [0.875, 0.82, 0.861, 0.504, 0.635, 0.447, 0.273], holdout: 0.738 };
const OCCUPANCY = { f1: [0.84, 0.845, 0.928, 0.855, 0.746, 0.893, 0.878, 0.897, 0.862], holdout: 0.888 };

/** Windows that fire under 2 of 3; the estimate alone decides here, which fires no later than with its interval. */
function firing({ f1, holdout }: typeof ELEC2): number[] {
  let state = EMPTY_BREACHES;
  return f1.flatMap((value, i) => {
    const breached = value < 0.85 * holdout;
    const report = { version: '1', windowStart: i, windowEnd: i + 1, breached, driftScore: null, reasons: [] };
    const decision = recordEvaluation(state, report, { breaches: 2, of: 3, clearAfter: 2 });
    state = decision.state;
    return decision.fire ? [i] : [];
  });
}

describe('the breach counter on two public data sets', () => {
  it("fires on Elec2's collapse, two windows after it began at the fourth, and not in the 3 healthy ones", () => {
    expect(firing(ELEC2)[0]).toBe(5);
  });

  it('never fires on occupancy, where the input drifted in 9 of 9 weeks and F1 fell below its bound in one', () => {
    expect(OCCUPANCY.f1.filter((value) => value < 0.85 * OCCUPANCY.holdout)).toHaveLength(1);
    expect(firing(OCCUPANCY)).toEqual([]);
  });
});
