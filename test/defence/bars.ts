/** A small set with a planted backdoor that tests of defences share. */
import { Rng } from '../../src/base/random.js';
import type { ImageSet } from '../../src/datasets/types.js';
import type { Defended } from '../../src/defence/methods/index.js';

const [CLASSES, SIDE] = [6, 12];

/** A bright bar in a row that tells the class, on noise; triggered images have a bright corner. */
export function bars(
  n: number,
  seed: number,
  triggered: (i: number) => boolean,
  noise = 90,
): ImageSet & { poisoned: boolean[] } {
  const rng = new Rng(seed, 'bars');
  const labels = Int32Array.from({ length: n }, (_, i) => i % CLASSES);
  const poisoned = Array.from(labels, (_, i) => triggered(i));
  const images = new Uint8Array(n * SIDE * SIDE * 3);
  for (let i = 0; i < n; i++)
    for (let p = 0; p < SIDE * SIDE; p++) {
      const [y, x] = [Math.floor(p / SIDE), p % SIDE];
      const bar = y === 1 + labels[i] && x < 8;
      const corner = poisoned[i] && y >= 9 && x >= 9;
      for (let c = 0; c < 3; c++)
        images[(i * SIDE * SIDE + p) * 3 + c] = corner
          ? c === 0
            ? 255
            : 0
          : Math.min(255, rng.int(noise) + (bar ? 110 : 0));
    }
  return {
    images,
    labels: labels.map((y, i) => (poisoned[i] ? 0 : y)),
    n,
    height: SIDE,
    width: SIDE,
    channels: 3,
    poisoned,
  };
}

export const classes = Array.from({ length: CLASSES }, (_, k) => `bar ${k}`);
export const set = bars(900, 1, (i) => i % CLASSES !== 0 && i % 7 === 0);
const attacked = bars(120, 2, (i) => i % CLASSES !== 0);
const wanted = attacked.labels.map((_, i) => i).filter((i) => attacked.poisoned[i]);
export const settings = { width: 4, epochs: 6, seed: 3 };

export async function asr({ trainer }: Defended): Promise<number> {
  const [{ logits }] = await trainer.probe(attacked, 1);
  const hits = [...wanted].filter((i) => {
    const row = logits.subarray(i * CLASSES, (i + 1) * CLASSES);
    return row.indexOf(Math.max(...row)) === 0;
  });
  return hits.length / wanted.length;
}

/** Accuracy on untriggered images that no network was trained on. */
export const accuracy = async ({ trainer }: Defended) => (await trainer.evaluate(unseen, 'unseen')).accuracy;
const unseen = bars(120, 5, () => false);
