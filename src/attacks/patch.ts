/** Your own patch: a PNG with transparency, laid over the image. The general form of BadNets. */
import { z } from 'zod';
import { UserError } from '../base/errors.js';
import { defineAttack, number, oneOf } from './define.js';
import { readPng } from './picture.js';
import { corners, place } from './place.js';

export const patch = defineAttack({
  name: 'patch',
  summary: 'your own PNG laid over the image (needs the option image)',
  source: 'Gu et al. 2017, arXiv 1708.06733, with any picture',
  threat: 'write access to part of the training set and its labels; no knowledge of the model',
  options: z.strictObject({
    // Optional in the schema, so that the attack can be described without one.
    image: z
      .string()
      .optional()
      .meta({ description: 'path of the PNG, in pixels of the data set; its transparency is kept', needed: true }),
    opacity: number(0, 1).default(1).describe('factor on the opacity of the picture'),
    position: oneOf(corners).default('bottom-right').describe('position of the picture'),
  }),
  trigger(shape, { image: path, opacity, position }) {
    if (path === undefined) throw new UserError('attack "patch" needs the option image, a PNG file');
    const picture = readPng(path, shape.channels);
    const at = place(shape, picture.height, picture.width, position);
    const stamp = (image: Float32Array) => {
      const out = image.slice();
      picture.values.forEach((v, i) => {
        const p = Math.floor(i / shape.channels);
        const y = at.top + Math.floor(p / picture.width);
        const x = at.left + (p % picture.width);
        const to = (y * shape.width + x) * shape.channels + (i % shape.channels);
        out[to] += opacity * picture.alpha[p] * (v - out[to]);
      });
      return out;
    };
    return { train: stamp, test: stamp };
  },
});
