import type { TrainerProgress } from '../../core/ports';

/** A progress line, or null for anything else that a program prints. */
export function parseProgressLine(line: string): TrainerProgress | null {
  if (!line.trimStart().startsWith('{')) return null;
  try {
    return parseProgress(JSON.parse(line));
  } catch {
    return null;
  }
}

/** Null unless `progress` is a number in [0, 1]. Further fields of a wrong type are left out. */
export function parseProgress(value: unknown): TrainerProgress | null {
  if (typeof value !== 'object' || value === null) return null;
  const { progress, message, metric, checkpoint } = value as Record<string, unknown>;
  if (typeof progress !== 'number' || !(progress >= 0 && progress <= 1)) return null;
  return {
    progress,
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof metric === 'number' && Number.isFinite(metric) ? { metric } : {}),
    ...(typeof checkpoint === 'string' ? { checkpoint } : {}),
  };
}
