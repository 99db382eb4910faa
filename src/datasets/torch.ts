/**
 * Images and labels as tensors: `--data-dir` is a file of PyTorch's `torch.save`, or a folder with `train.pt` and optionally `test.pt`. The file
 * holds a pair (images, labels), or a dict with the names that `npz` reads (npz.ts). Labels may be a list.
 */
import { UserError } from '../base/errors.js';
import { type NdArray, ndarray } from '../formats/npy.js';
import type { PickleValue } from '../formats/pickle.js';
import { isArray } from '../formats/pickle-names.js';
import { readTorch } from '../formats/torch.js';
import { arraySource } from './npz.js';

/** A tensor, or a list of integers as one; null for anything else. */
function arrayOf(value: PickleValue): NdArray | null {
  if (isArray(value)) return value;
  const isInteger = (v: PickleValue) => typeof v === 'number' && Number.isInteger(v) && Math.abs(v) < 2 ** 31;
  if (!Array.isArray(value) || value.length === 0 || !value.every(isInteger)) return null;
  return ndarray(Int32Array.from(value as number[]), [value.length]);
}

async function arraysIn(path: string): Promise<Record<string, NdArray>> {
  const value = await readTorch(path);
  const named: [PickleValue, PickleValue][] =
    value instanceof Map
      ? [...value]
      : Array.isArray(value) && value.length === 2
        ? [
            ['images', value[0]],
            ['labels', value[1]],
          ]
        : [];
  const arrays = named.flatMap(([name, of]): [string, NdArray][] => {
    const array = arrayOf(of);
    return typeof name === 'string' && array ? [[name, array]] : [];
  });
  if (arrays.length === 0) throw new UserError(`${path}: holds neither a pair (images, labels) nor a dict of tensors`);
  return Object.fromEntries(arrays);
}

export const torch = arraySource({
  name: 'torch',
  summary:
    'PyTorch tensors: --data-dir is a .pt file of torch.save with (images, labels) or a dict, or has train.pt in it',
  endings: ['.pt', '.pth'],
  read: arraysIn,
});
