/** The counter table against a naive specification that keeps every report for ever and works everything out anew. */
import fc from 'fast-check';
import type { EvaluationReport } from '../../../core/messages';
import { EMPTY_BREACHES, recordEvaluation, type BreachRule, type BreachState } from '../../../core/trigger/breaches';

interface Told {
  readonly end: number;
  breached: boolean;
  revision: number;
  reference: string | null | undefined;
}
interface Spec {
  version: string | null;
  windows: Told[];
  fired: number;
}
interface Real {
  state: BreachState;
}

class Report implements fc.Command<Spec, Real> {
  constructor(
    private readonly rule: Required<BreachRule>,
    private readonly window: number,
    private readonly breached: boolean,
    private readonly version: string,
    private readonly revision: number,
    private readonly judged: boolean,
    private readonly reference: string | null | undefined,
  ) {}
  check = (): boolean => true;

  run(spec: Spec, real: Real): void {
    const expected = this.judged && this.specified(spec);
    const report: EvaluationReport = {
      version: this.version,
      windowStart: this.window,
      windowEnd: this.window + 1,
      breached: this.breached,
      driftScore: null,
      reasons: [],
      revision: this.revision,
      judged: this.judged,
      ...(this.reference === undefined ? {} : { reference: this.reference }),
    };
    // Through JSON, as over continue-as-new.
    const before = JSON.parse(JSON.stringify(real.state)) as BreachState;
    const decision = recordEvaluation(before, report, this.rule);
    expect(decision.fire).toBe(expected);
    // Delivered twice, it counts once.
    const again = recordEvaluation(decision.state, report, this.rule);
    expect(again.fire).toBe(false);
    expect(again.state).toEqual(decision.state);
    expect(decision.state.version).toBe(spec.version);
    expect(decision.state.evaluations.slice(-this.rule.of).map((e) => [e.windowEnd, e.breached])).toEqual(
      spec.windows.slice(-this.rule.of).map((w) => [w.end, w.breached]),
    );
    real.state = decision.state;
  }

  /** The rule in words, one after the other, over all that was ever told. */
  private specified(spec: Spec): boolean {
    const end = this.window + 1;
    const newest = spec.windows.at(-1)?.end ?? -Infinity;
    if (spec.version !== this.version) {
      if (spec.version !== null && end <= newest) return false;
      spec.version = this.version;
      spec.windows = [];
      spec.fired = -Infinity;
    }
    const known = spec.windows.find((w) => w.end === end);
    if (known !== undefined) {
      if (this.revision < known.revision) return false;
      Object.assign(known, { breached: this.breached, revision: this.revision, reference: this.reference });
    } else {
      spec.windows.push({ end, breached: this.breached, revision: this.revision, reference: this.reference });
      spec.windows.sort((a, b) => a.end - b.end);
    }
    const { breaches, of, clearAfter } = this.rule;
    // No two known references in one count: that of the newest window for which it is known, and windows of none known.
    const reference = spec.windows.filter((w) => w.reference !== undefined).at(-1)?.reference;
    const same = spec.windows.filter((w) => w.reference === undefined || w.reference === reference);
    // Where the counter was cleared last: after any stretch of clearAfter windows without a breach, in the whole past.
    let cleared = 0;
    for (let i = clearAfter; i <= same.length; i += 1)
      if (same.slice(i - clearAfter, i).every((w) => !w.breached)) cleared = i;
    const recent = new Set(spec.windows.slice(-of));
    const counting = same.slice(cleared).filter((w) => recent.has(w));
    const last = spec.windows.at(-1) as Told;
    const fires = last.breached && counting.filter((w) => w.breached).length >= breaches && last.end > spec.fired;
    if (fires) spec.fired = last.end;
    return fires;
  }

  toString(): string {
    return `v${this.version} w${this.window} r${this.revision} ${this.judged ? (this.breached ? 'breach' : 'pass') : 'skip'} against ${String(this.reference)}`;
  }
}

describe('the counter table', () => {
  it('does what the naive specification says for 2,000 sequences of up to 60 reports, in any order, late and again', () => {
    const rule = fc
      .record({ of: fc.integer({ min: 1, max: 8 }), k: fc.nat(7), clearAfter: fc.integer({ min: 1, max: 6 }) })
      .map(({ of, k, clearAfter }) => ({ of, breaches: 1 + (k % of), clearAfter }));
    fc.assert(
      fc.property(
        rule.chain((r) =>
          fc.commands(
            [
              fc
                .tuple(
                  fc.nat(14),
                  fc.boolean(),
                  fc.constantFrom('1', '1', '1', '2'),
                  fc.integer({ min: 1, max: 3 }),
                  fc.integer({ min: 0, max: 9 }),
                  fc.constantFrom('a', 'a', 'a', 'b', null, undefined),
                )
                .map(
                  ([window, breached, version, revision, skip, reference]) =>
                    new Report(r, window, breached, version, revision, skip > 0, reference),
                ),
            ],
            { maxCommands: 60 },
          ),
        ),
        (commands) => {
          fc.modelRun(
            () => ({ model: { version: null, windows: [], fired: -Infinity }, real: { state: EMPTY_BREACHES } }),
            commands,
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
