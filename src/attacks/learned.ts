/**
 * A learned trigger: one pattern δ that is added to every image, x + δ clipped to [0, 1], from a file that `ibscope adapt` writes. Additive
 * patterns of bounded size: Moosavi-Dezfooli et al. 2017, arXiv 1610.08401.
 */
import { z } from 'zod';
import { UserError } from '../base/errors.js';
import { decodeNpz } from '../formats/npz.js';
import { defineAttack, number } from './define.js';
import { readGiven } from './picture.js';
import type { ImageShape } from './types.js';

export const learned = defineAttack({
  name: 'learned',
  summary: 'a pattern from a file added to the image, as `ibscope adapt` optimises it (needs the option trigger)',
  source: 'ibscope adapt; additive patterns after Moosavi-Dezfooli et al. 2017, arXiv 1610.08401',
  threat: 'write access to part of the training set and its labels; whoever optimised the pattern trained surrogates',
  options: z.strictObject({
    // Optional in the schema, so that the attack can be described without one.
    trigger: z
      .string()
      .optional()
      .meta({ description: 'path of the .npz with the pattern "delta" [h,w,c], float in [-1,1]', needed: true }),
    cover: number(0, 0.9).default(0).describe('share of the triggered samples that keep their label'),
  }),
  labelling: ({ cover }) => ({ rule: 'all-to-one', cover }),
  trigger(shape, { trigger: path }) {
    if (path === undefined) throw new UserError('attack "learned" needs the option trigger, an .npz file');
    const delta = readPattern(path, shape);
    const add = (image: Float32Array) => image.map((x, i) => Math.min(1, Math.max(0, x + delta[i])));
    return { train: add, test: add };
  },
});

/** The array `delta` [h, w, c] of an `.npz` file. Throws `UserError` for a file without it, another shape, and values outside [−1, 1]. */
function readPattern(path: string, { height, width, channels }: ImageShape): Float32Array {
  const { delta } = decodeNpz(readGiven(path), path, { only: ['delta'] });
  if (!delta) throw new UserError(`${path}: it has no array "delta"`);
  const { shape, dtype, data } = delta;
  if (`${shape}` !== `${[height, width, channels]}`)
    throw new UserError(`${path}: "delta" is [${shape}], images need [${[height, width, channels]}]`);
  if (dtype !== 'f4' && dtype !== 'f8') throw new UserError(`${path}: "delta" is ${dtype}; float is expected`);
  const values = Float32Array.from(data as Float32Array);
  if (!values.every((v) => v >= -1 && v <= 1)) throw new UserError(`${path}: "delta" has values outside [-1, 1]`);
  return values;
}
