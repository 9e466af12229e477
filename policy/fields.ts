/** The building blocks of every policy field: how a person writes it, and what it becomes. */
import { z } from 'zod';
import { formatDuration, parseDuration } from './duration';

const DURATION = /^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/;

/**
 * A duration as people write it (`500ms`, `30s`, `10m`, `24h`, `7d`, `2w`, `1h30m`), inclusive bounds; becomes whole
 * milliseconds. A bare number is refused because it has no unit.
 */
export const duration = (min: string, max: string) => {
  const low = parseDuration(min);
  const high = parseDuration(max);
  return z
    .string({ error: `expected a duration from ${min} to ${max}, written with its unit, e.g. "30s", "24h" or "7d"` })
    .regex(DURATION, 'expected a duration with its unit, e.g. "500ms", "30s", "24h", "7d" or "1h30m"')
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms >= low && ms <= high && Number.isInteger(ms)) return ms;
      context.addIssue({ code: 'custom', message: `expected ${min} to ${max}, got ${formatDuration(ms)}` });
      return z.NEVER;
    });
};

/** A share of the traffic in percent with at most two decimals; becomes basis points (1 % = 100). */
export const percent = (min: number, max: number) =>
  z
    .number()
    .min(min)
    .max(max)
    .transform((value, context) => {
      const basisPoints = Math.round(value * 100);
      if (Math.abs(basisPoints - value * 100) < 1e-6) return basisPoints;
      context.addIssue({ code: 'custom', message: `expected at most two decimals of a percent, got ${value}` });
      return z.NEVER;
    });

/** A share between 0 and 1, both included. */
export const share = () => z.number().min(0).max(1);

/** A probability strictly between 0 and 0.5: an error rate. */
export const errorRate = () => z.number().gt(0).max(0.5);

export const count = (min: number, max = 1_000_000_000) => z.number().int().min(min).max(max);

/** An instant as ISO 8601 (`2012-12-31` is midnight UTC, or with time and offset); becomes epoch milliseconds. */
export const instant = () =>
  z
    .union([z.iso.datetime({ offset: true }), z.iso.date()], {
      error: 'expected an ISO 8601 instant such as "2024-01-01" or "2024-01-01T00:00:00Z"',
    })
    .transform((text) => Date.parse(text));

/** A name that is safe as a column, a metric key and an ONNX input. */
export const columnName = () =>
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'expected letters, digits and underscores, at most 63');
