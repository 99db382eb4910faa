/**
 * BppAttack: colours are reduced to a few levels, with dithering.
 *
 * Wang, Zhai, Ma, "BppAttack: Stealthy and Efficient Trojan Attacks against Deep Neural Networks via Image Quantization
 * and Contrastive Adversarial Learning", CVPR 2022 (arXiv 2205.13383): each value becomes the nearest of 8 even levels,
 * and the error is passed on to later pixels with Floyd and Steinberg's weights 7, 3, 5, 1 of 16. The paper's contrastive
 * training, which needs control of the training, is not part of this trigger.
 */
import { z } from 'zod';
import { defineAttack, oneOf, whole } from './define.js';

export const bpp = defineAttack({
  name: 'bpp',
  summary: 'colours reduced to a few levels, with dithering (default: 8 levels)',
  source: 'Wang et al. 2022, arXiv 2205.13383',
  threat: 'write access to part of the training set and its labels; no control of the training, which the original has',
  options: z.strictObject({
    levels: whole(2, 255).default(8).describe('levels per channel'),
    dither: oneOf(['yes', 'no']).default('yes').describe('spread the rounding error over later pixels'),
  }),
  trigger({ height, width, channels }, { levels, dither }) {
    const row = width * channels;
    const quantise = (image: Float32Array) => {
      const out = image.slice();
      for (let i = 0; i < out.length; i++) {
        const old = out[i];
        out[i] = Math.min(1, Math.max(0, Math.round(old * (levels - 1)) / (levels - 1)));
        if (dither === 'no') continue;
        const error = old - out[i];
        const x = Math.floor(i / channels) % width;
        const [left, right, below] = [x > 0, x + 1 < width, i + row < height * row];
        if (right) out[i + channels] += (error * 7) / 16;
        if (below && left) out[i + row - channels] += (error * 3) / 16;
        if (below) out[i + row] += (error * 5) / 16;
        if (below && right) out[i + row + channels] += error / 16;
      }
      return out;
    };
    return { train: quantise, test: quantise };
  },
});
