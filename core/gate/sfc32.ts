/**
 * sfc32 ("small fast counter", C. Doty-Humphrey, PractRand 0.93+, public domain): 128 bits of state of which 32 count, so
 * no cycle is shorter than 2^32; passes PractRand and BigCrush. One step, all modulo 2^32:
 *
 *   t = a + b + counter++;  a = b ^ (b >> 9);  b = c + (c << 3);  c = rotl(c, 21) + t;  return t
 *
 * Seeded as PractRand does from a 64-bit seed: a = 0, b = low word, c = high word, counter = 1, 12 steps thrown away. The
 * seed makes every gate verdict repeatable; it is not for secrets.
 */
export class Sfc32 {
  private a = 0;
  private b: number;
  private c: number;
  private counter = 1;

  /** @param seed an integer; its low 53 bits count. */
  constructor(seed: number) {
    this.b = seed | 0;
    this.c = Math.floor(seed / 2 ** 32) | 0;
    for (let i = 0; i < 12; i++) this.nextUint32();
  }

  /** Uniform over 0 … 2^32 − 1. */
  nextUint32(): number {
    const t = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** Fills `target` with {@link below}(n): the same sequence, with the state in registers. */
  fillBelow(target: Uint32Array, n: number): void {
    let { a, b, c, counter } = this;
    const scale = n / 2 ** 32;
    for (let i = 0; i < target.length; i++) {
      const t = (a + b + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + t) | 0;
      target[i] = (t >>> 0) * scale;
    }
    this.a = a;
    this.b = b;
    this.c = c;
    this.counter = counter;
  }

  /** Uniform over 0 … n − 1; the bias is below n / 2^32, far below the bootstrap's own error. */
  below(n: number): number {
    return Math.floor(this.nextUint32() * (n / 2 ** 32));
  }
}
