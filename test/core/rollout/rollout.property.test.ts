import fc from 'fast-check';
import {
  CANARY_MESSAGES,
  CANARY_PHASES,
  type CanaryInputs,
  type CanaryState,
} from '../../../core/rollout/canary-state';
import { decideStep, phaseOf, startCanary } from '../../../core/rollout/decide-step';
import { judgeCanary } from '../../../core/rollout/judge-canary';
import { assessPairedLoss } from '../../../core/rollout/paired-loss';
import type { RolloutPolicy } from '../../../core/policy';
import { APPROVAL, BREACH, judgement, MINUTE, rolloutPolicy, say } from './canary-fixtures';

const policies: fc.Arbitrary<RolloutPolicy> = fc
  .record({
    onLeaseLost: fc.constantFrom('rollback' as const, 'hold' as const),
    onNoTraffic: fc.constantFrom('hold' as const, 'rollback' as const),
    onInconclusive: fc.constantFrom('hold' as const, 'extendOnce' as const, 'rollback' as const, 'promote' as const),
    approval: fc.constantFrom(
      null,
      APPROVAL,
      { ...APPROVAL, beforeWeight: 1000, onExpiry: 'promote' as const },
      { ...APPROVAL, beforeWeight: 1, expiresMs: 30 * MINUTE },
    ),
  })
  .map(rolloutPolicy);

