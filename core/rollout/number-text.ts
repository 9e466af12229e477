/** Numbers as people read them in reasons. Plain arithmetic and toFixed only: safe in workflow code. */

/** "37.3 %"; "–" when there is nothing to divide by. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${trim(((part / whole) * 100).toFixed(1))} %`;
}

/** Three significant digits or so: 0.0123, 1.25, 31.2, 952; above a million in powers of ten. */
export function decimals(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6) return value.toExponential(1);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return trim(value.toFixed(1));
  if (size >= 1) return trim(value.toFixed(2));
  return trim(value.toFixed(4));
}

/** "45 s", "10 min", "2.5 h", "3 d". */
export function duration(ms: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ];
  for (const [size, name] of units) if (ms >= size) return `${trim((ms / size).toFixed(1))} ${name}`;
  return `${ms} ms`;
}

/** Basis points as a share: 500 → "5 %". */
export function weightText(basisPoints: number): string {
  return `${trim((basisPoints / 100).toFixed(2))} %`;
}

function trim(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
