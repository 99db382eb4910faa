import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { loadDataset } from '../../src/datasets/index.js';
import { encodeNpy, type NdArray, ndarray } from '../../src/formats/npy.js';
import { encodeNpz } from '../../src/formats/npz.js';
import { write } from './scratch.js';

const N = 40;
const value = (i: number, p: number) => (i * 5 + p * 11) % 256;
const bytes = (n: number, each: number) =>
  Uint8Array.from({ length: n * each }, (_, at) => value(Math.floor(at / each), at % each));
const images = (n = N, shape = [8, 8, 3]) =>
  ndarray(
    bytes(
      n,
      shape.reduce((a, b) => a * b),
    ),
    [n, ...shape],
  );
const labels = (n = N, of = (i: number) => i % 4) =>
  ndarray(
    BigInt64Array.from({ length: n }, (_, i) => BigInt(of(i))),
    [n],
  );
const file = (name: string, arrays: Record<string, NdArray>) =>
  join(write(name, { 'a.npz': encodeNpz(arrays) }), 'a.npz');
const load = (dataDir: string, more = {}) => loadDataset('npz', { dataDir, seed: 0, ...more });

describe('arrays in an NPZ file', () => {
  test('other layouts are read where they have one reading, the output says how, and the set is the same', async () => {
    const plain = await load(file('plain', { images: images(), labels: labels() }));
    const planes = new Uint8Array(N * 192);
    for (let k = 0; k < N; k++)
      for (let c = 0; c < 3; c++) for (let p = 0; p < 64; p++) planes[(3 * k + c) * 64 + p] = value(k, 3 * p + c);
    const hot = Float32Array.from({ length: 4 * N }, (_, at) => (at % 4 === Math.floor(at / 4) % 4 ? 1 : 0));
    const forms: [string, Record<string, NdArray>, RegExp | null][] = [
      ['names of tf.data', { train_images: images(), train_labels: labels() }, null],
      ['X and y', { X: images(), y: labels() }, null],
      ['data and target', { data: images(), target: labels() }, null],
      [
        'channels first',
        { images: ndarray(planes, [N, 3, 8, 8]), labels: labels() },
        /\[images\]: \(40,3,8,8\) is read as \(n, c, h, w\)$/,
      ],
      ['one-hot', { images: images(), labels: ndarray(hot, [N, 4]) }, /\[labels\]: \(40,4\) is read as one-hot$/],
      [
        'floats just outside [0, 1]',
        {
          images: ndarray(
            Float32Array.from(images().data as Uint8Array, (v) => (v / 255) * (1 + 2e-5) - 1e-5),
            [N, 8, 8, 3],
          ),
          labels: labels(),
        },
        null,
      ],
    ];
    for (const [name, arrays, note] of forms) {
      const { train, test: held, classes, notes } = await load(file(name, arrays));
      expect(train.images, name).toEqual(plain.train.images);
      expect([train.labels, held.labels, classes], name).toEqual([
        plain.train.labels,
        plain.test.labels,
        plain.classes,
      ]);
      if (note === null) expect(notes, name).toEqual([]);
      else expect(notes, name).toEqual([expect.stringMatching(note)]);
    }
    const rows = await load(file('rows', { images: images(N, [64]), labels: labels() }));
    expect([rows.train.height, rows.train.width, rows.train.channels]).toEqual([8, 8, 1]);
    expect(rows.notes).toEqual([expect.stringMatching(/its rows are read as 8×8 grey$/)]);
  });

  test('labels from 1 keep their numbers as names; not in our own exports, nor with a gap', async () => {
    const from1 = { images: images(), labels: labels(N, (i) => 1 + (i % 4)) };
    const { classes, train, notes } = await load(file('from 1', from1));
    expect(classes).toEqual(['1', '2', '3', '4']);
    expect(Math.min(...train.labels)).toBe(0);
    expect(notes).toEqual([expect.stringMatching(/the labels 1 to 4 count from 1, so that class number 0 is "1"$/)]);
    const gap = await load(file('gap at 0', { ...from1, labels: labels(N, (i) => [1, 2, 4][i % 3]) }));
    expect(gap.classes).toEqual(['0', '1', '2', '3', '4']);
    const flags = ndarray(
      Uint8Array.from({ length: N }, (_, i) => Number(i < 4)),
      [N],
      'b1',
    );
    const own = await load(file('own', { ...from1, poisoned: flags }));
    expect(own.classes).toEqual(['0', '1', '2', '3', '4']);
    // A test set counts as its training set does, whatever classes it holds.
    const few = labels(4, (i) => 1 + 2 * (i % 2));
    const both = await load(file('both', { x_train: images(), y_train: from1.labels, x_test: images(4), y_test: few }));
    expect([...both.test.labels]).toEqual([0, 2, 0, 2]);
    const zero = labels(4, (i) => 1 + (i % 2));
    const other = await load(file('other', { x_train: images(), y_train: labels(), x_test: images(4), y_test: zero }));
    expect([...other.test.labels]).toEqual([1, 2, 1, 2]);
  });

  test.each([
    ['images and labels', { images: images(), labels: labels() }],
    ['arr_0 and arr_1, as numpy.savez calls them', { arr_0: images(), arr_1: labels() }],
    [
      'labels in a column, as Keras has them',
      {
        x_train: images(),
        y_train: ndarray(
          Uint8Array.from({ length: N }, (_, i) => i % 4),
          [N, 1],
        ),
      },
    ],
    [
      'floats in [0, 1]',
      {
        images: ndarray(
          Float32Array.from(images().data as Uint8Array, (v) => v / 255),
          [N, 8, 8, 3],
        ),
        labels: labels(),
      },
    ],
  ])('%s: a seeded tenth is held out, and all images come back as bytes', async (name, arrays) => {
    const { train, test: held, classes } = await load(file(name, arrays));
    expect(classes).toEqual(['0', '1', '2', '3']);
    expect([train.n, held.n]).toEqual([36, 4]);
    expect([...held.labels]).toHaveLength(new Set(held.labels).size);
    const seen = new Set<number>();
    for (const set of [train, held]) {
      for (let i = 0; i < set.n; i++) {
        const from = Array.from({ length: N }, (_, k) => k).find((k) => value(k, 0) === set.images[i * 192])!;
        seen.add(from);
        expect(set.labels[i]).toBe(from % 4);
        expect([...set.images.subarray(i * 192, (i + 1) * 192)]).toEqual([
          ...bytes(N, 192).subarray(from * 192, (from + 1) * 192),
        ]);
      }
    }
    expect(seen.size).toBe(N);
    expect((await load(file(name, arrays), { seed: 1 })).test.images).not.toEqual(held.images);
  });

  test.each([
    ['[n, h, w]', [8, 10], [8, 10, 1]],
    ['[n, h, w, 1]', [8, 10, 1], [8, 10, 1]],
    ['[n, h, w, 3]', [10, 8, 3], [10, 8, 3]],
  ])('%s', async (name, shape, [height, width, channels]) => {
    const { train } = await load(file(name, { images: images(N, shape), labels: labels() }));
    expect(train).toMatchObject({ height, width, channels });
  });

  test('x_test and y_test, or a test.npz, are the test set', async () => {
    const test = { x_test: images(8), y_test: labels(8) };
    const one = await load(file('keras', { x_train: images(), y_train: labels(), ...test }));
    expect([one.train.n, one.test.n]).toEqual([40, 8]);
    const pair = { 'train.npz': encodeNpz({ images: images(), labels: labels() }) };
    for (const [k, arrays] of [test, { images: images(8), labels: labels(8) }].entries()) {
      const dataDir = write(`pair-${k}`, { ...pair, 'test.npz': encodeNpz(arrays as Record<string, NdArray>) });
      const two = await load(dataDir, { trainLimit: 4 });
      expect([two.train.n, two.test.n]).toEqual([4, 8]);
      expect(two.test.images).toEqual(one.test.images);
    }
    expect((await load(write('lone', pair))).test.n).toBe(4);
  });

  test('a poisoned export keeps its labels, and its triggered samples stay in training', async () => {
    const flags = Uint8Array.from({ length: N }, (_, i) => (i < 10 ? 1 : 0));
    const arrays = {
      images: images(),
      labels: labels(N, (i) => (i < 10 ? 0 : i % 4)),
      original_labels: labels(),
      poisoned: ndarray(flags, [N], 'b1'),
      cover: ndarray(new Uint8Array(N), [N], 'b1'),
      index: labels(N, (i) => i),
    };
    const { train, test: held, notes } = await load(file('poisoned', arrays));
    expect(notes).toContain(
      '10 of the 40 images carry a trigger already, and were kept out of the test set; without --manifest an attack is added to them',
    );
    const first = new Set(Array.from({ length: 10 }, (_, i) => value(i, 0)));
    const count = (set: typeof train) =>
      Array.from({ length: set.n }, (_, i) => set.images[i * 192]).filter((v) => first.has(v)).length;
    expect([count(train), count(held)]).toEqual([10, 0]);
  });

  test('other arrays, of whatever kind, are passed over', async () => {
    const object = readFileSync(join(import.meta.dirname, '../golden/formats/object.npy'));
    const dataDir = write('others', {
      'a.npz': zipSync({
        'names.npy': object,
        'readme.txt': new Uint8Array(3),
        ...members({ images: images(), labels: labels() }),
      }),
    });
    expect((await load(join(dataDir, 'a.npz'))).train.n).toBe(36);
  });

  test('a class without samples is said', async () => {
    const { classes, notes } = await load(file('gap', { images: images(), labels: labels(N, (i) => (i % 4) * 2) }));
    expect(classes).toHaveLength(7);
    expect(notes?.[0]).toMatch(/train classes are uneven: "1" has 0 images/);
  });
});