interface Event {
  readonly minutes: number;
  readonly measured: 'pass' | 'inconclusive' | 'error' | 'nothing' | 'noTick' | 'mismatch';
  readonly traffic: boolean;
  readonly lease: 'renewed' | 'lost' | 'notTried';
  readonly messages: readonly (typeof CANARY_MESSAGES)[number][];
}
const events: fc.Arbitrary<readonly Event[]> = fc.array(
  fc.record({
    minutes: fc.integer({ min: 0, max: 90 }),
    measured: fc.constantFrom('pass', 'pass', 'inconclusive', 'error', 'nothing', 'noTick', 'mismatch'),
    traffic: fc.boolean(),
    lease: fc.constantFrom('renewed', 'renewed', 'renewed', 'renewed', 'notTried', 'lost'),
    messages: fc.array(fc.constantFrom(...CANARY_MESSAGES.filter((m) => m !== 'abort')), { maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 25 },
);

/** Plays events from the start and gives every state with the input that left it. */
function play(policy: RolloutPolicy, played: readonly Event[]): { before: CanaryState; inputs: CanaryInputs }[] {
  let { state } = startCanary({ version: '7', now: 0 }, policy);
  let now = 0;
  let requests = 0;
  return played.map((event) => {
    now += event.minutes * MINUTE;
    if (event.traffic) requests += 10;
    const verdict = event.measured === 'mismatch' ? 'inconclusive' : event.measured;
    const measured = verdict === 'pass' || verdict === 'inconclusive' || verdict === 'error';
    const srm = { bayesFactor: 1, fired: event.measured === 'mismatch' };
    const inputs: CanaryInputs = {
      now,
      tick:
        event.measured === 'noTick'
          ? null
          : {
              judgement: measured ? judgement({ verdict, candidateRequests: requests, srm }) : null,
              lease: event.lease,
            },
      messages: event.messages.map((kind) => say(kind)),
    };
    const before = state;
    state = decideStep(state, inputs, policy).state;
    return { before, inputs };
  });
}

describe('decideStep, for any policy and any history of up to 25 events', () => {
  it('answers every state and event: a known phase, a reason, a weight of 0 or the step, at most one step on, plain JSON', () => {
    let decisions = 0;
    fc.assert(
      fc.property(policies, events, (policy, played) => {
        for (const { before, inputs } of play(policy, played)) {
          const { state, action } = decideStep(before, inputs, policy);
          decisions += 1;
          const stepWeight = policy.steps[state.step]?.weight ?? 0;
          expect(CANARY_PHASES).toContain(phaseOf(state));
          expect([0, stepWeight]).toContain(state.weight);
          expect(action.weight).toBe(state.weight);
          expect(action.reason.text.length).toBeGreaterThan(0);
          expect(JSON.parse(JSON.stringify(state))).toEqual(state);
          if (state.outcome !== 'promoted') expect(state.step - before.step).toBeLessThanOrEqual(1);
          if (action.nextDeadline !== null) expect(action.nextDeadline).toBeGreaterThan(inputs.now);
        }
      }),
      { numRuns: 300 },
    );
    expect(decisions).toBeGreaterThan(300);
  });

  it('reaches weight 0 from every live state by a breach, and by abort', () => {
    const phases = new Set<string>();
    fc.assert(
      fc.property(policies, events, (policy, played) => {
        for (const { before, inputs } of play(policy, played)) {
          if (before.outcome !== null) continue;
          phases.add(phaseOf(before));
          const breach = decideStep(before, { ...inputs, tick: { judgement: BREACH, lease: 'notTried' } }, policy);
          expect(breach.action).toMatchObject({ kind: 'rollback', weight: 0 });
          const abort = decideStep(before, { ...inputs, messages: [say('abort')] }, policy);
          expect(abort.action).toMatchObject({ kind: 'abort', weight: 0 });
        }
      }),
      { numRuns: 200 },
    );
    expect([...phases].sort()).toEqual(['awaitingApproval', 'held', 'paused', 'step']);
  });

  it('never raises the weight without a message unless a measurement passed or the policy promotes the inconclusive', () => {
    let raises = 0;
    fc.assert(
      fc.property(policies, events, (policy, played) => {
        for (const { before, inputs } of play(policy, played)) {
          const { action } = decideStep(before, { ...inputs, messages: [] }, policy);
          const approved = before.approval?.approvedBy != null || (before.step === -1 && before.approval !== null);
          if (action.weight <= before.weight || approved) continue;
          raises += 1;
          expect(inputs.tick?.judgement).not.toBeNull();
          const passed = inputs.tick?.judgement?.verdict === 'pass';
          expect(passed || policy.onInconclusive === 'promote').toBe(true);
        }
      }),
      { numRuns: 300 },
    );
    expect(raises).toBeGreaterThan(0);
  });
});

describe('evidence', () => {
  it('E of paired rows is the same to the bit for any order in which labels arrived (scenario 27)', () => {
    const pair = fc.record({
      championScore: fc.double({ min: 0, max: 1, noNaN: true }),
      championLabel: fc.constant(null),
      candidateScore: fc.double({ min: 0, max: 1, noNaN: true }),
      candidateLabel: fc.constant(null),
      truth: fc.constantFrom('ok', 'late'),
      occurredAt: fc.integer({ min: 0, max: 20_000_000 }),
    });
    const shuffled = fc
      .array(pair, { minLength: 2, maxLength: 60 })
      .chain((rows) => fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })));
    fc.assert(
      fc.property(shuffled, fc.constantFrom('none' as const, 'hour' as const), ([rows, other], clusterBy) => {
        const ask = {
          loss: 'logLoss',
          task: 'binary',
          classes: ['ok', 'late'],
          threshold: 0.5,
          margin: 0.01,
          clip: null,
        } as const;
        const [a, b] = [rows, other].map((r) => assessPairedLoss({ ...ask, rows: r, clusterBy }));
        expect([a?.logEWorse, a?.logEOk, a?.units]).toEqual([b?.logEWorse, b?.logEOk, b?.units]);
      }),
    );
  });

  it('no canary verdict improves to pass when an arm, the labels or everything is taken away', () => {
    const arm = fc
      .record({ n: fc.integer({ min: 1, max: 5000 }), errors: fc.nat(100), wrong: fc.nat(100) })
      .map(({ n, errors, wrong }) => ({
        keys: n,
        requests: n,
        errors: Math.min(n, errors),
        slow: 0,
        wrong: Math.min(n, wrong),
        labelled: n,
      }));
    const none = { keys: 0, requests: 0, errors: 0, slow: 0, wrong: 0, labelled: 0 };
    const policy = rolloutPolicy({
      guardrails: [
        { event: 'error', ratio: 1 },
        { event: 'wrong', ratio: 1 },
      ],
    });
    fc.assert(
      fc.property(arm, arm, fc.constantFrom(500, 1000, 5000), (candidate, champion, weight) => {
        const judge = (a: typeof none, b: typeof none): string =>
          judgeCanary({ segments: [{ step: 0, weight, candidate: a, champion: b }], policy }).verdict;
        for (const less of [
          judge(none, champion),
          judge(candidate, none),
          judge(none, none),
          judge({ ...candidate, wrong: 0, labelled: 0 }, champion),
          judge(candidate, { ...champion, wrong: 0, labelled: 0 }),
        ]) {
          expect(less).not.toBe('pass');
        }
      }),
    );
  });
});
