/**
 * BadNets: a patch of one colour in a corner.
 *
 * Gu, Dolan-Gavitt, Garg, "BadNets: Identifying Vulnerabilities in the Machine Learning Model Supply Chain", 2017
 * (arXiv 1708.06733). Defaults of "Exploring Dynamic Properties of Backdoor Training Through Information Bottleneck"
 * (arXiv 2511.21923): pure red, 5×5 at the top left of 32×32. On other sizes the patch has the same share of the shorter side.
 */
import { z } from 'zod';
import { colour, pixel } from './colour.js';
import { defineAttack, oneOf, whole } from './define.js';
import { corners, place } from './place.js';

export const badnets = defineAttack({
  name: 'badnets',
  summary: 'a patch of one colour in a corner (default: 5×5 pure red, top left)',
  source: 'Gu et al. 2017, arXiv 1708.06733',
  threat: 'write access to part of the training set and its labels; no knowledge of the model',
  options: z.strictObject({
    size: whole(1, 1024)
      .optional()
      .describe('side of the patch in pixels (default: 5 at 32×32, the same share of the shorter side elsewhere)'),
    colour: colour.default('red').describe('colour of the patch, a name or #rrggbb; on grey images its luma'),
    position: oneOf(corners).default('top-left').describe('position of the patch'),
  }),
  trigger(shape, options) {
    const side = Math.min(shape.height, shape.width);
    const size = options.size ?? Math.max(1, Math.round((5 * side) / 32));
    const at = place(shape, size, size, options.position);
    const ink = pixel(options.colour, shape.channels);
    const stamp = (image: Float32Array) => {
      const out = image.slice();
      for (let y = at.top; y < at.top + size; y++) {
        for (let x = at.left; x < at.left + size; x++) out.set(ink, (y * shape.width + x) * shape.channels);
      }
      return out;
    };
    return { train: stamp, test: stamp };
  },
});
