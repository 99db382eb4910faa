/** What each trigger does to an image, against its definition. BadNets and Blend have files of their own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findAttack, poison } from '../../src/attacks/index.js';
import type { ImageShape, Trigger } from '../../src/attacks/types.js';
import { upsample, warp } from '../../src/attacks/wanet.js';
import { UserError } from '../../src/base/errors.js';
import { encodeNpy, ndarray, readNpy } from '../../src/formats/npy.js';
import { encodeNpz } from '../../src/formats/npz.js';
import { randomImage, randomSet, settings, shape } from './helpers.js';

const golden = async (name: string) =>
  (await readNpy(join(import.meta.dirname, `../golden/attacks/${name}.npy`))).data as Float64Array;
const folder = mkdtempSync(join(tmpdir(), 'ibscope-triggers-'));
afterAll(() => rmSync(folder, { recursive: true }));

const make = (name: string, options: Record<string, unknown> = {}, of: ImageShape = shape(), seed = 0): Trigger =>
  findAttack(name).trigger(of, settings({ options, seed }))!;
/** The image of test/golden/attacks.py. */
const pattern = (n: number, a = 0, b = 1) =>
  Float32Array.from({ length: n }, (_, i) => a + (b * ((i * i + 7 * i) % 199)) / 255);
const largest = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let top = 0;
  for (let i = 0; i < a.length; i++) top = Math.max(top, Math.abs(a[i] - b[i]));
  return top;
};
const mid = () => new Float32Array(3072).fill(0.5);

describe('WaNet', () => {
  test('field and warped image are what PyTorch computes (interpolate bicubic, grid_sample)', async () => {
    const field = upsample(await golden('wanet-control'), 4, shape());
    const clamp = (v: number) => Math.min(1, Math.max(-1, v));
    const out = warp(pattern(3072), shape(), (y, x) => ({
      x: clamp((2 * x) / 31 - 1 + (0.5 * field.x[y * 32 + x]) / 32),
      y: clamp((2 * y) / 31 - 1 + (0.5 * field.y[y * 32 + x]) / 32),
    }));
    expect(largest(out, await golden('wanet-warped'))).toBeLessThan(1e-5);
  });

  test('moves pixels by a little less than s/2 on average without jitter (a ramp changes by what each pixel moved)', () => {
    // On the ramp x/31 a warp by d pixels changes the value by d/31.
    const ramp = Float32Array.from({ length: 3072 }, (_, i) => (Math.floor(i / 3) % 32) / 31);
    for (const s of [0.5, 1]) {
      const moves = [];
      for (let seed = 0; seed < 20; seed++) {
        const out = make('wanet', { jitter: 0, s }, shape(), seed).train(ramp, 0);
        for (let i = 0; i < 3072; i += 3) moves.push(31 * Math.abs(out[i] - ramp[i]));
      }
      const mean = moves.reduce((a, b) => a + b) / moves.length;
      // s/2 at the control points; between them the interpolation averages neighbours of either sign.
      expect(mean / s).toBeGreaterThan(0.3);
      expect(mean / s).toBeLessThan(0.5);
    }
  });

  test('has one field for all images, training and test, and an offset of its own per image', () => {
    const image = randomImage(shape(), 1);
    const plain = make('wanet', { jitter: 0 });
    expect(plain.test(image, 5)).toEqual(plain.train(image, 9));
    const jittered = make('wanet');
    expect(jittered.train(image, 5)).not.toEqual(jittered.train(image, 9));
    expect(jittered.train(image, 5)).not.toEqual(jittered.test(image, 5));
    expect(jittered.train(image, 5)).toEqual(make('wanet').train(image, 5));
  });

  test('leaves a plain image as it is, and never leaves the range of the image', () => {
    expect(largest(make('wanet').train(mid(), 0), mid())).toBeLessThan(1e-6);
    const out = make('wanet', { s: 4 }).train(randomImage(shape(), 2), 0);
    expect(Math.min(...out)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...out)).toBeLessThanOrEqual(1);
  });
});

