import { closeSync, openSync, writeSync } from 'node:fs';
import type { Frame } from '../../core/frame';
import { Seeded } from './seeded';

/** Standard normal float32 columns x0, x1, … in shared memory; every tenth moved by `shift`. */
export function normalFrame(rows: number, features: number, seed: number, shift: number): Frame {
  const random = new Seeded(seed);
  const columns = Array.from({ length: features }, (_, f) => {
    const values = new Float32Array(new SharedArrayBuffer(rows * 4));
    const moved = f % 10 === 0 ? shift : 0;
    for (let i = 0; i < rows; i++) values[i] = random.normal() + moved;
    return [`x${f}`, { kind: 'number', values, integer: false }] as const;
  });
  return { rows, columns: new Map(columns) };
}

export function floatColumns(frame: Frame): readonly Float32Array[] {
  return [...frame.columns.values()].map((column) => {
    if (column.kind === 'number' && column.values instanceof Float32Array) return column.values;
    throw new Error('a column is not float32');
  });
}

/** Raw little-endian float32, one feature after the other. */
export function writeColumns(path: string, frame: Frame): void {
  const file = openSync(path, 'w');
  try {
    for (const column of floatColumns(frame)) writeSync(file, new Uint8Array(column.buffer));
  } finally {
    closeSync(file);
  }
}
