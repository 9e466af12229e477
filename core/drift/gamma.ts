/**
 * Gamma-family functions that the p-values stand on, in Loader's saddle-point form, which keeps full relative accuracy
 * where differences of log-gammas would cancel.
 *
 * References: C. Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000); Abramowitz & Stegun 6.5.29
 * (series) and 6.5.31 (continued fraction), the latter evaluated by Lentz's method.
 */

const LOG_2PI = Math.log(2 * Math.PI);
const MAX_TERMS = 100_000;

/**
 * ln Γ(x+1) for 0 <= x <= 16 by the recurrence: no cancellation and ~1e-16 for multiples of 1/2 (counts, degrees of freedom),
 * ~1e-14 for others (degrees of freedom that were adjusted for clusters).
 */
function logFactorialSmall(x: number): number {
  if ((2 * x) % 1 !== 0) {
    let product = 1;
    let large = x;
    while (large <= 16) product *= ++large;
    return (
      stirlingError(large) + 0.5 * (LOG_2PI + Math.log(large)) + large * Math.log(large) - large - Math.log(product)
    );
  }
  const halfInteger = x % 1 !== 0;
  let product = halfInteger ? Math.sqrt(Math.PI) : 1;
  for (let k = halfInteger ? 0.5 : 1; k <= x; k++) product *= k;
  return Math.log(product);
}

/**
 * Error of Stirling's formula, ln x! − [½ ln(2πx) + x ln x − x], for x > 0. Absolute error below 1e-14 for
 * multiples of 1/2 (counts, and half the degrees of freedom), below 1e-13 for others.
 */
export function stirlingError(x: number): number {
  if (x <= 16) return logFactorialSmall(x) - (0.5 * (LOG_2PI + Math.log(x)) + x * Math.log(x) - x);
  const inverse = 1 / x;
  const square = inverse * inverse;
  return inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square * (1 / 1188)))));
}

/** Deviance x ln(x/m) + m − x for x, m > 0, by its series where the plain form would cancel. Never negative. */
export function deviance(x: number, m: number): number {
  if (Math.abs(x - m) >= 0.1 * (x + m)) return x * Math.log(x / m) + m - x;
  const v = (x - m) / (x + m);
  let sum = (x - m) * v;
  let power = 2 * x * v;
  for (let j = 1; j < 1000; j++) {
    power *= v * v;
    const next = sum + power / (2 * j + 1);
    if (next === sum) break;
    sum = next;
  }
  return sum;
}

/** Binomial probability of `j` successes in `n` trials of probability `p`; `q` is 1 − p, given so that it need not cancel. */
export function binomialProbability(j: number, n: number, p: number, q: number): number {
  if (p <= 0) return j === 0 ? 1 : 0;
  if (q <= 0) return j === n ? 1 : 0;
  if (j === 0) return Math.exp(n * Math.log1p(-p));
  if (j === n) return Math.exp(n * Math.log1p(-q));
  const exponent =
    stirlingError(n) - stirlingError(j) - stirlingError(n - j) - deviance(j, n * p) - deviance(n - j, n * q);
  return Math.exp(exponent) * Math.sqrt(n / (2 * Math.PI * j * (n - j)));
}

/**
 * Regularised upper incomplete gamma Q(a, x), for `a` > 0 and x >= 0. The tail keeps its relative
 * accuracy (about 1e-13) down to the smallest doubles.
 */
export function regularizedGammaQ(a: number, x: number): number {
  if (!(x > 0)) return 1;
  if (x === Infinity) return 0;
  // x^a e^-x / Γ(a+1)
  const front = Math.exp(-stirlingError(a) - deviance(a, x)) / Math.sqrt(2 * Math.PI * a);
  if (x < a + 1) {
    let term = 1;
    let sum = 1;
    for (let k = 1; k < MAX_TERMS && term > sum * 1e-17; k++) {
      term *= x / (a + k);
      sum += term;
    }
    return Math.min(1, Math.max(0, 1 - front * sum));
  }
  // Lentz: Γ(a,x) = x^a e^-x · 1/(x+1−a− 1(1−a)/(x+3−a− …))
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let fraction = d;
  for (let i = 1; i < MAX_TERMS; i++) {
    const numerator = -i * (i - a);
    b += 2;
    d = 1 / nonZero(numerator * d + b);
    c = nonZero(b + numerator / c);
    const factor = d * c;
    fraction *= factor;
    if (Math.abs(factor - 1) < 1e-16) break;
  }
  return Math.min(1, Math.max(0, front * a * fraction));
}

const nonZero = (value: number): number => (value === 0 ? 1e-300 : value);

/** P(χ² with `df` degrees of freedom > statistic). `df` > 0, not necessarily whole. */
export const chiSquareSurvival = (statistic: number, df: number): number => regularizedGammaQ(df / 2, statistic / 2);
