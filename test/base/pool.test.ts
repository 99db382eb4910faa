import { describe, expect, it } from 'vitest';
import { eachAtOnce } from '../../src/base/pool.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('eachAtOnce', () => {
  it.each([
    [7, 3, 3],
    [2, 5, 2],
    [0, 4, 0],
  ])('of %d items, %d allowed at once: does each once, %d at a time', async (n, atOnce, expected) => {
    const seen: number[] = [];
    let [busy, most] = [0, 0];
    await eachAtOnce(n, atOnce, async (i) => {
      most = Math.max(most, ++busy);
      seen.push(i);
      await turn();
      busy--;
    });
    expect(seen).toEqual(Array.from({ length: n }, (_, i) => i));
    expect(most).toBe(expected);
  });

  it('after a failure begins nothing new, and rejects only once nothing is under way', async () => {
    let [begun, busy] = [0, 0];
    const work = eachAtOnce(100, 3, async (i) => {
      begun++;
      busy++;
      await turn();
      if (i !== 1) await turn();
      busy--;
      if (i === 1) throw new Error('one');
    });
    await expect(work).rejects.toThrow('one');
    expect(busy).toBe(0);
    expect(begun).toBe(3);
  });
});
