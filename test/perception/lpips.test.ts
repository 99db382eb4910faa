import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { emit, input, mean, mul, sub } from '../../src/engine/index.js';
import { lpips } from '../../src/perception/index.js';

const folder = mkdtempSync(join(tmpdir(), 'ibscope-lpips-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [n, height, width] = [5, 8, 6];
const rng = new Rng(0, 'lpips test');
const images = (channels: number) => ({
  images: Uint8Array.from({ length: n * height * width * channels }, () => rng.int(256)),
  n,
  height,
  width,
  channels,
});

/** A network whose distance is the mean squared difference: what goes in can be told from what comes out. */
function network(batch: number): string {
  const [a, b] = ['in0', 'in1'].map((name) => input(name, [batch, 3, height, width]));
  const d = sub(a, b);
  const path = join(folder, `mse-${batch}.onnx`);
  writeFileSync(path, emit({ d: mean(mul(d, d), [1, 2, 3], true) }));
  return path;
}

describe('lpips', () => {
  test.each([
    [1, 3],
    [2, 3],
    [5, 1],
  ])('feeds pairs in [−1, 1], for a network of %d a time and images of %d channels', async (batch, channels) => {
    const [clean, triggered] = [images(channels), images(channels)];
    const found = await lpips(network(batch), clean, triggered);
    const size = height * width * channels;
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let p = i * size; p < (i + 1) * size; p++) sum += ((clean.images[p] - triggered.images[p]) / 127.5) ** 2;
      expect(found[i]).toBeCloseTo(sum / size, 5);
    }
  });

  test('refuses what is no such network, in one line', async () => {
    const pair = images(3);
    await expect(lpips(join(folder, 'none.onnx'), pair, pair)).rejects.toThrow('none.onnx: no such file');
    const text = join(folder, 'text.onnx');
    writeFileSync(text, 'hello');
    await expect(lpips(text, pair, pair)).rejects.toThrow('text.onnx: is not a model ONNX Runtime can load');
    const one = join(folder, 'one.onnx');
    const x = input('x', [1, 3, height, width]);
    writeFileSync(one, emit({ y: mul(x, x) }));
    await expect(lpips(one, pair, pair)).rejects.toThrow('has 1 inputs and 1 outputs, 2 and 1 are expected');
    const other = { ...pair, height: 6, width: 8 };
    await expect(lpips(network(1), other, other)).rejects.toThrow('cannot take images of [1,3,6,8]');
  });
});
