import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { adaptivePatch } from '../../src/attacks/adaptive-patch.js';
import { exportSet, poison } from '../../src/attacks/index.js';
import { hasNumpy, python } from '../python.js';
import { randomSet, settings } from './helpers.js';

const folder = mkdtempSync(join(tmpdir(), 'ibscope-export-'));
afterAll(() => rmSync(folder, { recursive: true }));

const classes = ['ant', 'bee', 'cow', 'dog', 'elk', 'fox', 'gnu', 'hen', 'ibis', 'jay'];

describe('npz', () => {
  test.skipIf(!hasNumpy)('is read by NumPy (skipped, needs python3 with numpy)', async () => {
    const set = poison(randomSet(new Array(10).fill(6)), adaptivePatch, settings({ poisonRate: 0.4, target: 2 }));
    const path = join(folder, 'numpy.npz');
    const about = { classes, seed: 5, settings: { attack: 'adaptive-patch' } };
    await exportSet(set, path, 'npz', { ...about, test: randomSet(new Array(10).fill(2)), triggered: null });
    const script = `
import json, sys, numpy as np
z = np.load(sys.argv[1], allow_pickle=False)
print(json.dumps({k: [str(z[k].dtype), z[k].shape] for k in z.files}
  | {"kept": bool((z["labels"] == z["original_labels"])[~z["poisoned"]].all())}))`;
    expect(python(script, path)).toEqual({
      images: ['uint8', [60, 32, 32, 3]],
      labels: ['int64', [60]],
      original_labels: ['int64', [60]],
      poisoned: ['bool', [60]],
      cover: ['bool', [60]],
      index: ['int64', [60]],
      kept: true,
    });
  });
});
