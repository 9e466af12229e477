import fc from 'fast-check';
import { hmacSha256 } from '../../../adapters/webhook';
import { zoneOffset } from '../../../activities/zone-offset';
import type { RetrainRequest } from '../../../core/messages';
import { nextAllowedStart } from '../../../core/trigger/allowed-start';
import { TRIGGER_SOURCES } from '../../../core/trigger/import';
import {
  BUDGET_SPAN_MS,
  budgetUntil,
  debouncedUntil,
  decideTrigger,
  mergePage,
  mergeTriggers,
  NO_TRIGGERS,
  pageOf,
} from '../../../core/trigger/triggers';

const request = fc.record({
  id: fc.nat(200).map(String),
  actor: fc.constant('a'),
  reason: fc.string(),
  manual: fc.boolean(),
}) satisfies fc.Arbitrary<RetrainRequest>;

it('merging one by one and as a page count the same, keep 20 reasons, and a person among them counts', () => {
  fc.assert(
    fc.property(fc.uniqueArray(request, { selector: (r) => r.id, maxLength: 90 }), (requests) => {
      const single = requests.reduce((pending, r) => mergeTriggers(pending, r, 5), NO_TRIGGERS);
      const inbox = requests.map((r) => ({ ...r, model: 'm', source: 'signal' as const, asOf: null, payload: null }));
      expect(mergePage(NO_TRIGGERS, pageOf(inbox), 5)).toEqual(single);
      expect(single.count).toBe(requests.length);
      expect(single.newest.map((t) => t.id)).toEqual(requests.slice(-20).map((r) => r.id));
      expect(single.manual).toBe(requests.some((r) => r.manual));
      // The same again, in any form, changes nothing.
      expect(mergePage(single, pageOf(inbox), 9)).toBe(single);
    }),
  );
});

it('starts by itself only when nothing is in the way, for a person always unless work runs, and always says when to ask again', () => {
  const time = fc.option(fc.integer({ min: 0, max: 100 }), { nil: null });
  fc.assert(
    fc.property(
      fc.record({
        breachesFire: fc.boolean(),
        manual: fc.boolean(),
        active: fc.boolean(),
        paused: fc.boolean(),
        automatic: fc.boolean(),
        cooldownUntil: time,
        debouncedUntil: time,
        budgetUntil: time,
        hold: time.map((until) => (until === null ? null : { until, reason: { code: 'h', text: 'h' } })),
        now: fc.integer({ min: 0, max: 100 }),
      }),
      (q) => {
        const { action, until } = decideTrigger(q);
        const over = (t: number | null | undefined): boolean => t == null || q.now >= t;
        const free = [q.cooldownUntil, q.debouncedUntil, q.budgetUntil, q.hold?.until].every(over);
        const starts = !q.active && (q.manual || (q.breachesFire && !q.paused && q.automatic && free));
        expect(action === 'start').toBe(starts);
        expect(action === 'none').toBe(!q.breachesFire && !q.manual);
        if (until !== null) {
          expect(action).toBe('record');
          expect(until).toBeGreaterThan(q.now);
        }
        if (action === 'record' && !q.paused && q.automatic) expect(until).not.toBeNull();
      },
    ),
  );
});

it('never starts more than the budget in any 24 h', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.integer({ min: 0, max: 20 * 3_600_000 }), { maxLength: 60 }),
      (budget, gaps) => {
        const starts: number[] = [];
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          const until = budgetUntil(starts, budget, now);
          if (until === null) starts.push(now);
          else expect(until).toBeGreaterThan(now);
        }
        starts.forEach((at) => {
          expect(starts.filter((s) => s > at - BUDGET_SPAN_MS && s <= at).length).toBeLessThanOrEqual(budget);
        });
      },
    ),
  );
});

it('a debounce ends: at most 5 times its length after the first trigger', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(900), { minLength: 1, maxLength: 100 }), (gaps) => {
      let now = 0;
      let pending = NO_TRIGGERS;
      gaps.forEach((gap, i) => {
        now += gap;
        pending = mergeTriggers(pending, { id: String(i), actor: 'a', reason: 'r', manual: false }, now);
      });
      const until = debouncedUntil(pending, 1000) as number;
      expect(until).toBeLessThanOrEqual((gaps[0] ?? 0) + 5000);
      expect(until === now + 1000 || until === (gaps[0] ?? 0) + 5000).toBe(true);
      expect(debouncedUntil(pending, 0)).toBeNull();
    }),
  );
});

