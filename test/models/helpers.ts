/** What tests against PyTorch share: the integer hash that test/golden/resnet18.py draws weights and images from, and norms. */
import { type Shape, sizeOf } from '../../src/engine/index.js';
import { findModel } from '../../src/models/index.js';
import type { ImageGraphOptions } from '../../src/training/graphs.js';

/** A model for ten classes of 32×32 colour images, without noise, under SGD as tests have it. */
export const graphOptions = (model: string, width: number): ImageGraphOptions => ({
  model: findModel(model),
  width,
  classes: 10,
  height: 32,
  imageWidth: 32,
  channels: 3,
  noiseStd: 0,
  momentum: 0.9,
  weightDecay: 5e-4,
});

/** 32 bits for every index: FNV-1a of the name, then a multiply and xorshift mix. */
export function bits(name: string) {
  let seed = 0x811c9dc5;
  for (const byte of Buffer.from(name)) seed = Math.imul(seed ^ byte, 0x01000193);
  return (index: number) => {
    let x = (Math.imul(index, 0x9e3779b9) + seed) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return (x ^ (x >>> 15)) >>> 0;
  };
}

/** `n` values in (−1, 1), from 32 bits each. */
export function uniform(name: string, n: number): Float64Array {
  const hash = bits(name);
  return Float64Array.from({ length: n }, (_, i) => (hash(i) + 0.5) / 2 ** 31 - 1);
}

/** Initial values of the tensor `name` of test/golden/models.py, in PyTorch's order. */
export function initial(name: string, shape: Shape): Float32Array {
  const centre = shape.length > 1 || /bias|running_mean/.test(name) ? 0 : 1;
  const scale = shape.length > 1 ? 1 / Math.sqrt(sizeOf(shape.slice(1))) : 0.1;
  return Float32Array.from(uniform(name, sizeOf(shape)), (u) => u * scale + centre);
}

export const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((s, v) => s + v * v, 0));
export const distance = (a: ArrayLike<number>, b: ArrayLike<number>) => norm(Array.from(a, (v, i) => v - b[i]));

/** Largest difference of two lists. */
export const furthest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((m, v, i) => Math.max(m, Math.abs(v - b[i])), 0);