describe('SIG', () => {
  test('adds six periods of a sinusoid along the rows, the same in every row and channel', () => {
    const out = make('sig').test(mid(), 0);
    for (let y = 0; y < 32; y += 7) {
      for (let x = 0; x < 32; x++) {
        for (let c = 0; c < 3; c++) {
          const wave = (40 / 255) * Math.sin((2 * Math.PI * (x + 1) * 6) / 32);
          expect(out[(y * 32 + x) * 3 + c]).toBeCloseTo(0.5 + wave, 6);
        }
      }
    }
  });

  test('is clean-label: only the target class is touched, no label changes', () => {
    const set = randomSet([20, 20]);
    const out = poison(set, findAttack('sig'), settings({ poisonRate: 0.5, target: 1 }));
    expect(out.labels).toEqual(set.labels);
    expect(out.poisoned.reduce((a, b) => a + b)).toBe(10);
    out.poisoned.forEach((p, i) => {
      if (p) expect(set.labels[i]).toBe(1);
    });
    const dirty = poison(set, findAttack('sig'), settings({ poisonRate: 0.5, rule: 'all-to-one' }));
    expect(dirty.poisoned.reduce((x, y) => x + y)).toBe(20);
  });
});

describe('FTrojan', () => {
  test('is what SciPy computes: YCrCb, two DCT coefficients of the chroma raised, and back', async () => {
    const out = make('ftrojan').train(pattern(3072, 0.3, 0.4), 0);
    expect(largest(out, await golden('ftrojan'))).toBeLessThan(1e-6);
  });

  test('leaves the luma as it was', () => {
    const image = pattern(3072, 0.3, 0.4);
    const out = make('ftrojan').train(image, 0);
    const luma = (v: Float32Array, p: number) => 0.299 * v[3 * p] + 0.587 * v[3 * p + 1] + 0.114 * v[3 * p + 2];
    for (let p = 0; p < 1024; p++) expect(Math.abs(luma(out, p) - luma(image, p))).toBeLessThan(1e-6);
    expect(largest(out, image)).toBeGreaterThan(0.005);
  });

  test('repeats in windows of 32 on larger images', () => {
    const grey = new Float32Array(64 * 64 * 3).fill(0.5);
    const large = make('ftrojan', {}, shape(64, 64)).train(grey, 0);
    const small = make('ftrojan').train(mid(), 0);
    for (const [y, x] of [
      [0, 0],
      [40, 5],
      [63, 63],
    ]) {
      const at = (y * 64 + x) * 3;
      expect([...large.subarray(at, at + 3)]).toEqual([
        ...small.subarray(((y % 32) * 32 + (x % 32)) * 3).subarray(0, 3),
      ]);
    }
  });
});

describe('low-frequency', () => {
  const picture = (options = {}, seed = 0) =>
    make('low-frequency', options, shape(), seed)
      .train(mid(), 0)
      .map((v) => v - 0.5);

  test('adds at most its strength, reaches it, and keeps the mean of every channel', () => {
    const p = picture({ strength: 0.2 });
    expect(Math.max(...p.map(Math.abs))).toBeCloseTo(0.2, 5);
    for (let c = 0; c < 3; c++) {
      let sum = 0;
      for (let i = c; i < 3072; i += 3) sum += p[i];
      expect(Math.abs(sum / 1024)).toBeLessThan(1e-6);
    }
  });

  test('has no frequencies from the cutoff on', () => {
    const p = picture({ cutoff: 3 });
    const coefficient = (u: number, v: number) => {
      let sum = 0;
      for (let y = 0; y < 32; y++) {
        for (let x = 0; x < 32; x++) {
          const wave = Math.cos((Math.PI * (2 * y + 1) * u) / 64) * Math.cos((Math.PI * (2 * x + 1) * v) / 64);
          sum += p[(y * 32 + x) * 3] * wave;
        }
      }
      return Math.abs(sum);
    };
    expect(coefficient(1, 2) + coefficient(2, 1)).toBeGreaterThan(1);
    for (const [u, v] of [
      [3, 0],
      [0, 3],
      [5, 5],
      [31, 31],
      [2, 4],
    ])
      expect(coefficient(u, v)).toBeLessThan(1e-3);
  });

  test('follows the seed, or a file, scaled to the strength', () => {
    expect(picture({}, 1)).not.toEqual(picture({}, 2));
    const path = join(folder, 'smooth.npy');
    writeFileSync(
      path,
      encodeNpy(
        ndarray(
          Float32Array.from({ length: 1024 }, (_, i) => (i % 2 ? 0.5 : -0.25)),
          [32, 32],
        ),
      ),
    );
    const p = picture({ picture: path, strength: 0.1 });
    expect([p[0], p[3]].map((v) => Math.round(v * 1e5) / 1e5)).toEqual([-0.05, 0.1]);
  });
});

