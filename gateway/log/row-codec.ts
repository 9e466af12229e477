import type { PredictionRecord } from '../../core/ports';

/** One row a line. JSON keeps every finite double exactly, and a person can read what waits. */
export const encodeRow = (row: PredictionRecord): string => `${JSON.stringify(row)}\n`;

/**
 * The row of a line, or null when the line is torn or foreign. A killed process leaves at most one torn line, at the end
 * of a segment; a machine that lost power may leave more.
 */
export function decodeRow(line: string): PredictionRecord | null {
  try {
    const value: unknown = JSON.parse(line);
    return isRow(value) ? value : null;
  } catch {
    return null;
  }
}

function isRow(value: unknown): value is PredictionRecord {
  if (typeof value !== 'object' || value === null) return false;
  const row = value as Partial<Record<keyof PredictionRecord, unknown>>;
  return (
    typeof row.id === 'string' &&
    typeof row.model === 'string' &&
    typeof row.version === 'string' &&
    typeof row.arm === 'string' &&
    typeof row.receivedAt === 'number' &&
    Array.isArray(row.numbers) &&
    Array.isArray(row.strings)
  );
}