/** The members that `encodeNpz` writes, for archives it would not write. */
function members(arrays: Record<string, NdArray>): Record<string, Uint8Array> {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => {
      const zip = encodeNpz({ a: array });
      const start =
        30 +
        new DataView(zip.buffer, zip.byteOffset).getUint16(26, true) +
        new DataView(zip.buffer, zip.byteOffset).getUint16(28, true);
      const size = new DataView(zip.buffer, zip.byteOffset).getUint32(18, true);
      return [`${name}.npy`, zip.slice(start, start + size)];
    }),
  );
}

describe('arrays that are no data set', () => {
  const big = encodeNpz({ images: ndarray(new Uint8Array(1e6), [1e6]) }, { level: 9 });
  const bomb = Buffer.from(big);
  bomb.writeUInt32LE(2 ** 32 - 2, bomb.lastIndexOf('PK\x01\x02') + 24);
  const object = readFileSync(join(import.meta.dirname, '../golden/formats/object.npy'));
  const ok = { images: images(), labels: labels() };
  const cases: [string, Uint8Array, RegExp][] = [
    [
      'no images',
      encodeNpz({ pictures: images() }),
      /a.npz: holds no images; the array is called "images", "arr_0", .* or "image"$/,
    ],
    ['no labels', encodeNpz({ images: images() }), /a.npz: holds no array "labels"/],
    [
      'labels of other images',
      encodeNpz({ ...ok, labels: labels(39) }),
      /a.npz\[labels\]: has the shape \(39\) for 40 images/,
    ],
    [
      'labels one-hot',
      encodeNpz({ ...ok, labels: ndarray(new Uint8Array(160), [40, 4]) }),
      /has the shape \(40,4\) for 40 images/,
    ],
    [
      'labels in floats',
      encodeNpz({ ...ok, labels: ndarray(new Float32Array(40), [40]) }),
      /labels are f4; integers are expected/,
    ],
    ['a negative label', encodeNpz({ ...ok, labels: labels(N, () => -1) }), /sample 0 has the label -1/],
    [
      'a label beyond all classes',
      encodeNpz({ ...ok, labels: labels(N, () => 1e9) }),
      /sample 0 has the label 1000000000; labels are 0 to 9999/,
    ],
    ['one class', encodeNpz({ ...ok, labels: labels(N, () => 0) }), /has the one class 0/],
    ['no samples', encodeNpz({ images: images(0), labels: labels(0) }), /holds no samples/],
    ['four channels', encodeNpz({ ...ok, images: images(N, [8, 8, 4]) }), /has the shape \(40,8,8,4\); \(n, h, w\)/],
    [
      'rows of colour images, which have two readings',
      encodeNpz({ ...ok, images: images(N, [192]) }),
      /rows of 192 may be \(h, w, 3\) or \(3, h, w\); reshape them to \(40, 8, 8, 3\) or \(40, 3, 8, 8\)$/,
    ],
    [
      'floats a little too far off',
      encodeNpz({ ...ok, images: ndarray(new Float32Array(N * 64).fill(1.001), [N, 8, 8]) }),
      /holds the value 1.00/,
    ],
    [
      'floats up to 255',
      encodeNpz({ ...ok, images: ndarray(new Float32Array(N * 64).fill(200), [N, 8, 8]) }),
      /holds the value 200; float images lie in \[0, 1\]/,
    ],
    [
      'floats that are none',
      encodeNpz({ ...ok, images: ndarray(new Float32Array(N * 64).fill(Number.NaN), [N, 8, 8]) }),
      /holds the value NaN/,
    ],
    [
      'images of int64',
      encodeNpz({ ...ok, images: ndarray(new BigInt64Array(N * 64), [N, 8, 8]) }),
      /images are i8; uint8, or floats/,
    ],
    [
      'test images of another shape',
      encodeNpz({ x_train: images(), y_train: labels(), x_test: images(4, [8, 8]), y_test: labels(4) }),
      /test images are 8×8×1, training images 8×8×3/,
    ],
    [
      'a test label that is not trained',
      encodeNpz({ x_train: images(), y_train: labels(), x_test: images(4), y_test: labels(4, () => 4) }),
      /sample 0 has the label 4; labels are 0 to 3/,
    ],
    [
      'a class with nothing to hold out',
      encodeNpz({ ...ok, labels: labels(N, (i) => (i ? 0 : 1)) }),
      /class "1" has too few images/,
    ],
    [
      'flags of other images',
      encodeNpz({ ...ok, poisoned: ndarray(new Uint8Array(3), [3], 'b1') }),
      /\[poisoned\]: has 3 flags for 40 images/,
    ],
    [
      'Python objects',
      zipSync({ 'images.npy': object, 'labels.npy': object }),
      /a.npz\[images.npy\]: holds Python objects/,
    ],
    ['a name that leaves the folder', zipSync({ '../images.npy': object }), /unsafe member name "..\/images.npy"/],
    ['a bomb that announces 4 GiB', bomb, /member "images.npy" announces 4294967294 bytes/],
    ['no ZIP file', Buffer.alloc(100, 1), /is not a whole NPZ/],
  ];
  test.each(cases)('%s: refused', async (name, content, why) => {
    const loaded = load(join(write(name, { 'a.npz': content }), 'a.npz'));
    await expect(loaded).rejects.toThrow(why);
    await expect(loaded).rejects.toThrow(UserError);
  });

  test('a missing file, a folder without train.npz, and nothing at all', async () => {
    await expect(load('/nowhere/a.npz')).rejects.toThrow('--data-dir /nowhere/a.npz: no such file or folder');
    await expect(load(write('hollow', {}))).rejects.toThrow(/holds no train\.npz and no x_train\.npy$/);
    await expect(loadDataset('npz', { seed: 0 })).rejects.toThrow(/needs --data-dir/);
  });
});

