import type { Decision } from '../../core/messages';
import { decideStep } from '../../core/rollout/decide-step';
import { parseMessage } from '../../policy';
import { APPROVAL, Drive, MINUTE, rolloutPolicy, say, tick } from '../core/rollout/canary-fixtures';

const policy = rolloutPolicy({ approval: { ...APPROVAL, actors: ['ada', 'grace'] } });
/** A canary of version 7 at 50 % that waits for its approval before 100 %. */
const waiting = (): Drive => new Drive(policy).good(10).good(20).good(30);

type Said = Parameters<typeof say>;
type Row = readonly [what: string, said: Said, minutes: number, code: string, message: RegExp];

const bad: readonly Row[] = [
  [
    'an approval of another version',
    ['approve', { version: '6' }],
    31,
    'RATCHET_DECISION_STALE',
    /^approve speaks of version 6, this rollout is of version 7$/,
  ],
  [
    'an approval of another step',
    ['approve', { step: 0 }],
    31,
    'RATCHET_DECISION_STALE',
    /^approve speaks of step 0, the rollout is at step 2$/,
  ],
  ['an approval after its expiry', ['approve'], 271, 'RATCHET_DECISION_STALE', /^the approval expired at \d+$/],
  [
    'an approval by somebody who may not',
    ['approve', { actor: 'mallory' }],
    31,
    'RATCHET_DECISION_FORBIDDEN',
    /^mallory may not decide; these may: ada, grace$/,
  ],
  [
    'a full promotion by somebody who may not',
    ['promoteFull', { actor: 'mallory' }],
    31,
    'RATCHET_DECISION_FORBIDDEN',
    /^mallory may not decide/,
  ],
  [
    'a step forward past the approval',
    ['promoteStep'],
    31,
    'RATCHET_DECISION_IMPOSSIBLE',
    /^the rollout awaits an approval: approve or reject it$/,
  ],
  [
    'a resume of what runs',
    ['resume'],
    31,
    'RATCHET_DECISION_IMPOSSIBLE',
    /^the rollout is neither paused nor held: there is nothing to resume$/,
  ],
];

describe('a decision that does not count leaves the weight and the champion share as they are', () => {
  it.each(bad)('%s', (_, said, minutes, code, message) => {
    const canary = waiting();
    expect(canary.state.weight).toBe(5000);
    const silent = decideStep(canary.state, { now: minutes * MINUTE, tick: tick(null), messages: [] }, policy);
    canary.at(minutes, tick(null), say(...said));
    expect(canary.last.refused).toHaveLength(1);
    expect(canary.last.refused[0]?.refusal.code).toBe(code);
    expect(canary.last.refused[0]?.refusal.message).toMatch(message);
    // exactly what would have happened had nobody said anything
    expect(canary.last.action).toEqual(silent.action);
    expect(canary.state).toEqual(silent.state);
  });

  it('a second approval after the first is stale, naming who was first', () => {
    const canary = waiting().at(31, null, say('pause'), say('approve', { actor: 'grace' }), say('approve'));
    expect(canary.last.refused.map((r) => [r.refusal.code, r.refusal.message])).toEqual([
      ['RATCHET_DECISION_STALE', 'the gate was approved already, by grace'],
    ]);
    expect(canary.state.weight).toBe(5000);
  });

  it('an approval that nobody asked for', () => {
    const canary = new Drive(policy).good(1, say('approve'));
    expect(canary.last.refused.map((r) => [r.refusal.code, r.refusal.message])).toEqual([
      ['RATCHET_DECISION_NOT_AWAITED', 'no approval is awaited at step 0'],
    ]);
    expect(canary.state.weight).toBe(500);
  });
});

describe('a payload that is no decision', () => {
  const good: Decision = { id: 'd-1', version: '7', actor: 'ada', reason: 'because' };
  const payloads: readonly [what: string, payload: unknown, message: RegExp][] = [
    ['nothing', null, /the payload of decision does not match its schema: /],
    ['a text', 'approve', /the payload of decision/],
    ['a list', [good], /the payload of decision/],
    ['no id', { ...good, id: undefined }, /: id: /],
    ['a version that is a number', { ...good, version: 7 }, /: version: /],
    ['no actor', { version: '7', id: 'd', reason: 'r' }, /: actor: /],
    ['a step of −1', { ...good, step: -1 }, /: step: /],
    ['an unknown key', { ...good, weight: 100 }, /: weight: unknown key/],
  ];

  it('a good one passes', () => {
    expect(parseMessage('decision', good)).toEqual(good);
  });

  it.each(payloads)('%s is RATCHET_DECISION_MALFORMED', (_, payload, message) => {
    let seen: unknown;
    try {
      parseMessage('decision', payload);
    } catch (error) {
      seen = error;
    }
    expect(seen).toMatchObject({ code: 'RATCHET_DECISION_MALFORMED', message: expect.stringMatching(message) });
  });
});
