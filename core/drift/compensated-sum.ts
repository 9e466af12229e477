/**
 * Kahan–Babuška sum (A. Neumaier, ZAMM 54, 1974): the error of a sum of n terms is about one rounding, not n of them.
 *
 * @example
 * [1e16, 1, -1e16].reduce((sum, term) => sum.add(term), new CompensatedSum()).value // 1
 */
export class CompensatedSum {
  /** Sum, and what its roundings lost. In a typed array: numbers in fields would be boxed anew at every addition. */
  readonly #state = new Float64Array(2);

  add(term: number): this {
    const state = this.#state;
    const sum = state[0]!;
    const next = sum + term;
    state[1]! += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    state[0] = next;
    return this;
  }

  get value(): number {
    return this.#state[0]! + this.#state[1]!;
  }
}
