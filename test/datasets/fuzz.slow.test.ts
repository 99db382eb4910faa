/**
 * Damaged files: whatever happens to a file, a reader gives a whole data set or says in one line what is wrong with it.
 * Corruptions are seeded, so a failure names the one that did it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { Rng } from '../../src/base/random.js';
import { type Dataset, loadDataset } from '../../src/datasets/index.js';
import { decodeMat } from '../../src/formats/mat.js';
import { decodeNpy, ndarray } from '../../src/formats/npy.js';
import { encodeNpz } from '../../src/formats/npz.js';
import { decodePng } from '../../src/formats/png.js';
import { decodeSafetensors } from '../../src/formats/safetensors.js';
import { idx, ppm, write } from './scratch.js';

const ROUNDS = 200;
const golden = (path: string) => readFileSync(join(import.meta.dirname, '../golden', path));

/** A copy of `bytes` with one to three injuries. */
function corrupt(bytes: Uint8Array, rng: Rng): Buffer {
  let out = Buffer.from(bytes);
  // Half of the injuries hit the first 256 bytes, where headers are.
  const at = () => rng.int(rng.int(2) ? Math.min(256, out.length) : out.length);
  for (let injuries = 1 + rng.int(3); injuries > 0 && out.length; injuries--) {
    const from = at();
    const kind = rng.int(5);
    if (kind === 0) for (let k = 1 + rng.int(8); k > 0; k--) out[at()] ^= 1 << rng.int(8);
    else if (kind === 1) out = out.subarray(0, from);
    else if (kind === 2) {
      const more = Uint8Array.from({ length: 1 + rng.int(16) }, () => rng.int(256));
      out = Buffer.concat([out.subarray(0, from), more, out.subarray(from)]);
    } else if (kind === 3) out.subarray(from, from + 1 + rng.int(64)).fill(0);
    // Lengths and sizes at their extremes.
    else out.subarray(from, from + 1 + rng.int(8)).fill(255);
  }
  return out;
}

function checkDataset({ classes, train, test: held }: Dataset): void {
  for (const set of [train, held]) {
    expect(set.n).toBeGreaterThan(0);
    expect(set.images).toHaveLength(set.n * set.height * set.width * set.channels);
    expect(set.labels).toHaveLength(set.n);
    expect(set.labels.every((label) => label >= 0 && label < classes.length)).toBe(true);
  }
}

/** Runs `read` on `ROUNDS` corruptions. What is not a result that `check` accepts has to be a one-line `UserError`. */
async function survives(name: string, whole: Uint8Array, read: (bytes: Buffer) => unknown): Promise<void> {
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = corrupt(whole, new Rng(round, 'fuzz', name));
    try {
      await read(bytes);
    } catch (error) {
      const kind = (error as Error).name;
      if (!(error instanceof UserError)) throw new Error(`${name}, round ${round}: ${kind}`, { cause: error });
      expect(error.message).not.toContain('\n');
      refused++;
    }
  }
  // Neither blind nor deaf: some damage is noticed, and the reader does read the undamaged file.
  expect(refused).toBeGreaterThan(0);
  await read(Buffer.from(whole));
}

/** The files of a source, with the one that is damaged; the data set is loaded anew for each corruption. */
async function loads(
  source: string,
  files: Record<string, Uint8Array | string>,
  damaged: string,
  file = '',
): Promise<void> {
  const folder = write(`${source}-${damaged.replace(/\W/g, '-')}`, files);
  const dataDir = join(folder, file);
  await survives(`${source} ${damaged}`, readFileSync(join(folder, damaged)), async (bytes) => {
    writeFileSync(join(folder, damaged), bytes);
    checkDataset(await loadDataset(source, { dataDir, seed: 0, size: 8 }));
  });
}

const ramp = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * 37 + (i >> 3)) % 256);
/** Records of CIFAR with labels that go round. */
const records = (n: number, labelBytes: number) =>
  Buffer.concat(Array.from({ length: n }, (_, i) => Buffer.concat([Buffer.alloc(labelBytes, i % 10), ramp(3072)])));
const photograph = (red: number) =>
  sharp(
    ramp(24 * 20 * 3).map((v) => (v + red) % 256),
    { raw: { width: 24, height: 20, channels: 3 } },
  );

