/**
 * Which arm answers a key. A key's bucket depends on the rollout's salt and the key alone, so assignment is sticky, and
 * because the candidate takes the buckets *below* the weight it is monotone: a key that reached the candidate stays there
 * while the weight grows.
 */

/** Buckets of a route; one is one basis point. */
export const BUCKETS = 10_000;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Bucket of a key, 0–9999, uniform. FNV-1a 32 over the UTF-8 bytes of `salt`, one zero byte and `key`, then MurmurHash3's
 * 32-bit finalizer (FNV alone leaves its high bits, which choose the bucket, poorly mixed for short keys), scaled by
 * floor(h · 10000 / 2^32). Plain integer arithmetic: the same on every engine, and easy to repeat in another language.
 */
export function bucketOf(salt: string, key: string): number {
  let h = hashUtf8(FNV_OFFSET, salt);
  h = Math.imul(h, FNV_PRIME); // the zero byte: h ^ 0 is h
  h = hashUtf8(h, key);
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return Math.floor(((h >>> 0) * BUCKETS) / 0x1_0000_0000);
}

/** Does the candidate answer this key at this weight (basis points)? 0: never, 10000: always. */
export function isCandidate(salt: string, key: string, weight: number): boolean {
  return bucketOf(salt, key) < weight;
}

function hashUtf8(start: number, text: string): number {
  let h = start;
  const byte = (b: number): void => {
    h = Math.imul(h ^ b, FNV_PRIME);
  };
  for (let i = 0; i < text.length; i += 1) {
    let point = text.charCodeAt(i);
    if (point < 0x80) {
      byte(point);
      continue;
    }
    // A lone surrogate is hashed as the three bytes it would have: any string gets a bucket.
    if (point >= 0xd800 && point <= 0xdbff) {
      const low = text.charCodeAt(i + 1);
      if (low >= 0xdc00 && low <= 0xdfff) {
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        i += 1;
      }
    }
    if (point < 0x800) byte(0xc0 | (point >> 6));
    else {
      if (point < 0x10000) byte(0xe0 | (point >> 12));
      else {
        byte(0xf0 | (point >> 18));
        byte(0x80 | ((point >> 12) & 0x3f));
      }
      byte(0x80 | ((point >> 6) & 0x3f));
    }
    byte(0x80 | (point & 0x3f));
  }
  return h;
}
