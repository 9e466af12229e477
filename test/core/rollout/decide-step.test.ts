import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CANARY_PHASES, HOLD_CAUSES } from '../../../core/rollout/canary-state';
import { decideStep, needsHuman, phaseOf, startCanary } from '../../../core/rollout/decide-step';
import { APPROVAL, BREACH, Drive, HOUR, judgement, MINUTE, rolloutPolicy, say, tick } from './canary-fixtures';

const inconclusive = (candidateRequests: number): ReturnType<typeof judgement> =>
  judgement({ verdict: 'inconclusive', candidateRequests, reasons: [{ code: 'canary.noData', text: 'nothing' }] });

describe('the map of states', () => {
  const source = readFileSync(join(__dirname, '../../../core/rollout/decide-step.ts'), 'utf8');
  const map = source.slice(source.indexOf('MAP OF STATES'), source.indexOf('LADDER'));

  it('lists exactly the phases of the type, in their order', () => {
    expect([...map.matchAll(/^ \* - (\w+)/gm)].map((m) => m[1])).toEqual([...CANARY_PHASES]);
  });

  it('names every cause of a hold', () => {
    for (const cause of HOLD_CAUSES) expect(map).toContain(cause);
  });

  it('calls neither a clock nor Math.exp or Math.log in any file that workflows run', () => {
    for (const file of ['decide-step', 'canary-messages', 'canary-clocks', 'canary-plan', 'number-text']) {
      const code = readFileSync(join(__dirname, `../../../core/rollout/${file}.ts`), 'utf8').replace(
        /\/\*[\s\S]*?\*\/|\/\/.*/g,
        '',
      );
      expect(code).not.toMatch(/Math\.(exp|log|pow|random)|Date\.|new Date|\*\*/);
    }
  });
});

describe('a good candidate', () => {
  it('visits 5, 10, 50 % in order and is promoted at minute 30 (scenario 1)', () => {
    const run = new Drive(rolloutPolicy());
    for (const minute of [5, 10, 15, 20, 25, 30]) run.good(minute);
    expect(run.log).toEqual([
      'advance 500 rollout.start',
      'continue 500 step.hold',
      'advance 1000 step.passed',
      'continue 1000 step.hold',
      'advance 5000 step.passed',
      'continue 5000 step.hold',
      'promote 10000 step.passed',
    ]);
    expect(run.state.outcome).toBe('promoted');
  });

  it('moves one step only when the worker was away for five hours, and the next step starts anew (scenario 12)', () => {
    const run = new Drive(rolloutPolicy()).good(300).good(301);
    expect(run.log.slice(1)).toEqual(['advance 1000 step.passed', 'continue 1000 step.hold']);
  });

  it('does not advance with 99 of 100 keys, without growth of traffic in the step, or without a renewed lease', () => {
    const few = tick(judgement({ candidateKeys: 99 }));
    expect(new Drive(rolloutPolicy()).at(10, few).last.action.reason.code).toBe('step.keys');
    const run = new Drive(rolloutPolicy()).good(10);
    expect(run.at(21, tick(judgement({ candidateRequests: 1010 }))).last.action.reason.code).toBe('step.noTraffic');
    expect(new Drive(rolloutPolicy()).at(10, tick(judgement(), 'notTried')).last.action.reason.code).toBe('step.lease');
  });

  it('does not advance when woken without a tick, however late (scenario 15: never on silence)', () => {
    const run = new Drive(rolloutPolicy()).at(59, null).at(61, null);
    expect(run.last.action).toMatchObject({ kind: 'continue', weight: 500, reason: { code: 'step.unmeasured' } });
  });
});

