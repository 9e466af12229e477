/** Frames that test/golden/make-evidently-goldens.py makes too: the same doubles from the same generator. */
import { numberColumn, stringColumn, type Frame, type FrameColumn } from '../../../core/frame';

export interface SideSpec {
  readonly seed: number;
  readonly shape: 'uniform' | 'bell' | 'skewed' | 'rounded' | 'integer' | 'constant' | 'category';
  readonly shift: number;
  readonly scale?: number;
  readonly k?: number;
  readonly skew?: boolean;
  readonly nullEvery?: number;
}

export interface ColumnSpec {
  readonly name: string;
  readonly kind: 'number' | 'string';
  readonly reference: SideSpec;
  readonly current: SideSpec;
}

/** Numerical Recipes' linear congruential generator; products stay below 2^53, so doubles are exact. */
function generator(seed: number): () => number {
  let state = seed % 4294967296;
  return () => {
    state = (1664525 * state + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

function valueOf(next: () => number, spec: SideSpec): number | string {
  const { shape, shift, scale = 1, k = 1 } = spec;
  switch (shape) {
    case 'uniform':
      return next() * scale + shift;
    case 'bell': {
      let total = next();
      total += next();
      total += next();
      total += next();
      return (total - 2) * scale + shift;
    }
    case 'skewed': {
      const u = next();
      return u * u * u * scale + shift;
    }
    case 'rounded':
      return Math.floor((next() * scale + shift) * 10 + 0.5) / 10;
    case 'integer':
      return Math.floor(next() * k) + shift;
    case 'constant':
      return shift;
    case 'category': {
      let u = next();
      if (spec.skew === true) u = u * u;
      return `c${Math.floor(u * k) + shift}`;
    }
  }
}

function columnOf(rows: number, kind: 'number' | 'string', spec: SideSpec): FrameColumn {
  const next = generator(spec.seed);
  const every = spec.nullEvery;
  const values = Array.from({ length: rows }, (_, i) => {
    const value = valueOf(next, spec);
    return every !== undefined && i % every === every - 1 ? null : value;
  });
  return kind === 'number' ? numberColumn(values as (number | null)[]) : stringColumn(values as (string | null)[]);
}

export function frameOfSpecs(rows: number, specs: readonly ColumnSpec[], side: 'reference' | 'current'): Frame {
  return { rows, columns: new Map(specs.map((spec) => [spec.name, columnOf(rows, spec.kind, spec[side])])) };
}