it('the next allowed start is never before now, lies in the window, and no earlier minute does (naively checked)', () => {
  const zones = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'];
  const clock = fc
    .tuple(fc.nat(23), fc.nat(59))
    .map(([h, m]) => `${String(h).padStart(2, '0')}:${String(m).padStart(2, '0')}`);
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
  const offsets = Object.fromEntries(zones.map((zone) => [zone, zoneOffset(zone)]));
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      clock,
      clock,
      fc.subarray([...days], { minLength: 1 }),
      // Around both changes of the clocks in New York, and between.
      fc.integer({ min: Date.UTC(2026, 2, 5) / 60_000, max: Date.UTC(2026, 10, 5) / 60_000 }).map((m) => m * 60_000),
      (timeZone, from, to, on, now) => {
        const offsetAt = offsets[timeZone] as (t: number) => number;
        const inside = (t: number): boolean => {
          const local = new Date(t + offsetAt(t) * 60_000);
          const time = local.toISOString().slice(11, 16);
          const day = days[(local.getUTCDay() + 6) % 7] as (typeof days)[number];
          const before = days[(local.getUTCDay() + 5) % 7] as (typeof days)[number];
          if (to > from) return on.includes(day) && time >= from && time < to;
          return (on.includes(day) && time >= from) || (on.includes(before) && time < to);
        };
        const at = nextAllowedStart({ from, to, days: on, timeZone }, now, offsetAt);
        expect(at).toBeGreaterThanOrEqual(now);
        // On the two days when clocks change, a window may open at a time that is skipped or comes twice: tested apart.
        const changes =
          offsetAt(at - 86_400_000) !== offsetAt(at + 86_400_000) || offsetAt(now - 86_400_000) !== offsetAt(at);
        if (changes) return;
        expect(inside(at)).toBe(true);
        for (let t = now; t < at; t += 60_000 * 7) expect(inside(t)).toBe(false);
        if (at > now) expect(inside(at - 60_000)).toBe(false);
      },
    ),
    { numRuns: 300 },
  );
});

it('no source throws on any body or headers, and what it takes has an id, a reason and the right model', () => {
  const config = { model: 'm', secret: null, now: 1_700_000_000_000, hmac: hmacSha256 };
  const keys = fc.constantFrom(
    'metrics',
    'alerts',
    'version',
    'success',
    'results',
    'Records',
    'data',
    'entity',
    'action',
    'reason',
    'table',
    'rows',
    'value',
    'config',
    'labels',
    'status',
    's3',
    'metric',
    'result',
    'run_results',
  );
  const leaf = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('4', 'firing', 'model_version', 'created', 'm', 'ValueDrift(column=x', true, false),
  );
  const body = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(keys, tie('node'), { maxKeys: 5 }),
    ),
  })).node;
  const sources = Object.values(TRIGGER_SOURCES);
  fc.assert(
    fc.property(
      fc.constantFrom(...sources),
      fc.oneof(
        fc.string(),
        body.map((value) => JSON.stringify(value)),
      ),
      fc.dictionary(
        fc.constantFrom('x-ratchet-signature', 'x-ratchet-timestamp', 'x-mlflow-delivery-id', 'x-ratchet-id'),
        fc.string(),
      ),
      fc.constantFrom(null, '', 'secret'),
      (source, raw, headers, secret) => {
        const parsed = source.parse(headers, raw, { ...config, secret });
        if (secret !== null) expect(parsed).toMatchObject({ kind: 'refused', code: 'RATCHET_TRIGGER_UNSIGNED' });
        if (parsed.kind === 'triggers') {
          expect(parsed.triggers.length).toBeGreaterThan(0);
          for (const t of parsed.triggers) {
            expect(t.model).toBe('m');
            expect(t.id.length).toBeGreaterThan(source.name.length);
            expect(t.id.length).toBeLessThanOrEqual(200);
            expect(t.reason).not.toBe('');
            expect(JSON.parse(JSON.stringify(t))).toEqual(t);
          }
        } else expect(parsed.reason).not.toBe('');
      },
    ),
    { numRuns: 2_000 },
  );
});
