/** The epoch in the names that training programs write. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { epochsOfNames } from '../../src/trace/epoch-names.js';
import { filesByEpoch } from '../../src/trace/onnx-checkpoints.js';

describe('epochs of names', () => {
  it.each<[string, string[], number[]]>([
    ['our own', ['epoch-0001.onnx', 'epoch-0010.onnx'], [1, 10]],
    ['an accuracy after the epoch', ['epoch1-acc0.51.onnx', 'epoch2-acc0.48.onnx'], [1, 2]],
    ['an architecture after the epoch', ['epoch1_resnet18.onnx', 'epoch3_resnet18.onnx'], [1, 3]],
    ['an architecture before it', ['resnet18_epoch2.onnx', 'resnet18_epoch10.onnx'], [2, 10]],
    [
      'Lightning, whose epochs count from 0',
      ['epoch=0-step=391.ckpt.onnx', 'epoch=1-step=782.ckpt.onnx', 'epoch=9-step=3910.ckpt.onnx'],
      [1, 2, 10],
    ],
    ['Lightning from a later epoch on', ['epoch=4-step=1955.onnx', 'epoch=9-step=3910.onnx'], [4, 9]],
    ['Keras', ['weights.01-1.93.onnx', 'weights.12-0.41.onnx'], [1, 12]],
    ['Transformers', ['checkpoint-500.onnx', 'checkpoint-1000.onnx'], [500, 1000]],
    ['a number alone', ['7.onnx', '12.onnx'], [7, 12]],
    ['the only number in which the names differ', ['vgg16_bn_5.onnx', 'vgg16_bn_15.onnx'], [5, 15]],
    ['one file with one number', ['model_30.onnx'], [30]],
    ['ep', ['ep003.onnx', 'ep004.onnx'], [3, 4]],
    ['a seed beside the epoch', ['seed0_epoch5.onnx', 'seed0_epoch6.onnx'], [5, 6]],
    ['PyTorch', ['ckpt_epoch_5.pth.tar', 'ckpt_epoch_10.pth.tar'], [5, 10]],
    ['PyTorch, a number alone', ['3.pt', '20.pt'], [3, 20]],
    ['capitals', ['Epoch_5_Loss_0.3.onnx', 'Epoch_6_Loss_1.onnx'], [5, 6]],
  ])('%s', (_, names, epochs) => {
    expect(epochsOfNames(names.map((n) => join('a9', n)))).toEqual(epochs);
  });

  it.each<[string, string[], RegExp]>([
    [
      'two numbers that both change',
      ['model_10_3.onnx', 'model_20_1.onnx'],
      /do not say which number is the epoch; by the last one the order would be model_20_1\.onnx \(1\), model_10_3\.onnx \(3\); --epochs-from REGEX/,
    ],
    ['one file with two numbers', ['resnet18-5.onnx'], /do not say which number/],
    ['another number of numbers', ['a_1.onnx', 'a_2_3.onnx'], /do not say which number/],
    ['no number', ['final.onnx', 'epoch1.onnx'], /final\.onnx: its name has no whole number/],
    ['a decimal only', ['acc0.93.onnx'], /no whole number/],
  ])('refuses %s', (_, names, message) => {
    expect(() => epochsOfNames(names)).toThrow(message);
  });

  it('reads them by an expression', () => {
    expect(epochsOfNames(['m_10_3.onnx', 'm_20_1.onnx'], 'm_(\\d+)_')).toEqual([10, 20]);
    expect(epochsOfNames(['m10.onnx'], '\\d+')).toEqual([10]);
    expect(() => epochsOfNames(['m10.onnx', 'x.onnx'], '\\d+')).toThrow(/finds nothing in x\.onnx/);
    expect(() => epochsOfNames(['m10.onnx'], '[a-z]+')).toThrow(/finds "m", no whole number/);
    expect(() => epochsOfNames(['m10.onnx'], '(')).toThrow(/^--epochs-from \(: /);
  });
});

it('files of one epoch, and an epoch 0 without a step, are refused', async () => {
  const box = await mkdtemp(join(tmpdir(), 'ibscope-names-'));
  try {
    for (const name of ['b_epoch1.onnx', 'a_epoch1.onnx', 'c_epoch0.onnx']) await writeFile(join(box, name), '');
    await expect(filesByEpoch([join(box, '*epoch1.onnx')])).rejects.toThrow(/do not say which|both of epoch 1/);
    await expect(filesByEpoch([join(box, 'c_epoch0.onnx')])).rejects.toThrow(
      /its epoch is 0; epochs are counted from 1/,
    );
    expect([...(await filesByEpoch([join(box, 'a_*.onnx')])).keys()]).toEqual([1]);
  } finally {
    await rm(box, { recursive: true });
  }
});
