import { EMPTY_BREACHES, recordEvaluation, startBreaches, type BreachState } from '../../../core/trigger/breaches';
import { decideTrigger, mergeTriggers, NO_TRIGGERS, pendingText } from '../../../core/trigger/triggers';

const report = (week: number, breached: boolean, version = '1'): Parameters<typeof recordEvaluation>[1] => ({
  version,
  windowStart: week * 7,
  windowEnd: (week + 1) * 7,
  breached,
  driftScore: null,
  reasons: [],
});
/** Feeds windows "b" breached, "." fine by week; "-" was skipped. Gives the weeks that fired. */
function feed(weeks: string, policy = { breaches: 3, of: 3 }): number[] {
  let state: BreachState = EMPTY_BREACHES;
  const fired: number[] = [];
  [...weeks].forEach((mark, week) => {
    if (mark === '-') return;
    const decision = recordEvaluation(state, report(week, mark === 'b'), policy);
    state = decision.state;
    if (decision.fire) fired.push(week);
  });
  return fired;
}

describe('recordEvaluation', () => {
  it.each([
    ['bbb', { breaches: 3, of: 3 }, [2]],
    ['bb.bb', { breaches: 3, of: 3 }, []],
    ['bb-b', { breaches: 3, of: 3 }, [3]],
    ['b.b', { breaches: 2, of: 3 }, [2]],
    ['bb.', { breaches: 2, of: 3 }, [1]],
    ['.b', { breaches: 1, of: 1 }, [1]],
    ['bbbb', { breaches: 3, of: 3 }, [2, 3]],
    ['b..b', { breaches: 2, of: 3 }, []],
  ])('windows %s under %j fire at %j', (weeks, policy, expected) => {
    expect(feed(weeks, policy)).toEqual(expected);
  });

  it('counts a window once: computed again it replaces, in any order, and does not fire twice', () => {
    const policy = { breaches: 2, of: 2 };
    let state = recordEvaluation(EMPTY_BREACHES, report(0, false), policy).state;
    let decision = recordEvaluation(state, report(1, true), policy);
    expect(decision.fire).toBe(false);
    decision = recordEvaluation(decision.state, report(0, true), policy);
    expect(decision.fire).toBe(true);
    state = decision.state;
    expect(recordEvaluation(state, report(1, true), policy).fire).toBe(false);
    expect(state.evaluations).toHaveLength(2);
  });

  it('starts at zero with a new champion, and ignores a late report about the former one', () => {
    const policy = { breaches: 2, of: 2 };
    const old = recordEvaluation(EMPTY_BREACHES, report(0, true), policy).state;
    const fresh = recordEvaluation(old, report(1, true, '2'), policy);
    expect(fresh).toMatchObject({ fire: false, state: { version: '2' } });
    const late = recordEvaluation(fresh.state, report(0, true, '1'), policy);
    expect(late).toMatchObject({ fire: false, reason: { code: 'evaluation.otherVersion' } });
    expect(late.state).toBe(fresh.state);
    expect(startBreaches('3')).toEqual({ version: '3', evaluations: [], firedAt: null });
  });

  describe('a new reference', () => {
    const policy = { breaches: 3, of: 3 };
    type Told = readonly [week: number, breached: boolean, reference?: string | null, revision?: number];
    const tell = (told: readonly Told[], from: BreachState = EMPTY_BREACHES, rule: typeof policy = policy) => {
      let state = from;
      const fired: number[] = [];
      let reason = '';
      for (const [week, breached, reference, revision = 1] of told) {
        const more = reference === undefined ? { revision } : { revision, reference };
        const decision = recordEvaluation(state, { ...report(week, breached), ...more }, rule);
        ({ state } = decision);
        reason = decision.reason.text;
        if (decision.fire) fired.push(week);
      }
      return { state, fired, reason };
    };

    it.each<[string, Told[], number[]]>([
      [
        'two breaches against a and one against b do not fire',
        [
          [0, true, 'a'],
          [1, true, 'a'],
          [2, true, 'b'],
        ],
        [],
      ],
      [
        'three against b fire',
        [
          [0, true, 'a'],
          [1, true, 'a'],
          [2, true, 'b'],
          [3, true, 'b'],
          [4, true, 'b'],
        ],
        [4],
      ],
      [
        'none in the store is a reference of its own',
        [
          [0, true, null],
          [1, true, null],
          [2, true, 'a'],
        ],
        [],
      ],
      [
        'unknown ones count with any, as before',
        [
          [0, true],
          [1, true, 'a'],
          [2, true],
        ],
        [2],
      ],
      [
        'unknown ones join no two known ones',
        [
          [0, true, 'a'],
          [1, true, 'b'],
          [2, true],
        ],
        [],
      ],
      [
        'a signal of before that comes late resets nothing',
        [
          [0, true, 'a'],
          [1, true, 'b'],
          [2, true, 'b'],
          [0, true, 'a'],
          [3, true, 'b'],
        ],
        [3],
      ],
      [
        'recomputed windows count against the new one',
        [
          [0, true, 'a'],
          [1, false, 'a'],
          [2, true, 'a'],
          [0, true, 'b', 2],
          [1, true, 'b', 2],
          [2, true, 'b', 2],
        ],
        [2],
      ],
      [
        'a window that fired does not fire again',
        [
          [0, true, 'a'],
          [1, true, 'a'],
          [2, true, 'a'],
          [0, true, 'b', 2],
          [1, true, 'b', 2],
          [2, true, 'b', 2],
        ],
        [2],
      ],
    ])('%s', (_name, told, expected) => {
      expect(tell(told).fired).toEqual(expected);
    });

    it('says how many windows it left out, and passes against the former one clear nothing of the new one', () => {
      const { reason } = tell([
        [0, true, 'a'],
        [1, true, 'a'],
        [2, true, 'b'],
      ]);
      expect(reason).toMatch(/^1 of the last 1 windows breached; 3 of 3 .* \(2 measured against another reference/);
      const rule = { breaches: 2, of: 4, clearAfter: 1 };
      expect(
        tell(
          [
            [0, true, 'b'],
            [1, false, 'a'],
            [2, true, 'b'],
          ],
          EMPTY_BREACHES,
          rule,
        ).fired,
      ).toEqual([2]);
    });

    it('goes on from a state that was carried before there were references', () => {
      const carried: BreachState = {
        version: '1',
        evaluations: [0, 1].map((w) => ({ windowStart: w * 7, windowEnd: (w + 1) * 7, breached: true })),
        firedAt: null,
      };
      const { state, fired } = tell([[2, true, 'a']], carried);
      expect(fired).toEqual([2]);
      expect(state.evaluations.map((e) => e.reference)).toEqual([undefined, undefined, 'a']);
    });
  });

  it('keeps at most 20 windows', () => {
    let state: BreachState = EMPTY_BREACHES;
    for (let week = 0; week < 100; week += 1)
      state = recordEvaluation(state, report(week, false), { breaches: 3, of: 3 }).state;
    expect(state.evaluations).toHaveLength(20);
    expect(state.evaluations.at(-1)?.windowEnd).toBe(700);
  });
});

describe('mergeTriggers', () => {
  it('counts 30 triggers, lists 20, keeps that a person asked and the latest wishes, and takes an id once', () => {
    let pending = NO_TRIGGERS;
    for (let i = 0; i < 30; i += 1) {
      pending = mergeTriggers(pending, { id: `t${i}`, actor: 'check', reason: `week ${i}`, manual: i === 3, asOf: i });
    }
    expect(mergeTriggers(pending, { id: 't29', actor: 'check', reason: 'again', manual: false })).toBe(pending);
    expect(pending).toMatchObject({ count: 30, manual: true, asOf: 29, lookbackMs: null });
    expect(pending.newest).toHaveLength(20);
    expect(pendingText(pending)).toMatch(/^30 triggers: check: week 10; .* and 10 earlier$/);
  });
});

describe('decideTrigger', () => {
  const base = {
    breachesFire: true,
    manual: false,
    active: false,
    paused: false,
    automatic: true,
    cooldownUntil: null,
    now: 10,
  };
  it.each([
    [{}, 'start'],
    [{ breachesFire: false }, 'none'],
    [{ active: true }, 'merge'],
    [{ active: true, manual: true }, 'merge'],
    [{ paused: true }, 'record'],
    [{ paused: true, manual: true }, 'start'],
    [{ automatic: false }, 'record'],
    [{ cooldownUntil: 11 }, 'record'],
    [{ cooldownUntil: 10 }, 'start'],
    [{ cooldownUntil: 11, manual: true, breachesFire: false }, 'start'],
  ])('%j: %s', (more, action) => {
    expect(decideTrigger({ ...base, ...more }).action).toBe(action);
  });
});
