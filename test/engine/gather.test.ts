/** The gradient of a look-up: rows that are read often, against sums in double precision, and the same from run to run. */
import { expect, test } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { gather, gradients, input, mul, NoiseBank, Program, State, sum } from '../../src/engine/index.js';

const [size, n, d] = [300, 1000, 24];
const rng = new Rng(0, 'gather');
const table = rng.normals(size * d);
const weights = rng.normals(n * d);
// Few rows are read again and again, as words are.
const index = Int32Array.from({ length: n }, () => Math.floor(size * rng.uniform(0, 1) ** 6));

test.each([1, 2, 4])('with %d threads it is the sum over all places, the same in every run', async (threads) => {
  const [t, i, w] = [input('table', [size, d]), input('index', [n], 'int32'), input('weights', [n, d])];
  const [gradient] = gradients(sum(mul(gather(t, i), w)), [t]);
  const program = await Program.compile({ outputs: { gradient } }, { threads });
  const bank = new NoiseBank(0, 1, rng, 1);
  const run = async () =>
    (await program.run({ table, index, weights }, new State(), bank)).gradient.slice() as Float32Array;
  const first = await run();
  const wanted = new Float64Array(size * d);
  for (let k = 0; k < n * d; k++) wanted[index[Math.floor(k / d)] * d + (k % d)] += weights[k];
  first.forEach((v, k) => {
    expect(Math.abs(v - wanted[k])).toBeLessThan(1e-4);
  });
  for (let k = 0; k < 5; k++) expect(await run()).toEqual(first);
  await program.release();
});
