/** The other defences on sets with a planted backdoor that plain training learns. */
import { beforeAll, describe, expect, test } from 'vitest';
import { methods } from '../../src/defence/methods/index.js';
import { limitThreads } from '../../src/engine/index.js';
import { asr, bars, classes, set, settings } from './bars.js';

beforeAll(() => limitThreads(1));

/** Bars that are hard to see, so that the trigger is learned before the classes. */
const NOISE = 200;
const hard = bars(900, 1, (i) => i % 6 !== 0 && i % 4 === 0, NOISE);
const unseen = bars(300, 5, () => false, NOISE);
const trusted = bars(90, 7, () => false, NOISE);
const longer = { ...settings, width: 8, epochs: 12 };

describe('on bars that are hard to see', () => {
  test('plain training learns the backdoor; ABL isolates poisoned samples alone and unlearns it', async () => {
    const plain = await methods.none.train({ set: hard, classes }, longer, {});
    expect(await asr(plain)).toBeGreaterThan(0.75);
    await plain.trainer.release();
    const done = await methods.abl.train({ set: hard, classes }, longer, {});
    // 1 % of the set, as in the paper.
    expect(done.suspicious).toHaveLength(9);
    expect(done.suspicious.every((i) => hard.poisoned[i])).toBe(true);
    expect(await asr(done)).toBeLessThan(0.25);
    expect((await done.trainer.evaluate(unseen, 'unseen')).accuracy).toBeGreaterThan(0.8);
    await done.trainer.release();
  });

  test('fine-pruning cuts channels, keeps the accuracy, and sets nothing aside', async () => {
    const done = await methods['fine-pruning'].train({ set: hard, classes }, { ...longer, trusted }, {});
    expect(Number(/^(\d+) of 64 channels/.exec(done.answer)?.[1])).toBeGreaterThan(0);
    expect(done.suspicious).toEqual([]);
    expect((await done.trainer.evaluate(unseen, 'unseen')).accuracy).toBeGreaterThan(0.85);
    const weight = done.trainer.weights()['fc.weight'].data;
    const isCut = [...Array(64).keys()].filter((j) => classes.every((_, c) => weight[c * 64 + j] === 0));
    expect(isCut).toHaveLength(Number(/^(\d+)/.exec(done.answer)![1]));
    await done.trainer.release();
  });
});

describe('on bars that are easy to see', () => {
  const poisoned = set.poisoned.flatMap((p, i) => (p ? i : []));

  test('an audit names the poisoned samples, and the network without them has no backdoor', async () => {
    const done = await methods['audit-retrain'].train({ set, classes }, longer, {});
    expect(done.suspicious).toEqual(poisoned);
    expect(await asr(done)).toBeLessThan(0.1);
    expect(done.epochs).toBeCloseTo(12 * (2 - poisoned.length / set.n), 6);
    await done.trainer.release();
  });

  test('pruning by information sets the poisoned samples aside', async () => {
    const done = await methods['information-pruning'].train({ set, classes }, longer, {});
    expect(done.suspicious).toEqual(poisoned);
    expect(done.setAside).toEqual([{ label: 'bar 0', samples: poisoned.length, by: 'clusters', why: 'content' }]);
    await done.trainer.release();
  });
});
