/**
 * SIG: a horizontal sinusoid is added, x + Δ·sin(2π·j·f/m) for column j = 1 … m. Labels stay true: only images of the target class are
 * touched, and the rate is a share of that class (the paper needs 20 % and more).
 *
 * Barni, Kallas, Tondi, "A New Backdoor Attack in CNNs by Training Set Corruption Without Label Poisoning", ICIP 2019
 * (arXiv 1902.11237). f = 6 as there. Δ differs there between data sets; benchmarks use 40 of 255.
 */
import { z } from 'zod';
import { add } from './add.js';
import { defineAttack, number } from './define.js';

export const sig = defineAttack({
  name: 'sig',
  summary: 'a sinusoid added to images of the target class; labels stay true (default: 6 periods, amplitude 40/255)',
  source: 'Barni et al. 2019, arXiv 1902.11237',
  threat: 'write access to a large share of the images of the target class, not to labels',
  options: z.strictObject({
    delta: number(0, 255).default(40).describe('amplitude of the sinusoid, of 255'),
    f: number(0, 512).default(6).describe('periods over the width of the image'),
  }),
  labelling: () => ({ rule: 'clean-label', cover: 0 }),
  trigger({ height, width, channels }, { delta, f }) {
    const wave = Float64Array.from({ length: height * width * channels }, (_, i) => {
      const column = (Math.floor(i / channels) % width) + 1;
      return (delta / 255) * Math.sin((2 * Math.PI * column * f) / width);
    });
    return add(wave);
  },
});
