/** Training on a small set with a planted backdoor: what is set aside, that the backdoor is gone, and the same end after a stop. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rng } from '../../src/base/random.js';
import type { ImageSet } from '../../src/datasets/types.js';
import { type Defended, defend } from '../../src/defence/defend.js';
import { limitThreads } from '../../src/engine/index.js';

const [CLASSES, SIDE] = [6, 12];
const folder = mkdtempSync(join(tmpdir(), 'ibscope-defence-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => limitThreads(1));

/** A bright bar in a row that tells the class, on noise; triggered images have a bright corner. */
function bars(n: number, seed: number, triggered: (i: number) => boolean): ImageSet & { poisoned: boolean[] } {
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
        images[(i * SIDE * SIDE + p) * 3 + c] = corner ? (c === 0 ? 255 : 0) : rng.int(90) + (bar ? 110 : 0);
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

const classes = Array.from({ length: CLASSES }, (_, k) => `bar ${k}`);
const set = bars(900, 1, (i) => i % CLASSES !== 0 && i % 7 === 0);
const attacked = bars(120, 2, (i) => i % CLASSES !== 0);
const wanted = attacked.labels.map((_, i) => i).filter((i) => attacked.poisoned[i]);
const settings = { width: 4, epochs: 6, seed: 3, defend: true };

async function asr({ trainer }: Defended): Promise<number> {
  const [{ logits }] = await trainer.probe(attacked, 1);
  const hits = [...wanted].filter((i) => {
    const row = logits.subarray(i * CLASSES, (i + 1) * CLASSES);
    return row.indexOf(Math.max(...row)) === 0;
  });
  return hits.length / wanted.length;
}
const end = ({ trainer: _, ...rest }: Defended) => rest;

test('poisoned samples are set aside and the backdoor is gone, while plain training learns it', async () => {
  const plain = await defend({ set, classes }, { ...settings, defend: false });
  expect(await asr(plain)).toBeGreaterThan(0.9);
  expect(plain.suspicious).toEqual([]);
  await plain.trainer.release();
  const defended = await defend({ set, classes }, settings);
  const poisoned = set.poisoned.filter((p) => p).length;
  expect(defended.suspicious.filter((i) => set.poisoned[i]).length).toBeGreaterThan(0.95 * poisoned);
  expect(defended.suspicious.filter((i) => !set.poisoned[i]).length).toBeLessThan(0.05 * poisoned);
  expect(await asr(defended)).toBeLessThan(0.1);
  await defended.trainer.release();

  // The same, stopped in the middle of the second training and resumed.
  let steps = 0;
  // 58 steps until the decision, 42 without the class, and some of the training on the rest.
  const hooks = { shouldStop: () => ++steps > 110 };
  const kept = { ...settings, folder };
  const said = defend({ set, classes }, kept, hooks).then(
    () => 'finished',
    (error: Error) => error.message,
  );
  expect(await said).toMatch('stopped in epoch 3');
  const resumed = await defend({ set, classes }, kept);
  expect(end(resumed)).toEqual(end(defended));
  const [a, b] = [resumed, defended].map(({ trainer }) => trainer.weights()['fc.weight'].data);
  expect(a).toEqual(b);
  await resumed.trainer.release();
});
