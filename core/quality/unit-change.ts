/**
 * Has a feature changed its unit? The deciles of the window against those of the reference: a common ratio far from 1 on all
 * of them (metres became kilometres), a common shift (Celsius became Kelvin), or one of the known conversions with both
 * (Celsius became Fahrenheit). A hint for a person, because drift says only that the distribution is another one.
 * Assumes that the quantity itself moved little; a real change of scale of all deciles looks the same.
 */

export interface UnitChange {
  readonly kind: 'ratio' | 'shift' | 'conversion';
  /** window ≈ factor × reference + offset. */
  readonly factor: number;
  readonly offset: number;
  /** e.g. `×1000`, `+273.15 (°C to K)`. */
  readonly text: string;
}

/** Largest relative deviation of a decile's ratio from the common one. */
const RATIO_SPREAD = 0.15;
/** A smaller change of scale is drift. */
const LEAST_RATIO = 1.5;
/** Largest deviation of a decile's shift from the common one, in spans (ninth minus first decile) of the reference. */
const SHIFT_SPREAD = 0.15;
/** A smaller shift, in the same spans, is drift. */
const LEAST_SHIFT = 2;
/** Fewest different deciles to speak of a shape. */
const FEWEST_DECILES = 5;
/** Nearness at which a known number is named instead of the measured one. */
const SNAP = 0.05;

const KNOWN_RATIOS = [
  10, 100, 1000, 1e4, 1e5, 1e6, 1e9, 12, 24, 60, 3600, 86_400, 2.54, 0.3048, 0.9144, 1.609344, 1.852, 0.45359237, 3.6,
  4.184, 0.000621371, 7,
];
const CONVERSIONS = [
  { factor: 1.8, offset: 32, text: '°C to °F' },
  { factor: 1 / 1.8, offset: -32 / 1.8, text: '°F to °C' },
];
const SHIFTS = [
  { offset: 273.15, text: '°C to K' },
  { offset: -273.15, text: 'K to °C' },
];

/** @param reference, window nine deciles each, rising; null: no common change of unit, or too few different deciles. */
export function unitChange(reference: readonly number[], window: readonly number[]): UnitChange | null {
  if (reference.length !== window.length || new Set(reference).size < FEWEST_DECILES) return null;
  if (new Set(window).size < FEWEST_DECILES) return null;
  return commonRatio(reference, window) ?? commonShift(reference, window) ?? conversion(reference, window);
}

function commonRatio(reference: readonly number[], window: readonly number[]): UnitChange | null {
  const ratios: number[] = [];
  for (let i = 0; i < reference.length; i++) {
    const [before, now] = [reference[i]!, window[i]!];
    // Nothing stays nothing in every unit.
    if (before === 0 && now === 0) continue;
    const ratio = now / before;
    if (!Number.isFinite(ratio) || ratio <= 0) return null;
    ratios.push(ratio);
  }
  if (ratios.length < FEWEST_DECILES) return null;
  const common = median(ratios);
  if (Math.max(common, 1 / common) < LEAST_RATIO) return null;
  if (ratios.some((ratio) => Math.abs(Math.log(ratio / common)) > RATIO_SPREAD)) return null;
  const factor = known(common);
  return { kind: 'ratio', factor, offset: 0, text: factor >= 1 ? `×${short(factor)}` : `÷${short(1 / factor)}` };
}

function commonShift(reference: readonly number[], window: readonly number[]): UnitChange | null {
  const span = reference.at(-1)! - reference[0]!;
  const shifts = reference.map((before, i) => window[i]! - before);
  const common = median(shifts);
  if (!Number.isFinite(common) || Math.abs(common) < LEAST_SHIFT * span) return null;
  if (shifts.some((shift) => Math.abs(shift - common) > SHIFT_SPREAD * span)) return null;
  const named = SHIFTS.find(({ offset }) => Math.abs(common - offset) <= Math.max(SNAP, SHIFT_SPREAD) * span);
  const offset = named?.offset ?? common;
  const text = `${offset > 0 ? '+' : '−'}${short(Math.abs(offset))}${named === undefined ? '' : ` (${named.text})`}`;
  return { kind: 'shift', factor: 1, offset, text };
}

function conversion(reference: readonly number[], window: readonly number[]): UnitChange | null {
  for (const { factor, offset, text } of CONVERSIONS) {
    const expected = reference.map((before) => factor * before + offset);
    const span = expected.at(-1)! - expected[0]!;
    const off = expected.map((value, i) => Math.abs(window[i]! - value));
    if (span > 0 && off.every((error) => error <= SHIFT_SPREAD * span)) {
      return { kind: 'conversion', factor, offset, text: `converted (${text})` };
    }
  }
  return null;
}

function known(ratio: number): number {
  const up = KNOWN_RATIOS.find((value) => Math.abs(ratio / value - 1) <= SNAP);
  if (up !== undefined) return up;
  const down = KNOWN_RATIOS.find((value) => Math.abs(ratio * value - 1) <= SNAP);
  return down === undefined ? ratio : 1 / down;
}

/** Of at least one value. */
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

const short = (value: number): string => String(Number(value.toPrecision(6)));
