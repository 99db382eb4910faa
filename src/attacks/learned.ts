/**
 * A learned trigger, from a file that `ibscope adapt` writes. What it does depends on the arrays of the file:
 *
 *   delta [h, w, c]                  x + δ clipped to [0, 1] (Moosavi-Dezfooli et al. 2017, arXiv 1610.08401)
 *   mask [h, w], pattern [h, w, c]   x + m·(p − x) (Wang et al., "Neural Cleanse", IEEE S&P 2019)
 *   flow [h, w, 2]                   x at each pixel moved by (Δx, Δy) pixels, bilinear, edges repeated (Nguyen and Tran 2021, arXiv 2102.10369)
 */
import { z } from 'zod';
import { UserError } from '../base/errors.js';
import { decodeNpz } from '../formats/npz.js';
import { defineAttack, number } from './define.js';
import { readGiven } from './picture.js';
import type { ImageShape } from './types.js';
import { warp } from './wanet.js';

export const learned = defineAttack({
  name: 'learned',
  summary:
    'a trigger from a file, as `ibscope adapt` optimises it: a pattern, a mask with a pattern, or a warp (needs the option trigger)',
  source: 'ibscope adapt; additive patterns after Moosavi-Dezfooli et al. 2017, arXiv 1610.08401',
  threat: 'write access to part of the training set and its labels; whoever optimised the pattern trained surrogates',
  options: z.strictObject({
    // Optional in the schema, so that the attack can be described without one.
    trigger: z.string().optional().meta({
      description:
        'path of the .npz with "delta" [h,w,c] in [-1,1], "mask" [h,w] and "pattern" [h,w,c] in [0,1], or "flow" [h,w,2] in pixels',
      needed: true,
    }),
    cover: number(0, 0.9).default(0).describe('share of the triggered samples that keep their label'),
  }),
  labelling: ({ cover }) => ({ rule: 'all-to-one', cover }),
  trigger(shape, { trigger: path }) {
    if (path === undefined) throw new UserError('attack "learned" needs the option trigger, an .npz file');
    const apply = readTrigger(path, shape);
    return { train: apply, test: apply };
  },
});

/** The kinds of trigger files: the arrays of each, their shapes and their bounds. */
const KINDS = {
  delta: ({ height, width, channels }: ImageShape) => ({
    delta: { wanted: [height, width, channels], low: -1, high: 1 },
  }),
  mask: ({ height, width, channels }: ImageShape) => ({
    mask: { wanted: [height, width], low: 0, high: 1 },
    pattern: { wanted: [height, width, channels], low: 0, high: 1 },
  }),
  flow: ({ height, width }: ImageShape) => {
    const side = Math.max(height, width);
    return { flow: { wanted: [height, width, 2], low: -side, high: side } };
  },
} as const;

/**
 * What the trigger in an `.npz` file does to an image [h, w, c]. Throws `UserError` for a file with the arrays of no kind, another shape, and values outside
 * the bounds.
 */
function readTrigger(path: string, shape: ImageShape): (image: Float32Array) => Float32Array {
  const names = ['delta', 'mask', 'pattern', 'flow'];
  const arrays = decodeNpz(readGiven(path), path, { only: names });
  const kind = (Object.keys(KINDS) as (keyof typeof KINDS)[]).find((name) => arrays[name]);
  if (!kind) throw new UserError(`${path}: it has no array "delta", "mask" or "flow"`);
  const read: Record<string, Float32Array> = {};
  for (const [name, { wanted, low, high }] of Object.entries(KINDS[kind](shape))) {
    const found = arrays[name];
    if (!found) throw new UserError(`${path}: it has no array "${name}"`);
    if (`${found.shape}` !== `${wanted}`)
      throw new UserError(`${path}: "${name}" is [${found.shape}], images need [${wanted}]`);
    if (found.dtype !== 'f4' && found.dtype !== 'f8')
      throw new UserError(`${path}: "${name}" is ${found.dtype}; float is expected`);
    const values = Float32Array.from(found.data as Float32Array);
    if (!values.every((v) => v >= low && v <= high))
      throw new UserError(`${path}: "${name}" has values outside [${low}, ${high}]`);
    read[name] = values;
  }
  const { delta, mask, pattern, flow } = read;
  if (delta) return (image) => image.map((x, i) => Math.min(1, Math.max(0, x + delta[i])));
  if (mask) return (image) => image.map((x, i) => x + mask[Math.floor(i / shape.channels)] * (pattern[i] - x));
  return (image) => warp(image, shape, (y, x) => moved(flow, shape, y, x));
}

/** Where pixel (y, x) is read, on the axes from −1 to 1 (corners aligned). */
function moved(flow: Float32Array, { height, width }: ImageShape, y: number, x: number): { x: number; y: number } {
  const at = 2 * (y * width + x);
  const place = (own: number, by: number, size: number) =>
    (2 * Math.min(size - 1, Math.max(0, own + by))) / (size - 1) - 1;
  return { x: place(x, flow[at], width), y: place(y, flow[at + 1], height) };
}
