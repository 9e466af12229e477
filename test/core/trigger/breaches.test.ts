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
