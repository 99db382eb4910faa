/**
 * Label-Consistent: adversarial perturbation makes images of the target class hard to recognise, so that the model relies on the
 * checkers in their corners. Labels stay true; the rate is a share of the target class.
 *
 * Turner, Tsipras, Madry, "Label-Consistent Backdoor Attacks", 2019 (arXiv 1912.02771). Defaults of arXiv 2511.21923: PGD
 * in L2 that raises the loss of the true label, ε = 300/255, 100 steps of 1.5/255; then ±64/255 in a 3×3 checker in every
 * corner, ±1 at test time. On small sets use a rate of 0.5 or more: 10 % of a class of 1 000 are 100 images.
 */
import { z } from 'zod';
import { add } from './add.js';
import { defineAttack, number, oneOf, whole } from './define.js';
import { corners, place } from './place.js';

export const labelConsistent = defineAttack({
  name: 'label-consistent',
  summary: 'adversarial images of the target class with faint checkers in the corners; labels stay true',
  source: 'Turner et al. 2019, arXiv 1912.02771',
  threat: 'write access to images of the target class, not to labels; data of the same kind to train a model on',
  options: z.strictObject({
    norm: oneOf(['l2', 'linf']).default('l2').describe('norm of the adversarial perturbation'),
    epsilon: number(0, 16_384).default(300).describe('largest length of the perturbation, of 255'),
    step: number(0, 16_384).default(1.5).describe('length of a step of gradient ascent, of 255'),
    steps: whole(0, 10_000).default(100).describe('steps of gradient ascent'),
    amplitude: number(0, 255).default(64).describe('amplitude of the checkers in training, of 255'),
    testAmplitude: number(0, 255).default(255).describe('amplitude of the checkers at test time, of 255'),
    surrogate: z.string().default('resnet18').describe('surrogate model, which the attacker trains on clean data'),
    surrogateWidth: whole(1, 512).default(16).describe('width of the surrogate model'),
    surrogateEpochs: whole(1, 1000).default(10).describe('training epochs of the surrogate model'),
  }),
  labelling: () => ({ rule: 'clean-label', cover: 0 }),
  adversary: ({ norm, epsilon, step, steps, surrogate, surrogateWidth, surrogateEpochs }) => ({
    norm,
    epsilon: epsilon / 255,
    step: step / 255,
    steps,
    surrogate: { model: surrogate, width: surrogateWidth, epochs: surrogateEpochs },
  }),
  trigger(shape, { amplitude, testAmplitude }) {
    const checkers = new Float64Array(shape.height * shape.width * shape.channels);
    for (const corner of corners) {
      if (corner === 'centre') continue;
      const at = place(shape, 3, 3, corner);
      for (let p = 0; p < 9; p++) {
        const [y, x] = [at.top + Math.floor(p / 3), at.left + (p % 3)];
        checkers.fill(
          p % 2 === 0 ? 1 : -1,
          (y * shape.width + x) * shape.channels,
          (y * shape.width + x + 1) * shape.channels,
        );
      }
    }
    const scaled = (of255: number) => checkers.map((v) => (v * of255) / 255);
    return { train: add(scaled(amplitude)).train, test: add(scaled(testAmplitude)).test };
  },
});