describe('BppAttack', () => {
  test('is Floyd and Steinberg dithering to eight levels, as computed from the definition in NumPy', async () => {
    const out = make('bpp', {}, shape(12, 12)).train(pattern(432), 0);
    const expected = await golden('bpp');
    // A value at the very middle of two levels may fall either way in float32; then it differs from there on.
    expect(largest(out, expected)).toBeLessThan(1e-5);
  });

  test('leaves eight values a channel, keeps the local mean with dithering, and loses it without', () => {
    const flat = new Float32Array(3072).fill(0.4);
    const mean = (v: Float32Array) => v.reduce((a, b) => a + b) / v.length;
    const dithered = make('bpp').train(flat, 0);
    for (const v of dithered) expect(Math.abs(7 * v - Math.round(7 * v))).toBeLessThan(1e-5);
    expect(new Set(dithered).size).toBeGreaterThan(1);
    expect(Math.abs(mean(dithered) - 0.4)).toBeLessThan(0.003);
    expect(new Set(make('bpp', { dither: 'no' }).train(flat, 0))).toEqual(new Set([Math.fround(3 / 7)]));
  });
});

describe('Adaptive Blend', () => {
  const of = (options = {}) => make('adaptive-blend', options);
  const blend = (alpha: number) => make('blend', { alpha });

  test('in test it is Blend with α = 0.2', () => {
    const image = randomImage(shape(), 1);
    expect(largest(of().test(image, 3), blend(0.2).test(image, 0))).toBeLessThan(1e-6);
  });

  test('in training it is Blend with α = 0.15 in eight of sixteen 8×8 pieces; the others stay as they are', () => {
    const image = randomImage(shape(), 2);
    const full = blend(0.15).train(image, 0);
    const seen = new Set<string>();
    for (let index = 0; index < 5; index++) {
      const out = of().train(image, index);
      const kept = [];
      for (let piece = 0; piece < 16; piece++) {
        let [blended, plain] = [true, true];
        for (let y = 0; y < 8; y++) {
          for (let x = 0; x < 8; x++) {
            for (let c = 0; c < 3; c++) {
              const i = ((8 * Math.floor(piece / 4) + y) * 32 + 8 * (piece % 4) + x) * 3 + c;
              blended &&= Math.abs(out[i] - full[i]) < 1e-6;
              plain &&= out[i] === image[i];
            }
          }
        }
        expect(blended).not.toBe(plain);
        if (plain) kept.push(piece);
      }
      expect(kept).toHaveLength(8);
      seen.add(kept.join());
    }
    expect(seen.size).toBeGreaterThan(1);
  });

  test('darkened pieces are 0.85·x', () => {
    const image = randomImage(shape(), 3);
    const [plain, dark] = [of(), of({ pieces: 'darkened' })].map((t) => t.train(image, 4));
    let pixels = 0;
    plain.forEach((v, i) => {
      if (v !== image[i]) return;
      pixels++;
      expect(dark[i]).toBeCloseTo(0.85 * image[i], 6);
    });
    expect(pixels).toBeGreaterThanOrEqual(1536);
  });

  test('half of the triggered samples keep their label', () => {
    const set = randomSet(new Array(10).fill(20));
    const out = poison(set, findAttack('adaptive-blend'), settings({ poisonRate: 0.1 }));
    const count = (flags: Uint8Array) => flags.reduce((a, b) => a + b);
    expect([count(out.poisoned), count(out.cover)]).toEqual([10, 10]);
    out.cover.forEach((c, i) => {
      if (c) expect(out.labels[i]).toBe(set.labels[i]);
    });
  });
});

describe('Adaptive Patch', () => {
  test('training shows one of four corners, all of them over the images; test shows two, diagonal, at full opacity', () => {
    const t = make('adaptive-patch');
    const corners = (out: Float32Array) => {
      const found = new Set<string>();
      out.forEach((v, i) => {
        const p = Math.floor(i / 3);
        if (v !== 0.5)
          found.add(
            `${Math.floor(p / 32) < 8 ? 't' : Math.floor(p / 32) >= 24 ? 'b' : '?'}${p % 32 < 8 ? 'l' : p % 32 >= 24 ? 'r' : '?'}`,
          );
      });
      return [...found].sort();
    };
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const found = corners(t.train(mid(), i));
      expect(found).toHaveLength(1);
      seen.add(found[0]);
    }
    expect([...seen].sort()).toEqual(['bl', 'br', 'tl', 'tr']);
    const out = t.test(mid(), 0);
    expect(corners(out)).toEqual(['br', 'tl']);
    for (const v of out) expect([0, 0.5, 1]).toContain(v);
  });

  test('opacities in training are 0.5, 0.2, 0.5 and 0.3', () => {
    const t = make('adaptive-patch');
    const strengths = new Set<number>();
    for (let i = 0; i < 40; i++) strengths.add(Math.round(200 * largest(t.train(mid(), i), mid())) / 100);
    expect([...strengths].sort()).toEqual([0.2, 0.3, 0.5]);
  });
});

