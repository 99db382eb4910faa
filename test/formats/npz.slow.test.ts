import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ndarray } from '../../src/formats/npy.js';
import { writeNpz } from '../../src/formats/npz.js';
import { hasNumpy, python } from '../python.js';

const folder = mkdtempSync(join(tmpdir(), 'ibscope-npz-'));
afterAll(() => rmSync(folder, { recursive: true }));

const arrays = {
  images: ndarray(
    Uint8Array.from({ length: 5000 }, (_, i) => i),
    [50, 100],
  ),
  labels: ndarray(BigInt64Array.of(1n, -2n), [2]),
  flags: ndarray(Uint8Array.of(1, 0, 1), [3], 'b1'),
  empty: ndarray(new Float32Array(0), [0, 3]),
};

describe('NPZ', () => {
  test.skipIf(!hasNumpy)('NumPy reads what is written (skipped, needs python3 with numpy)', async () => {
    const path = join(folder, 'numpy.npz');
    await writeNpz(path, arrays);
    const script = `
import json, sys, numpy as np
with np.load(sys.argv[1], allow_pickle=False) as z:
    print(json.dumps({k: [z[k].dtype.str, z[k].shape, int(z[k].sum())] for k in z.files}))`;
    expect(python(script, path)).toEqual({
      images: ['|u1', [50, 100], Uint8Array.from({ length: 5000 }, (_, i) => i).reduce((a, b) => a + b, 0)],
      labels: ['<i8', [2], -1],
      flags: ['|b1', [3], 2],
      empty: ['<f4', [0, 3], 0],
    });
  });
});
