import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import * as e from '../../src/engine/index.js';

const state = (values: Record<string, number[]>) => {
  const s = new e.State();
  for (const [name, v] of Object.entries(values)) s.set(name, Float32Array.from(v));
  return s;
};
const kept = (name: string, shape: number[]) => e.input(name, shape, 'float32', 'state');

describe('state that survives from run to run', () => {
  const w = kept('w', [2]);
  const doubled = () => e.Program.compile({ outputs: { seen: w }, updates: new Map([[w, e.mul(w, 2)]]) });

  it('an update replaces the value and leaves the buffer that was read before it alone', async () => {
    const s = state({ w: [1, 2] });
    const before = s.get('w');
    const program = await doubled();
    const { seen } = await program.run({}, s);
    expect([...s.get('w')]).toEqual([2, 4]);
    expect([...before]).toEqual([1, 2]);
    expect([...(seen as Float32Array)]).toEqual([1, 2]);
    await program.release();
  });

  it('two buffers take turns: what was read before the last update is written to by the next', async () => {
    const s = state({ w: [1, 2] });
    const first = s.get('w');
    const program = await doubled();
    await program.run({}, s);
    const second = s.get('w');
    await program.run({}, s);
    expect(s.get('w')).toBe(first);
    expect([...first]).toEqual([4, 8]);
    expect([...second]).toEqual([2, 4]);
    await program.release();
  });

  it('all updates of a run read the values before it: two tensors change places', async () => {
    const [x, y] = [kept('x', [2]), kept('y', [2])];
    const program = await e.Program.compile({
      outputs: {},
      updates: new Map([
        [x, y],
        [y, x],
      ]),
    });
    const s = state({ x: [1, 2], y: [3, 4] });
    for (const [expectX, expectY] of [
      [
        [3, 4],
        [1, 2],
      ],
      [
        [1, 2],
        [3, 4],
      ],
    ]) {
      await program.run({}, s);
      expect([...s.get('x')]).toEqual(expectX);
      expect([...s.get('y')]).toEqual(expectY);
    }
    await program.release();
  });

  it('a run that fails leaves every tensor as it was', async () => {
    const index = e.input('index', [1], 'int64');
    const program = await e.Program.compile({ outputs: {}, updates: new Map([[w, e.add(w, e.gather(w, index))]]) });
    const s = state({ w: [1, 2] });
    const before = s.get('w');
    await expect(program.run({ index: BigInt64Array.of(7n) }, s)).rejects.toThrow('bounds');
    expect(s.get('w')).toBe(before);
    expect([...before]).toEqual([1, 2]);
    await program.release();
  });

  it('an update of another size is refused by name', async () => {
    const updates = new Map([[w, e.constant([1, 2, 3])]]);
    await expect(e.Program.compile({ outputs: {}, updates })).rejects.toThrow('update of w: [3] for [2]');
  });
});

describe('feeding a program says what is wrong', () => {
  const image = e.input('image', [2, 2], 'uint8');
  const label = e.input('label', [2], 'int32');
  const y = e.add(e.sum(e.cast(image, 'float32')), e.sum(e.cast(label, 'float32')));
  const good = { image: Uint8Array.of(1, 2, 3, 4), label: Int32Array.of(5, 6) };
  const run = (feeds: Record<string, e.Values>) => e.evaluate({ y }, feeds);

  it('takes what fits', async () => {
    expect((await run(good)).y[0]).toBe(21);
  });
  it('a missing feed is named', async () => {
    await expect(run({ image: good.image })).rejects.toThrow('nothing was fed for label');
  });
  it('a wrong type is named with both types', async () => {
    await expect(run({ ...good, label: Float32Array.of(5, 6) })).rejects.toThrow(
      'label is int32 and was fed Float32Array',
    );
  });
  it('a wrong number of values is named with the shape', async () => {
    await expect(run({ ...good, image: Uint8Array.of(1, 2, 3) })).rejects.toThrow('image [2,2] was fed 3 values');
  });
  it('state and noise that are not there are named', async () => {
    await expect(e.evaluate({ y: kept('w', [1]) })).rejects.toThrow('nothing was fed for w');
    await expect(e.evaluate({ y: e.input('noise.0', [1], 'float32', 'noise') })).rejects.toThrow(
      'nothing was fed for noise.0',
    );
    const program = await e.Program.compile({ outputs: { y: kept('w', [1]) } });
    await expect(program.run({}, new e.State())).rejects.toThrow('no tensor named w');
    await program.release();
  });
  it('two inputs of one name are refused', async () => {
    const [a, b] = [e.input('x', [1]), e.input('x', [1])];
    await expect(e.evaluate({ y: e.add(a, b) })).rejects.toThrow('two inputs of one graph are named x');
  });
});

describe('equal subexpressions are written once', () => {
  /** How many results of an ONNX operator a model has. */
  const count = (model: Uint8Array, op: string) =>
    new Set(
      Buffer.from(model)
        .toString('latin1')
        .match(new RegExp(`${op}_\\d+`, 'g')),
    ).size;
  const x = e.input('x', [4]);
  const big = e.input('big', [1000]);

  it('when they are built twice', () => {
    const twice = () => e.exp(e.mul(x, 3));
    const model = e.emit({ y: e.add(twice(), twice()), z: twice() });
    expect(count(model, 'Exp')).toBe(1);
    expect(count(model, 'Mul')).toBe(1);
    expect(count(model, 'const')).toBe(1);
  });

  it('when they read long constants of equal values', () => {
    const twice = () => e.mul(big, e.constant(new Float32Array(1000).fill(3)));
    const model = e.emit({ y: e.add(e.exp(twice()), e.neg(twice())) });
    expect(count(model, 'Mul')).toBe(1);
    expect(count(model, 'const')).toBe(1);
    expect(model.length).toBeLessThan(2 * 4000);
  });

  it('and others are not merged: attributes, order and constants tell them apart', async () => {
    const long = new Float32Array(1000).fill(3);
    const other = long.slice();
    other[999] = 4;
    const tail = (values: Float32Array) => e.slice(e.mul(big, e.constant(values)), 0, 999, 1000);
    const out = await e.evaluate(
      {
        constants: e.sub(tail(long), tail(other)),
        attributes: e.sub(e.slice(x, 0, 0, 1), e.slice(x, 0, 1, 2)),
        order: e.add(e.sub(x, 1), e.sub(1, x)),
      },
      { x: Float32Array.of(1, 2, 3, 4), big: new Float32Array(1000).fill(1) },
    );
    expect(out.constants[0]).toBe(-1);
    expect(out.attributes[0]).toBe(-1);
    expect([...(out.order as Float32Array)]).toEqual([0, 0, 0, 0]);
  });
});

describe('batch normalisation', () => {
  it('takes the variance without cancellation where the mean is large', async () => {
    const rng = new Rng(3, 'large mean');
    const values = Float32Array.from({ length: 4096 }, () => 1000 + rng.normal());
    const mean = values.reduce((a, b) => a + b) / 4096;
    const variance = values.reduce((s, v) => s + (v - mean) ** 2, 0) / 4096;
    const out = await e.evaluate({ v: e.channelVariance(e.constant(values, [32, 32, 4, 1])) });
    expect((out.v[0] as number) / variance).toBeCloseTo(1, 3);
  });
});