describe('patch', () => {
  const path = join(folder, 'patch.png');
  beforeAll(async () => {
    // Two pixels: opaque blue, and red at 20 % opacity.
    const rgba = Uint8Array.of(0, 0, 255, 255, 255, 0, 0, 51);
    await sharp(rgba, { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toFile(path);
  });

  test('lays the PNG over the image with its transparency, at the place asked for', () => {
    const out = make('patch', { image: path, position: 'top-right' }).train(mid(), 0);
    const at = (x: number) => [...out.subarray(3 * x, 3 * x + 3)].map((v) => Math.round(v * 1000) / 1000);
    expect(at(30)).toEqual([0, 0, 1]);
    expect(at(31)).toEqual([0.6, 0.4, 0.4]);
    expect(at(29)).toEqual([0.5, 0.5, 0.5]);
    expect(out.subarray(96).every((v) => v === 0.5)).toBe(true);
  });

  test('says what is missing or does not fit', () => {
    expect(() => make('patch')).toThrow('needs the option image');
    expect(() => make('patch', { image: '/nowhere.png' })).toThrow('/nowhere.png: no such file');
    expect(() => make('patch', { image: path }, shape(1, 1))).toThrow('a patch of 1×2 does not fit images of 1×1');
    expect(() => make('patch', { image: path }, shape(1, 1))).toThrow(UserError);
  });
});

describe('learned', () => {
  const file = (name: string, arrays: Parameters<typeof encodeNpz>[0]) => {
    const path = join(folder, name);
    writeFileSync(path, encodeNpz(arrays));
    return path;
  };
  const small = shape(1, 2);

  test('adds its pattern to every image and clips to [0, 1], in training and at test time', () => {
    const delta = ndarray(Float32Array.of(0.25, -0.25, 0, 0.5, -1, 0.125), [1, 2, 3]);
    const trigger = make('learned', { trigger: file('delta.npz', { delta }) }, small);
    const out = [0.5, 0.5, 0.5, 0.75, 0.5, 0];
    expect([...trigger.train(Float32Array.from(out), 0)]).toEqual([0.75, 0.25, 0.5, 1, 0, 0.125]);
    expect(trigger.test(Float32Array.from(out), 3)).toEqual(trigger.train(Float32Array.from(out), 0));
  });

  test('blends a pattern in by a mask, one value per pixel', () => {
    const mask = ndarray(Float32Array.of(0.25, 0), [1, 2]);
    const pattern = ndarray(Float32Array.of(1, 0, 0.5, 1, 1, 1), [1, 2, 3]);
    const trigger = make('learned', { trigger: file('mask.npz', { mask, pattern }) }, small);
    expect([...trigger.train(Float32Array.of(0.5, 0.5, 0.5, 0.75, 0.5, 0), 0)]).toEqual([
      0.625, 0.375, 0.5, 0.75, 0.5, 0,
    ]);
  });

  test('moves pixels by a field, between them and at the edge', () => {
    const image = Float32Array.of(0, 0.25, 1, 0.5, 0.75, 0.25);
    const flow = ndarray(Float32Array.of(0.5, 0, 1, 0.5, 3, 0, -1, -0.5, 0, 0, 0, -1), [2, 3, 2]);
    const trigger = make('learned', { trigger: file('flow.npz', { flow }) }, { height: 2, width: 3, channels: 1 });
    // Half-way right; right and half-way down; past the edge; past the left edge and half-way up; not moved; up.
    const wanted = [0.125, 0.625, 1, 0.25, 0.75, 1];
    trigger.test(image, 0).forEach((v, i) => {
      expect(v).toBeCloseTo(wanted[i], 6);
    });
  });

  test('says what is missing or does not fit', () => {
    const of = (values: Float32Array, dims: number[]) => ({ delta: ndarray(values, dims) });
    expect(() => make('learned')).toThrow('needs the option trigger');
    expect(() => make('learned', { trigger: '/nowhere.npz' })).toThrow('/nowhere.npz: no such file');
    const read = (name: string, arrays: Parameters<typeof encodeNpz>[0]) => () =>
      make('learned', { trigger: file(name, arrays) }, small);
    expect(read('a.npz', { other: ndarray(new Float32Array(6), [1, 2, 3]) })).toThrow(
      'it has no array "delta", "mask" or "flow"',
    );
    expect(read('e.npz', { mask: ndarray(new Float32Array(2), [1, 2]) })).toThrow('it has no array "pattern"');
    expect(read('b.npz', of(new Float32Array(6), [2, 1, 3]))).toThrow('"delta" is [2,1,3], images need [1,2,3]');
    expect(read('c.npz', of(new Float32Array(6).fill(2), [1, 2, 3]))).toThrow('outside [-1, 1]');
    expect(read('d.npz', { delta: ndarray(new Uint8Array(6), [1, 2, 3]) })).toThrow('float is expected');
  });
});

describe('refool', () => {
  const path = join(folder, 'point.npy');
  beforeAll(() => {
    const point = new Float32Array(1024);
    point[16 * 32 + 16] = 1;
    writeFileSync(path, encodeNpy(ndarray(point, [32, 32])));
  });
  /** What is added to a black image, back in linear light. */
  const light = (options: Record<string, unknown>) =>
    make('refool', { alpha: 1, picture: path, ...options })
      .train(new Float32Array(3072), 0)
      .map((v) => v ** 2.2);

  test('out of focus a point of light becomes a Gaussian of the same sum', () => {
    const spot = light({ sigma: 2 });
    const at = (dy: number, dx: number) => spot[((16 + dy) * 32 + 16 + dx) * 3];
    let sum = 0;
    for (let i = 0; i < 3072; i += 3) sum += spot[i];
    expect(sum).toBeCloseTo(1, 3);
    expect(at(0, 2) / at(0, 0)).toBeCloseTo(Math.exp(-0.5), 3);
    expect(at(3, 1) / at(0, 0)).toBeCloseTo(Math.exp(-10 / 8), 3);
  });

  test('as a ghost it is seen twice', () => {
    const spots = light({ kind: 'ghost', shift: 4 });
    const lit = [...spots.keys()]
      .filter((i) => i % 3 === 0 && spots[i] > 1e-6)
      .map((i) => [Math.floor(i / 96), (i / 3) % 32]);
    expect(lit).toEqual([
      [16, 16],
      [20, 20],
    ]);
  });

  test('mixes in linear light with the share α', () => {
    const image = randomImage(shape(), 1);
    const out = make('refool', { alpha: 0.3, picture: path, sigma: 0.1 }).train(image, 0);
    const far = 5 * 96;
    expect(out[far]).toBeCloseTo(0.7 ** (1 / 2.2) * image[far], 5);
  });
});

describe('label-consistent', () => {
  const grey = new Float32Array(3072).fill(0.5);
  const signs = [1, -1, 1, -1, 1, -1, 1, -1, 1];

  test.each([
    ['train', 64 / 255],
    ['test', 0.5],
  ] as const)('%s: a 3×3 checker in every corner, ±%d of grey, and nothing else', (when, amplitude) => {
    const out = make('label-consistent')[when](grey, 0);
    for (let y = 0; y < 32; y++)
      for (let x = 0; x < 32; x++) {
        const [v, u] = [y < 3 ? y : y - 29, x < 3 ? x : x - 29];
        const sign = v >= 0 && u >= 0 && v < 3 && u < 3 ? signs[3 * v + u] : 0;
        for (let c = 0; c < 3; c++) expect(out[(y * 32 + x) * 3 + c]).toBeCloseTo(0.5 + sign * amplitude, 6);
      }
  });

  test('looks the same in a mirror, as all corners do', () => {
    const out = make('label-consistent').train(grey, 0);
    const mirrored = out.map((_, i) => out[i - (Math.floor(i / 3) % 32) * 3 + (31 - (Math.floor(i / 3) % 32)) * 3]);
    expect(mirrored).toEqual(out);
  });

  test('asks for the adversary of the protocol: L2, ε = 300/255, 100 steps of 1.5/255', () => {
    expect(findAttack('label-consistent').adversary({})).toEqual({
      norm: 'l2',
      epsilon: 300 / 255,
      step: 1.5 / 255,
      steps: 100,
      surrogate: { model: 'resnet18', width: 16, epochs: 10 },
    });
    expect(findAttack('badnets').adversary({})).toBeNull();
  });
});

describe('on grey images of another size', () => {
  const small = shape(28, 28, 1);
  test.each([
    'badnets',
    'blend',
    'adaptive-blend',
    'adaptive-patch',
    'wanet',
    'sig',
    'ftrojan',
    'low-frequency',
    'bpp',
    'refool',
    'label-consistent',
  ])('%s works, stays in range where it adds, and returns as many values', (name) => {
    const image = randomImage(small, 1);
    const t = make(name, {}, small);
    for (const out of [t.train(image, 0), t.test(image, 0)]) {
      expect(out).toHaveLength(784);
      expect(out.every((v) => v >= 0 && v <= 1)).toBe(true);
      expect(out).not.toEqual(image);
    }
  });
});
