import { CATEGORICAL_METHODS, NUMERIC_METHODS, type DriftMethod, type MethodResult } from '../drift/method';
import { runCategoricalMethod, runNumericMethodSorted } from '../drift/methods';
import type { Binning } from '../drift/binning';
import { countsOf, type NumberPair, type StringPair } from './column-pair';

export interface RunOptions {
  readonly binning: Binning;
  readonly bins?: number;
}

/** Runs each method at most once a column: the verdict and the list of tests share the results. */
export class MethodRuns {
  private readonly done = new Map<string, MethodResult>();

  constructor(
    readonly pair: NumberPair | StringPair,
    private readonly options: RunOptions,
  ) {}

  /** Does the method suit the column's kind? */
  suits(method: DriftMethod): boolean {
    const methods: readonly DriftMethod[] = this.pair.kind === 'number' ? NUMERIC_METHODS : CATEGORICAL_METHODS;
    return methods.includes(method);
  }

  run(method: DriftMethod): MethodResult {
    return this.once(method, () => {
      const { pair, options } = this;
      if (pair.kind === 'string') return runCategoricalMethod(method as never, pair.reference, pair.current, options);
      return runNumericMethodSorted(method as never, pair.reference, pair.current, {
        ...options,
        integers: pair.integers,
        // Evidently asks one-sidedly whether the reference tends to smaller values.
        ...(options.binning === 'evidently' ? { alternative: 'less' as const } : {}),
      });
    });
  }

  /** A categorical method over equal values, for number columns with few of them. */
  runAsCategories(method: DriftMethod): MethodResult {
    if (this.pair.kind === 'string') return this.run(method);
    return this.once(`${method} of values`, () => {
      const { reference, current } = countsOf(this.pair);
      return runCategoricalMethod(method as never, reference, current, this.options);
    });
  }

  private once(key: string, run: () => MethodResult): MethodResult {
    const known = this.done.get(key);
    if (known !== undefined) return known;
    const result = run();
    this.done.set(key, result);
    return result;
  }
}
