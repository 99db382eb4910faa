/**
 * Seeded randomness. Every random draw of ibscope comes from an `Rng` made from the run's seed and a label, so that a new draw in one
 * place does not change the draws elsewhere.
 *
 * Generator: xoshiro128** (Blackman and Vigna), seeded by SplitMix-style mixing of FNV-1a over seed and labels.
 */
export class Rng {
  private s0: number;
  private s1: number;
  private s2: number;
  private s3: number;
  private spare: number | undefined;

  /** `new Rng(seed, 'training', 'shuffle', epoch)`: the same arguments give the same stream. */
  constructor(seed: number, ...labels: (string | number)[]) {
    let h = 0x811c9dc5;
    for (const ch of [seed, ...labels].join('\u0000')) h = Math.imul(h ^ ch.codePointAt(0)!, 0x01000193);
    const mix = () => {
      h = (h + 0x9e3779b9) | 0;
      let z = h;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return z ^ (z >>> 15);
    };
    this.s0 = mix();
    this.s1 = mix();
    this.s2 = mix();
    this.s3 = mix() | 1;
  }

  /** 32 random bits, 0 … 2³²−1. */
  bits(): number {
    const { s1 } = this;
    const x = Math.imul(s1, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = s1 << 9;
    this.s2 ^= this.s0;
    this.s3 ^= s1;
    this.s1 ^= this.s2;
    this.s0 ^= this.s3;
    this.s2 ^= t;
    this.s3 = (this.s3 << 11) | (this.s3 >>> 21);
    return result;
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(low = 0, high = 1): number {
    const u = ((this.bits() >>> 5) * 67108864 + (this.bits() >>> 6)) / 9007199254740992;
    return low + u * (high - low);
  }

  /** Uniform whole number in [0, n). */
  int(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Standard normal (Marsaglia's polar method). */
  normal(): number {
    if (this.spare !== undefined) {
      const z = this.spare;
      this.spare = undefined;
      return z;
    }
    for (;;) {
      const u = this.uniform(-1, 1);
      const v = this.uniform(-1, 1);
      const q = u * u + v * v;
      if (q > 0 && q < 1) {
        const f = Math.sqrt((-2 * Math.log(q)) / q);
        this.spare = v * f;
        return u * f;
      }
    }
  }

  /** `n` standard normal values times `std`. */
  normals(n: number, std = 1): Float32Array {
    const out = new Float32Array(n);
    for (let i = 0; i < n; i++) out[i] = this.normal() * std;
    return out;
  }

  /** Shuffles in place (Fisher–Yates) and returns its argument. */
  shuffle<A extends { length: number; [i: number]: number }>(a: A): A {
    for (let i = a.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const t = a[i];
      a[i] = a[j];
      a[j] = t;
    }
    return a;
  }

  /** A random order of 0 … n−1. */
  permutation(n: number): Int32Array {
    return this.shuffle(Int32Array.from({ length: n }, (_, i) => i));
  }

  /** `k` members of `items` without replacement, in random order; all of them if there are fewer. */
  sample(items: ArrayLike<number>, k: number): Int32Array {
    return this.shuffle(Int32Array.from(items)).slice(0, k);
  }
}