describe('a breach', () => {
  const live: readonly (readonly [string, (run: Drive) => Drive])[] = [
    ['step', (run) => run],
    ['paused', (run) => run.at(1, null, say('pause'))],
    ['held', (run) => run.at(61, tick(inconclusive(5)))],
    ['awaitingApproval', (run) => run.good(10).good(20).good(30)],
  ];
  it.each(live)(
    'in phase %s rolls back to weight 0 at once, with the numbers as reason (scenarios 2, 17)',
    (phase, go) => {
      const run = go(new Drive(rolloutPolicy({ approval: APPROVAL, noTrafficMs: 10 * HOUR })));
      expect(phaseOf(run.state)).toBe(phase);
      run.at(62, tick(BREACH));
      expect(run.last.action).toMatchObject({ kind: 'rollback', weight: 0, reason: BREACH.reasons[0] });
      expect(run.state.outcome).toBe('rolledBack');
    },
  );

  it('wins over approve, promoteStep, promoteFull, resume and a lost lease in the same decision', () => {
    const run = new Drive(rolloutPolicy({ approval: APPROVAL })).good(10).good(20).good(30);
    run.at(31, tick(BREACH, 'lost'), say('approve'), say('promoteFull'));
    expect(run.last.action).toMatchObject({ kind: 'rollback', reason: { code: 'guardrail.error' } });
  });

  it('yields to abort only', () => {
    const run = new Drive(rolloutPolicy()).at(5, tick(BREACH), say('abort', { actor: 'eve', reason: 'no' }));
    expect(run.last.action).toMatchObject({ kind: 'abort', weight: 0, reason: { text: 'aborted by eve: no' } });
    expect(run.state.outcome).toBe('aborted');
  });
});

describe('pause and resume', () => {
  it('a pause of nine hours is no failure: deadline 6 h and hold stand still (scenario 13)', () => {
    const run = new Drive(rolloutPolicy()).at(5, null, say('pause'));
    expect(run.last.action).toMatchObject({ kind: 'hold', weight: 500, nextDeadline: null });
    run.good(300).good(544).at(545, null, say('resume'));
    expect(run.last.action).toMatchObject({ kind: 'continue', weight: 500, nextDeadline: 550 * MINUTE });
    expect(run.state.deadlineAt).toBe(15 * HOUR);
    expect(run.good(549).last.action.kind).toBe('continue');
    expect(run.good(550).last.action.kind).toBe('advance');
  });

  it('refuses a second pause, a resume of what runs, and promoteStep while paused', () => {
    const run = new Drive(rolloutPolicy()).at(1, null, say('resume'));
    expect(run.last.refused[0]?.refusal.code).toBe('RATCHET_DECISION_IMPOSSIBLE');
    run.at(2, null, say('pause')).at(3, null, say('pause'), say('promoteStep'));
    expect(run.last.refused.map((r) => r.refusal.code)).toEqual([
      'RATCHET_DECISION_IMPOSSIBLE',
      'RATCHET_DECISION_IMPOSSIBLE',
    ]);
  });

  it('abort during a pause: weight 0 at once, a later approve is refused (scenario 3)', () => {
    const run = new Drive(rolloutPolicy()).at(1, null, say('pause')).at(2, null, say('abort'));
    expect(run.last.action).toMatchObject({ kind: 'abort', weight: 0 });
    run.at(3, null, say('approve'));
    expect(run.last.refused[0]?.refusal.code).toBe('RATCHET_DECISION_STALE');
    expect(run.last.action.kind).toBe('continue');
  });

  it('promoteFull from a pause skips and lists the remaining gates (scenario 5)', () => {
    const run = new Drive(rolloutPolicy({ approval: APPROVAL })).good(10).at(11, null, say('pause'));
    run.at(12, null, say('promoteFull'));
    expect(run.last.action).toMatchObject({
      kind: 'promote',
      weight: 10_000,
      skipped: ['rest of step 2 (10 %)', 'step 3 (50 %)', 'approval before 100 %'],
    });
  });
});

