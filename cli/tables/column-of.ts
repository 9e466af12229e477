import { RatchetError } from '../../core/errors';
import type { Frame, FrameColumn } from '../../core/frame';

/** @throws RATCHET_COLUMN_MISSING naming the columns that are there. */
export function columnOf(frame: Frame, name: string, path: string): FrameColumn {
  const column = frame.columns.get(name);
  if (column !== undefined) return column;
  const there = [...frame.columns.keys()];
  throw new RatchetError('RATCHET_COLUMN_MISSING', `${path} has no column "${name}"; there are ${there.join(', ')}`, {
    hint: 'Name one of them.',
    details: { column: name, columns: there },
  });
}
