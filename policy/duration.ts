/** Durations as people write them, and back. */

const UNITS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
type Unit = keyof typeof UNITS;

/** `1h30m` → 5400000. Units ms, s, m, h, d, w. NaN when the text is no duration. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) return NaN;
  const total = parts.reduce((sum, part) => sum + Number(part[1]) * UNITS[part[2] as Unit], 0);
  // 0.1 s and the like are exact in milliseconds but not in binary fractions.
  return Math.abs(total - Math.round(total)) < 1e-6 ? Math.round(total) : total;
}

/** 5400000 → `1h30m`. Never loses a millisecond; weeks are written as days because 7d is what people say. */
export function formatDuration(ms: number): string {
  if (!Number.isInteger(ms) || ms < 0) return `${ms}ms`;
  if (ms === 0) return '0s';
  let rest = ms;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const size = UNITS[unit];
    const whole = Math.floor(rest / size);
    if (whole > 0) text += `${whole}${unit}`;
    rest -= whole * size;
  }
  return text;
}