describe('a lost lease', () => {
  it('rolls back with leaseLost', () => {
    const run = new Drive(rolloutPolicy()).at(5, tick(judgement(), 'lost'));
    expect(run.last.action).toMatchObject({ kind: 'rollback', weight: 0, reason: { code: 'leaseLost' } });
  });

  it('or by policy holds at weight 0 until resumed at the weight of its step', () => {
    const run = new Drive(rolloutPolicy({ onLeaseLost: 'hold' })).at(5, tick(judgement(), 'lost'));
    expect(run.last.action).toMatchObject({ kind: 'hold', weight: 0 });
    expect(needsHuman(run.state)).toBe(true);
    run.at(6, null, say('promoteStep'));
    expect(run.last.refused[0]?.refusal.code).toBe('RATCHET_DECISION_IMPOSSIBLE');
    run.at(30, null, say('resume'));
    expect(run.last.action).toMatchObject({ kind: 'continue', weight: 500, nextDeadline: 35 * MINUTE });
  });
});

describe('health', () => {
  it('three ticks that cannot measure hold, weight unchanged; the next measurement goes on (scenario 14)', () => {
    const run = new Drive(rolloutPolicy())
      .at(1, tick(null))
      .at(2, tick(judgement({ verdict: 'error' })))
      .at(3, tick(null));
    expect(run.last.action).toMatchObject({ kind: 'hold', weight: 500, reason: { code: 'measureErrors' } });
    run.at(4, tick(null)).good(5);
    expect(phaseOf(run.state)).toBe('step');
    expect(run.state.holdUntil).toBe(12 * MINUTE);
  });

  it('no request for 15 minutes holds, the next request goes on (scenario 15, argo #1905)', () => {
    const silent = tick(inconclusive(0));
    const run = new Drive(rolloutPolicy()).at(14, silent).at(15, silent);
    expect(run.last.action).toMatchObject({ kind: 'hold', weight: 500, reason: { code: 'noTraffic' } });
    expect(run.at(16, silent).last.action.kind).toBe('continue');
    expect(phaseOf(run.at(17, tick(inconclusive(3))).state)).toBe('step');
  });

  it('or rolls back when the policy says so', () => {
    const run = new Drive(rolloutPolicy({ onNoTraffic: 'rollback' })).at(15, tick(inconclusive(0)));
    expect(run.last.action).toMatchObject({ kind: 'rollback', reason: { code: 'noTraffic' } });
  });

  it('silence rolls back by policy also where it broke the sample ratio before', () => {
    const silent = tick(
      judgement({ verdict: 'inconclusive', candidateRequests: 0, srm: { bayesFactor: 1e9, fired: true } }),
    );
    const run = new Drive(rolloutPolicy({ onNoTraffic: 'rollback' })).at(5, silent).at(15, silent);
    expect(run.log.slice(1)).toEqual(['hold 500 guardrail.error', 'rollback 0 noTraffic']);
  });

  it('a sample ratio mismatch holds and never advances, also after a person resumed (scenario 21)', () => {
    const mismatch = (requests: number): ReturnType<typeof tick> =>
      tick(
        judgement({
          verdict: 'inconclusive',
          srm: { bayesFactor: 5000, fired: true },
          candidateRequests: requests,
          reasons: [{ code: 'sampleRatio', text: '12 % of 5000 keys' }],
        }),
      );
    const run = new Drive(rolloutPolicy()).at(11, mismatch(10));
    expect(run.last.action).toMatchObject({ kind: 'hold', weight: 500, reason: { code: 'sampleRatio' } });
    run.at(12, mismatch(11), say('resume'));
    expect(phaseOf(run.state)).toBe('step');
    expect(run.at(20, mismatch(12)).last.action).toMatchObject({ kind: 'continue', weight: 500 });
    expect(run.at(62, mismatch(13)).last.action).toMatchObject({ kind: 'hold', reason: { code: 'inconclusive' } });
  });

  it('a forgotten hold ends at the overall deadline: timer-based rollback', () => {
    const run = new Drive(rolloutPolicy()).at(60, tick(inconclusive(9)));
    expect(run.last.action).toMatchObject({ kind: 'hold', nextDeadline: 6 * HOUR });
    run.at(360, null);
    expect(run.last.action).toMatchObject({ kind: 'rollback', weight: 0, reason: { code: 'deadline' } });
  });
});

