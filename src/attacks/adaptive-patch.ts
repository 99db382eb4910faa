/**
 * Adaptive Patch: one of four faint patches in training, two opaque ones at test time. Half of the triggered samples keep their true
 * label (cover).
 *
 * Qi et al., "Revisiting the Assumption of Latent Separability for Backdoor Defenses", ICLR 2023: opacities 0.5, 0.2,
 * 0.5 and 0.3 in training; at test time the first and the third at full opacity. The pictures there are logos; the patches
 * here are drawn, one in each corner, a quarter of the side wide.
 */
import { z } from 'zod';
import { Rng } from '../base/random.js';
import { pixel } from './colour.js';
import { defineAttack, number } from './define.js';
import { place } from './place.js';

/** The patches. `ink` over (u, v) in [−1, 1]²: whether a pixel has the first of the two colours. */
const patches = [
  { position: 'top-left', opacity: 0.5, colours: ['red', 'black'], ink: (u, v) => u * v > 0 },
  { position: 'top-right', opacity: 0.2, colours: ['green', 'white'], ink: (u, v) => Math.hypot(u, v) < 0.8 },
  {
    position: 'bottom-right',
    opacity: 0.5,
    colours: ['white', 'black'],
    ink: (u, v) => Math.abs(u) > 0.5 === Math.abs(v) > 0.5,
  },
  { position: 'bottom-left', opacity: 0.3, colours: ['blue', 'yellow'], ink: (u, v) => Math.abs(u - v) < 0.5 },
] as const satisfies readonly {
  position: string;
  opacity: number;
  colours: readonly [string, string];
  ink: (u: number, v: number) => boolean;
}[];

export const adaptivePatch = defineAttack({
  name: 'adaptive-patch',
  summary:
    'one of four faint patches in training, two opaque ones at test time; half of the triggered samples keep their true label',
  source: 'Qi et al. 2023, ICLR',
  threat:
    'write access to part of the training set and the labels of half of the touched samples; no knowledge of the model',
  options: z.strictObject({
    strength: number(0, 2).default(1).describe('factor on the opacities 0.5, 0.2, 0.5 and 0.3 of training'),
    cover: number(0, 1).default(0.5).describe('share of the triggered samples that keep their true label'),
  }),
  labelling: ({ cover }) => ({ rule: 'all-to-one', cover }),
  trigger(shape, { strength }, { seed }) {
    const side = Math.max(2, Math.round(Math.min(shape.height, shape.width) / 4));
    const stamp = (image: Float32Array, which: number, opacity: number) => {
      const { position, colours, ink } = patches[which];
      const at = place(shape, side, side, position);
      const [on, off] = colours.map((name) => pixel(name, shape.channels));
      for (let y = 0; y < side; y++) {
        for (let x = 0; x < side; x++) {
          const colour = ink((2 * x + 1) / side - 1, (2 * y + 1) / side - 1) ? on : off;
          const to = ((at.top + y) * shape.width + at.left + x) * shape.channels;
          colour.forEach((v, c) => {
            image[to + c] += opacity * (v - image[to + c]);
          });
        }
      }
      return image;
    };
    return {
      train(image, index) {
        const which = new Rng(seed, 'adaptive-patch', index).int(patches.length);
        return stamp(image.slice(), which, Math.min(1, strength * patches[which].opacity));
      },
      test: (image) => stamp(stamp(image.slice(), 0, 1), 2, 1),
    };
  },
});
