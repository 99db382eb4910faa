/** Training on a small set with a planted backdoor: what is set aside, that the backdoor is gone, and the same end after a stop. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Defended, methods } from '../../src/defence/methods/index.js';
import { limitThreads } from '../../src/engine/index.js';
import { asr, bars, classes, set, settings } from './bars.js';

const folder = mkdtempSync(join(tmpdir(), 'ibscope-defence-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => limitThreads(1));

const end = ({ trainer: _, ...rest }: Defended) => rest;

test('poisoned samples are set aside and the backdoor is gone, while plain training learns it', async () => {
  const plain = await methods.none.train({ set, classes }, settings, {});
  expect(await asr(plain)).toBeGreaterThan(0.9);
  expect(plain.suspicious).toEqual([]);
  await plain.trainer.release();
  const defended = await methods.watch.train({ set, classes }, settings, {});
  const poisoned = set.poisoned.filter((p) => p).length;
  expect(defended.suspicious.filter((i) => set.poisoned[i]).length).toBeGreaterThan(0.95 * poisoned);
  expect(defended.suspicious.filter((i) => !set.poisoned[i]).length).toBeLessThan(0.05 * poisoned);
  expect(await asr(defended)).toBeLessThan(0.1);
  await defended.trainer.release();

  // The same, stopped in the middle of the second training and resumed.
  let steps = 0;
  // 29 steps until the decision, 42 without the class and 11 until the network rests, and some of the training on the rest.
  const hooks = { shouldStop: () => ++steps > 102 };
  const kept = { ...settings, folder };
  const said = methods.watch.train({ set, classes }, kept, hooks).then(
    () => 'finished',
    (error: Error) => error.message,
  );
  expect(await said).toMatch('stopped in epoch 3');
  const resumed = await methods.watch.train({ set, classes }, kept, {});
  expect(end(resumed)).toEqual(end(defended));
  const [a, b] = [resumed, defended].map(({ trainer }) => trainer.weights()['fc.weight'].data);
  expect(a).toEqual(b);
  await resumed.trainer.release();
});

test('on a clean set nothing is set aside, and the network is that of plain training, bit for bit', async () => {
  const clean = bars(900, 4, () => false);
  const [plain, watched] = [
    await methods.none.train({ set: clean, classes }, settings, {}),
    await methods.watch.train({ set: clean, classes }, settings, {}),
  ];
  expect(watched.suspicious).toEqual([]);
  expect(watched.decisions.length).toBeGreaterThan(1);
  expect(watched.trainer.weights()).toEqual(plain.trainer.weights());
  for (const { trainer } of [plain, watched]) await trainer.release();
});