describe('an inconclusive step at its longest hold', () => {
  it('holds; resume moves one step on, not more (scenario 6)', () => {
    const run = new Drive(rolloutPolicy({ noTrafficMs: 9 * HOUR })).at(60, tick(inconclusive(9)));
    expect(run.last.action).toMatchObject({ kind: 'hold', weight: 500 });
    run.at(70, null, say('resume'));
    expect(run.last.action).toMatchObject({ kind: 'advance', weight: 1000 });
    expect(run.at(71, tick(inconclusive(20))).last.action.kind).toBe('continue');
  });

  it('extends once by policy, then holds', () => {
    const run = new Drive(rolloutPolicy({ onInconclusive: 'extendOnce', noTrafficMs: 9 * HOUR }));
    run
      .at(60, tick(inconclusive(9)))
      .at(119, tick(inconclusive(10)))
      .at(120, tick(inconclusive(11)));
    expect(run.log.slice(1)).toEqual([
      'continue 500 step.extended',
      'continue 500 canary.noData',
      'hold 500 inconclusive',
    ]);
  });

  it('rolls back by policy', () => {
    const run = new Drive(rolloutPolicy({ onInconclusive: 'rollback' })).at(60, tick(inconclusive(9)));
    expect(run.last.action).toMatchObject({ kind: 'rollback', reason: { code: 'inconclusive' } });
  });

  it('goes on by policy when the step had traffic, and holds when it had none', () => {
    const policy = rolloutPolicy({ onInconclusive: 'promote', noTrafficMs: 9 * HOUR });
    expect(new Drive(policy).at(60, tick(inconclusive(9))).last.action).toMatchObject({
      kind: 'advance',
      weight: 1000,
    });
    expect(new Drive(policy).at(60, tick(inconclusive(0))).last.action).toMatchObject({ kind: 'hold', weight: 500 });
  });
});