describe(`${ROUNDS} damaged files of each kind end in a data set or in one line`, () => {
  test('CIFAR', async () => {
    const ten = Object.fromEntries([1, 2, 3, 4, 5].map((k) => [`data_batch_${k}.bin`, records(3, 1)]));
    await loads('cifar10', { ...ten, 'test_batch.bin': records(3, 1) }, 'data_batch_2.bin');
    await loads('cifar10', { ...ten, 'test_batch.bin': records(3, 1), 'batches.meta.txt': 'a\nb\n' }, 'test_batch.bin');
    await loads('cifar100', { 'train.bin': records(4, 2), 'test.bin': records(4, 2) }, 'train.bin');
  });

  test.each(['plain.mat', 'compressed.mat', 'big.mat'])('SVHN, %s', async (file) => {
    const files = { 'train_32x32.mat': golden(`mat/${file}`), 'test_32x32.mat': golden('mat/one.mat') };
    await loads('svhn', files, 'train_32x32.mat');
  });

  test.each(['kinds.mat', 'kinds-compressed.mat', 'big-plain.mat'])('MAT, %s', async (file) => {
    await survives(file, golden(`mat/${file}`), (bytes) => {
      for (const { data, shape } of decodeMat(bytes).values())
        expect(data).toHaveLength(shape.reduce((a, b) => a * b, 1));
    });
  });

  test('MNIST, plain and gzipped', async () => {
    const files = {
      'train-images-idx3-ubyte': idx([20, 28, 28], ramp(20 * 784)),
      'train-labels-idx1-ubyte.gz': gzipSync(
        idx(
          [20],
          ramp(20).map((_, i) => i % 10),
        ),
      ),
      't10k-images-idx3-ubyte.gz': gzipSync(idx([10, 28, 28], ramp(7840))),
      't10k-labels-idx1-ubyte': idx(
        [10],
        ramp(10).map((_, i) => i),
      ),
    };
    for (const file of Object.keys(files)) await loads('mnist', files, file);
  });

  test('GTSRB: images and tables', async () => {
    const table = (rows: string[]) => ['Filename;Width;ClassId', ...rows].join('\n');
    const files = {
      'Final_Training/Images/00000/GT-00000.csv': table(['a.ppm;9;0', 'b.ppm;9;0']),
      'Final_Training/Images/00000/a.ppm': ppm(9, 12, [1, 2, 3]),
      'Final_Training/Images/00000/b.ppm': ppm(12, 9, [3, 2, 1]),
      'Final_Test/Images/a.ppm': ppm(9, 9, [4, 5, 6]),
      'GT-final_test.csv': table(['a.ppm;9;17']),
    };
    await loads('gtsrb', files, 'Final_Training/Images/00000/a.ppm');
    await loads('gtsrb', files, 'Final_Training/Images/00000/GT-00000.csv');
    await loads('gtsrb', files, 'GT-final_test.csv');
  });

  test('Tiny ImageNet: lists and images', async () => {
    const jpeg = await photograph(3).jpeg().toBuffer();
    const files = {
      'wnids.txt': 'n00000001\nn00000002\n',
      'words.txt': 'n00000001\tcat, house cat\n',
      'val/val_annotations.txt': 'a.JPEG\tn00000001\nb.JPEG\tn00000002\n',
      'val/images/a.JPEG': jpeg,
      'val/images/b.JPEG': jpeg,
      'train/n00000001/images/a.JPEG': jpeg,
      'train/n00000002/images/a.JPEG': jpeg,
    };
    await loads('tiny-imagenet', files, 'wnids.txt');
    await loads('tiny-imagenet', files, 'val/val_annotations.txt');
    await loads('tiny-imagenet', files, 'train/n00000001/images/a.JPEG');
  });

  test.each(['png', 'jpeg', 'webp'] as const)('a folder of images, %s', async (format) => {
    const image = await photograph(0).toFormat(format).toBuffer();
    const files = Object.fromEntries(
      ['train/a/0', 'train/b/0', 'test/a/0'].map((path) => [`${path}.${format}`, image]),
    );
    await loads('folder', files, `train/a/0.${format}`);
  });

  test('NPZ, stored and deflated', async () => {
    const arrays = {
      images: ndarray(ramp(20 * 64), [20, 8, 8]),
      labels: ndarray(
        ramp(20).map((_, i) => i % 2),
        [20],
      ),
    };
    for (const level of [0, 9] as const) {
      await loads('npz', { [`a${level}.npz`]: encodeNpz(arrays, { level }) }, `a${level}.npz`, `a${level}.npz`);
    }
    await loads('npz', { 'train.npz': encodeNpz(arrays), 'test.npz': encodeNpz(arrays) }, 'test.npz');
  });

  const arrays = readdirSync(join(import.meta.dirname, '../golden/formats')).filter((name) =>
    /^[bfiu]\d.*\.npy|^fort|^ver/.test(name),
  );
  test('NPY', async () => {
    expect(arrays.length).toBeGreaterThan(10);
    for (const file of arrays) {
      await survives(file, golden(`formats/${file}`), (bytes) => {
        const { data, shape } = decodeNpy(bytes);
        expect(data).toHaveLength(shape.reduce((a, b) => a * b, 1));
      });
    }
  });

  test('safetensors', async () => {
    await survives('safetensors', golden('formats/official.safetensors'), (bytes) => {
      for (const { data, shape } of Object.values(decodeSafetensors(bytes).tensors)) {
        expect(data).toHaveLength(shape.reduce((a, b) => a * b, 1));
      }
    });
  });

  test('PNG of every colour type, as triggers are read', async () => {
    const kinds = {
      rgb: photograph(0).png(),
      palette: photograph(0).png({ palette: true }),
      grey: photograph(0).toColourspace('b-w').png(),
      alpha: photograph(0).ensureAlpha(0.5).png(),
    };
    for (const [kind, image] of Object.entries(kinds)) {
      await survives(`png ${kind}`, await image.toBuffer(), (bytes) => {
        const { data, height, width } = decodePng(bytes);
        expect(data).toHaveLength(height * width * 4);
      });
    }
  });
});
