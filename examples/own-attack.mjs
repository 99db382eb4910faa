// Your own attack: its definition, its poisoned images, and a run against a small network.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attacks, datasets, perception, registerAttack, run, z } from 'ibscope';

// A frame of pure green. A trigger gets images [h, w, c] float in [0, 1] and returns new ones; `index` is the sample's number.
const frame = registerAttack(
  attacks.defineAttack({
    name: 'frame',
    summary: 'a green frame around the image',
    source: 'examples/own-attack.mjs',
    threat: 'write access to part of the training set and its labels',
    // Options are a zod schema: values are checked, have defaults, and are named in errors.
    options: z.strictObject({ pixels: attacks.whole(1, 8).default(2).describe('width of the frame') }),
    trigger({ height, width, channels }, { pixels }) {
      const paint = (image) =>
        image.map((value, i) => {
          const [y, x] = [Math.floor(i / channels / width), Math.floor(i / channels) % width];
          const inside = Math.min(x, y, width - 1 - x, height - 1 - y) >= pixels;
          return inside ? value : Number(i % channels === 1);
        });
      return { train: paint, test: paint };
    },
  }),
);

// The poisoned arrays, for training in any other program, and the visibility of the trigger.
const settings = { poisonRate: 0.05, target: 0, options: { pixels: 2 } };
const { train, test } = await datasets.loadDataset('shapes10', { trainLimit: 2200, testLimit: 400 });
const set = attacks.poison(train, frame, settings);
const { psnr } = perception.perceive(test, attacks.triggerTest(test, frame, settings));
console.log(`${set.poisoned.reduce((a, b) => a + b)} of ${set.n} images poisoned, PSNR ${psnr.mean.toFixed(1)} dB`);

// A small run. The null of the score compares two disjoint subsets of each class, so a class needs 200 clean images.
const request = {
  dataset: 'shapes10',
  trainLimit: 2200,
  testLimit: 400,
  attack: 'frame',
  attackOption: ['pixels=2'],
  poisonRate: 0.05,
  target: 0,
  model: 'resnet18',
  width: 4,
  noise: 0.2,
  epochs: 6,
  checkpoints: [2, 6],
  draws: 1,
};
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
const folder = await mkdtemp(join(tmpdir(), 'ibscope-'));
try {
  const { accuracy, asr, stealth } = await run(request, join(folder, 'run'), false, {
    signal: stop.signal,
    line: (text) => console.error(text),
  });
  console.log(`accuracy ${accuracy.toFixed(3)}, attack success ${asr.toFixed(3)}`);
  // S alone says little. The null is the score of clean classes in the place of the target, where nothing is poisoned.
  const { low, high, draws } = stealth.null;
  const where = stealth.score < low ? 'below' : stealth.score > high ? 'above' : 'inside';
  console.log(`stealth S ${stealth.score.toFixed(3)}, D ${stealth.distance.toFixed(3)}`);
  console.log(`clean classes ${low.toFixed(3)} to ${high.toFixed(3)} from ${draws} draws: S lies ${where}`);
} finally {
  // To keep a run and its report.html, choose a folder of its own, such as runs/frame.
  await rm(folder, { recursive: true, force: true });
}