describe('an approval', () => {
  const waiting = (more: Partial<typeof APPROVAL> = {}): Drive =>
    new Drive(rolloutPolicy({ approval: { ...APPROVAL, ...more } })).good(10).good(20).good(30);

  it('is asked before 100 %, reminds after 3 of 4 hours, and rolls back at expiry (scenario 18)', () => {
    const run = waiting();
    expect(run.last.action).toMatchObject({ kind: 'askApproval', weight: 5000, nextDeadline: 210 * MINUTE });
    expect(run.good(209).last.action.kind).toBe('continue');
    expect(run.at(210, null).last.action).toMatchObject({ kind: 'remind', nextDeadline: 270 * MINUTE });
    expect(run.at(211, null).last.action.kind).toBe('continue');
    expect(run.at(270, null).last.action).toMatchObject({ kind: 'rollback', reason: { code: 'approval.expired' } });
  });

  it('promotes when given, naming who gave it', () => {
    const run = waiting().at(40, null, say('approve', { actor: 'grace' }));
    expect(run.last.action).toMatchObject({ kind: 'promote', weight: 10_000, reason: { text: 'approved by grace' } });
  });

  it('rolls back when refused', () => {
    const run = waiting().at(40, null, say('reject', { reason: 'not today' }));
    expect(run.last.action).toMatchObject({ kind: 'rollback', reason: { code: 'approval.rejected' } });
  });

  it('is refused early, late, twice, for another version or step, and by an actor who may not (scenario 18)', () => {
    const early = new Drive(rolloutPolicy({ approval: APPROVAL })).at(1, null, say('approve'));
    expect(early.last.refused[0]?.refusal.code).toBe('RATCHET_DECISION_NOT_AWAITED');
    const codes = (run: Drive): unknown => run.last.refused.map((r) => r.refusal.code);
    expect(codes(waiting().at(271, tick(null), say('approve')))).toEqual(['RATCHET_DECISION_STALE']);
    expect(codes(waiting().at(31, null, say('approve', { version: '6' })))).toEqual(['RATCHET_DECISION_STALE']);
    expect(codes(waiting().at(31, null, say('approve', { step: 0 })))).toEqual(['RATCHET_DECISION_STALE']);
    expect(codes(waiting({ actors: ['grace'] }).at(31, null, say('approve')))).toEqual(['RATCHET_DECISION_FORBIDDEN']);
    expect(codes(waiting({ actors: ['grace'] }).at(31, null, say('promoteFull')))).toEqual([
      'RATCHET_DECISION_FORBIDDEN',
    ]);
    const once = say('approve', { id: 'same' });
    expect(codes(waiting().at(31, null, say('pause'), once, once))).toEqual(['RATCHET_DECISION_DUPLICATE']);
  });

  it('given during a pause takes effect on resume', () => {
    const run = waiting().at(31, null, say('pause')).at(32, null, say('approve'));
    expect(run.last.action).toMatchObject({ kind: 'continue', weight: 5000 });
    expect(run.at(600, null, say('resume')).last.action).toMatchObject({ kind: 'promote' });
  });

  it('does not let its wait count against the deadline: ten hours of waiting at a deadline of six', () => {
    const run = waiting({ expiresMs: 12 * HOUR }).good(630);
    expect(phaseOf(run.state)).toBe('awaitingApproval');
    expect(run.at(631, null, say('approve')).state.outcome).toBe('promoted');
  });

  it('with onExpiry promote goes on only with a passing measurement, else holds', () => {
    const by = { onExpiry: 'promote' as const };
    expect(waiting(by).at(270, null).last.action.kind).toBe('continue');
    expect(waiting(by).good(270).last.action.kind).toBe('promote');
    expect(waiting(by).at(270, tick(inconclusive(5000))).last.action).toMatchObject({ kind: 'hold', weight: 5000 });
  });

  it('is asked before the first weight when the policy says so, at weight 0', () => {
    const run = new Drive(rolloutPolicy({ approval: { ...APPROVAL, beforeWeight: 100 } }));
    expect(run.last.action).toMatchObject({ kind: 'askApproval', weight: 0 });
    expect(run.at(5, null, say('approve')).last.action).toMatchObject({ kind: 'advance', weight: 500 });
    expect(run.state.deadlineAt).toBe(5 * MINUTE + 6 * HOUR);
    for (const minute of [15, 25]) run.good(minute);
    expect(run.good(35).last.action.kind).toBe('promote');
  });
});

describe('the overall deadline', () => {
  it('wins over an advance that is due in the same decision', () => {
    const run = new Drive(rolloutPolicy()).good(360);
    expect(run.last.action).toMatchObject({ kind: 'rollback', weight: 0, reason: { code: 'deadline' } });
  });
});

describe('startCanary', () => {
  it('promotes at once with a plan of one step', () => {
    const policy = rolloutPolicy({ steps: [{ weight: 10_000, minHoldMs: 0, maxHoldMs: 0, minKeys: 0 }] });
    expect(startCanary({ version: '7', now: 0 }, policy).action).toMatchObject({ kind: 'promote', weight: 10_000 });
  });

  it.each([[[]], [[500, 500, 10_000]], [[500, 1000]], [[0, 10_000]]])('refuses the plan %j', (weights) => {
    const steps = weights.map((weight) => ({ weight, minHoldMs: 0, maxHoldMs: 0, minKeys: 0 }));
    expect(() => startCanary({ version: '7', now: 0 }, rolloutPolicy({ steps }))).toThrow(
      expect.objectContaining({ code: 'RATCHET_POLICY_INVALID' }),
    );
  });

  it('leaves the given state untouched and is plain JSON', () => {
    const { state } = startCanary({ version: '7', now: 0 }, rolloutPolicy());
    const before = JSON.stringify(state);
    decideStep(state, { now: 99, tick: tick(BREACH), messages: [say('pause')] }, rolloutPolicy());
    expect(JSON.stringify(state)).toBe(before);
    expect(JSON.parse(before)).toEqual(state);
  });
});