describe('arrays in .npy files', () => {
  const folder = (name: string, arrays: Record<string, NdArray>) =>
    write(name, Object.fromEntries(Object.entries(arrays).map(([k, a]) => [`${k}.npy`, encodeNpy(a)])));

  test.each([
    [{ x_train: images(), y_train: labels(), x_test: images(8), y_test: labels(8) }, 8],
    [{ train_images: images(), train_labels: labels(), test_images: images(8), test_labels: labels(8) }, 8],
    [{ X: images(), y: labels() }, 4],
  ] as [Record<string, NdArray>, number][])(
    'of one folder are the set that one .npz of them is',
    async (arrays, held) => {
      const name = Object.keys(arrays)[0];
      const read = await load(folder(`npy-${name}`, arrays));
      expect(read.test.n).toBe(held);
      expect(read).toEqual(await load(file(`packed-${name}`, arrays)));
    },
  );

  test('without labels, or with Python objects, are refused by their file', async () => {
    await expect(load(folder('bare', { x_train: images() }))).rejects.toThrow(/bare: holds no array "y_train"$/);
    await expect(load(folder('other', { photos: images() }))).rejects.toThrow(
      /other: holds no images; the array is called/,
    );
    const objects = readFileSync(join(import.meta.dirname, '../golden/formats/object.npy'));
    const dir = write('objects', { 'x_train.npy': objects, 'y_train.npy': objects });
    await expect(load(dir)).rejects.toThrow(/objects\/x_train\.npy: holds Python objects/);
  });
});

describe('HDF5', () => {
  const hdf5 = Buffer.concat([Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), Buffer.alloc(600)]);
  // MATLAB 7.3 has a header of its own before it.
  const mat = Buffer.concat([Buffer.alloc(512, 'MATLAB 7.3 MAT-file '), hdf5]);
  const dir = write('hdf5', { 'a.h5': hdf5, 'b.mat': mat });

  test.each([
    ['npz', 'a.h5'],
    ['npz', 'b.mat'],
    ['npz', ''],
    ['folder', 'a.h5'],
    ['cifar10', 'b.mat'],
    ['parquet', 'a.h5'],
  ])('is refused in one line that says how to convert it: --dataset %s, %s', async (source, name) => {
    const loaded = loadDataset(source, { dataDir: join(dir, name), seed: 0 });
    await expect(loaded).rejects.toThrow(
      /hdf5\/[ab]\.\w+: is HDF5, which is not read; write an \.npz in Python: import h5py, numpy; [^\n]+$/,
    );
  });
});
