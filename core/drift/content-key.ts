/**
 * A short name of a value: 32 hex digits of its canonical JSON. Four FNV-1a lanes with different seeds, each closed by
 * MurmurHash3's finalizer. Not cryptographic: it tells apart what honest code made (a plan, a profile). Where content is
 * named for others, adapters take SHA-256 of `canonicalJson`.
 */
import { canonicalJson } from '../canonical-json';

const FNV_PRIME = 0x01000193;
const SEEDS = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35] as const;

export function contentKey(value: unknown): string {
  const text = canonicalJson(value);
  return SEEDS.map((seed) => lane(text, seed)).join('');
}

function lane(text: string, seed: number): string {
  let h = seed | 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    h = Math.imul(h ^ (unit & 0xff), FNV_PRIME);
    h = Math.imul(h ^ (unit >>> 8), FNV_PRIME) ^ (h >>> 15);
  }
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return (h >>> 0).toString(16).padStart(8, '0');
}
