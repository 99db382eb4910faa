import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { readLabelled } from '../../src/datasets/folder.js';
import { loadDataset } from '../../src/datasets/index.js';
import type { ImageSet } from '../../src/datasets/types.js';

const root = mkdtempSync(join(tmpdir(), 'ibscope-folder-'));
afterAll(() => rmSync(root, { recursive: true }));

type Rgb = [number, number, number];
const plain = ([r, g, b]: Rgb, width = 32, height = 32) =>
  sharp({ create: { width, height, channels: 3, background: { r, g, b } } });

/** Writes plain images: `tree({ 'train/cat/a.png': [255, 0, 0] })`. */
async function tree(name: string, files: Record<string, Rgb>): Promise<string> {
  for (const [path, colour] of Object.entries(files)) {
    const file = join(root, name, path);
    mkdirSync(dirname(file), { recursive: true });
    await plain(colour).toFile(file);
  }
  return join(root, name);
}

const pixel = (set: ImageSet, i: number, y = 5, x = 5) => {
  const at = ((i * set.height + y) * set.width + x) * 3;
  return [...set.images.subarray(at, at + 3)];
};

/** `n` files of a class, the image's number in the red channel. */
const many = (folder: string, n: number, green: number): Record<string, Rgb> =>
  Object.fromEntries(
    Array.from({ length: n }, (_, i) => [`${folder}/${String(i).padStart(3, '0')}.png`, [i, green, 0] as Rgb]),
  );

describe('a labelled folder', () => {
  test('has its classes in train/, and may have a class that is called so', async () => {
    const split = await tree('split', { ...many('train/a', 2, 1), ...many('train/b', 2, 2) });
    expect((await readLabelled(split)).classes).toEqual(['a', 'b']);
    const vehicles = await tree('vehicles', { ...many('train', 2, 1), ...many('tram', 2, 2) });
    expect((await readLabelled(vehicles)).classes).toEqual(['train', 'tram']);
  });
});

describe('layouts that people have', () => {
  const load = (dataDir: string) => loadDataset('folder', { dataDir, seed: 0 });
  const counts = async (dataDir: string) => {
    const { classes, train, test: tested, notes } = await load(dataDir);
    return { classes, n: [train.n, tested.n], notes: notes ?? [] };
  };
  const split = (train: string, held: string) => ({
    ...many(`${train}/a`, 4, 1),
    ...many(`${train}/b`, 4, 2),
    ...many(`${held}/a`, 2, 1),
    ...many(`${held}/b`, 2, 2),
  });

  test.each([
    ['train', 'val'],
    ['Train', 'Test'],
    ['training', 'validation'],
    ['TRAIN', 'test'],
  ])('%s/ and %s/ are the splits', async (train, held) => {
    const found = await counts(await tree(`splits-${train}-${held}`, split(train, held)));
    expect(found).toEqual({
      classes: ['a', 'b'],
      n: [8, 4],
      notes: held === 'test' ? [] : [`${held}/ is the test set`],
    });
  });

  test('test/ is taken before val/, which is named', async () => {
    const dir = await tree('three', { ...split('train', 'test'), ...many('val/a', 1, 1), ...many('val/b', 1, 2) });
    expect(await counts(dir)).toEqual({ classes: ['a', 'b'], n: [8, 4], notes: ['val/ is not used'] });
  });

  test('classes may be called val and train, if they hold images', async () => {
    const dir = await tree('called', { ...many('val', 20, 1), ...many('train', 20, 2) });
    expect((await counts(dir)).classes).toEqual(['train', 'val']);
  });

  test('a pack that was unpacked one or two folders too deep is found', async () => {
    const dir = await tree(
      'deep',
      Object.fromEntries(Object.entries(split('train', 'test')).map(([k, v]) => [`pack/pack/${k}`, v])),
    );
    writeFileSync(join(dir, 'README.txt'), 'read me');
    expect(await counts(dir)).toEqual({
      classes: ['a', 'b'],
      n: [8, 4],
      notes: [`the images are in ${join(dir, 'pack', 'pack')}`],
    });
    expect((await readLabelled(dir)).classes).toEqual(['a', 'b']);
  });

  test('what systems leave behind is ignored everywhere', async () => {
    const dir = await tree('system', {
      ...split('train', 'test'),
      ...many('__MACOSX/train/a', 1, 9),
      ...many('train/.ipynb_checkpoints', 1, 9),
    });
    for (const folder of ['', 'train', 'train/a', 'test/b'])
      for (const name of ['.DS_Store', 'Thumbs.db', 'desktop.ini', '._a.png'])
        writeFileSync(join(dir, folder, name), 'x');
    expect(await counts(dir)).toEqual({ classes: ['a', 'b'], n: [8, 4], notes: [] });
  });

  test('test/ alone is refused', async () => {
    const dir = await tree('only-test', {
      ...many('test/a', 2, 1),
      ...many('test/b', 2, 1),
      ...many('other/a', 2, 1),
      ...many('other/b', 2, 1),
    });
    await expect(load(dir)).rejects.toThrow('has test/ but no train/');
  });
});

describe('an image folder', () => {
  test('classes and files come in sorted order; names that begin with a dot are ignored', async () => {
    const dataDir = await tree('order', {
      'train/dog/b.png': [3, 0, 0],
      'train/cat/b.png': [2, 0, 0],
      'train/cat/a.png': [1, 0, 0],
      'train/.cache/x.png': [9, 9, 9],
      'test/dog/a.png': [4, 0, 0],
      'test/cat/a.png': [5, 0, 0],
    });
    writeFileSync(join(dataDir, 'train/cat/.DS_Store'), 'x');
    writeFileSync(join(dataDir, 'train/README.md'), 'x');
    const { train, test: held, classes } = await loadDataset('folder', { dataDir, seed: 0 });
    expect(classes).toEqual(['cat', 'dog']);
    expect([0, 1, 2].map((i) => pixel(train, i)[0])).toEqual([1, 2, 3]);
    expect([...train.labels]).toEqual([0, 0, 1]);
    expect([...held.labels]).toEqual([0, 1]);
    expect([0, 1].map((i) => pixel(held, i)[0])).toEqual([5, 4]);
  });

  test('any size, grey, alpha, palette and JPEG become square RGB', async () => {
    const dir = join(root, 'kinds');
    mkdirSync(join(dir, 'test/a'), { recursive: true });
    for (const c of ['a', 'b']) mkdirSync(join(dir, 'train', c), { recursive: true });
    const train = (file: string) => join(dir, 'train', file);
    await plain([10, 200, 30], 100, 40).png().toFile(train('a/0-wide.png'));
    await plain([90, 90, 90], 8, 8).toColourspace('b-w').png().toFile(train('a/1-grey.png'));
    const clear = {
      create: { width: 32, height: 32, channels: 4 as const, background: { r: 255, g: 0, b: 0, alpha: 0.5 } },
    };
    await sharp(clear).png().toFile(train('a/2-alpha.png'));
    await plain([200, 40, 40]).png({ palette: true }).toFile(train('a/3-palette.png'));
    await plain([40, 80, 120], 64, 64).jpeg({ quality: 100 }).toFile(train('b/0.JPG'));
    await plain([1, 2, 3]).webp({ lossless: true }).toFile(train('b/1.webp'));
    const deep = Uint16Array.from({ length: 32 * 32 * 3 }, () => 257 * 77);
    await sharp(deep, { raw: { width: 32, height: 32, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toFile(train('b/2-16bit.png'));
    await plain([0, 0, 0]).toFile(join(dir, 'test/a/0.png'));
    const { train: set, notes } = await loadDataset('folder', { dataDir: dir, seed: 0, size: 16 });
    expect(set).toMatchObject({ n: 7, height: 16, width: 16, channels: 3 });
    expect(pixel(set, 0)).toEqual([10, 200, 30]);
    expect(pixel(set, 1)).toEqual([90, 90, 90]);
    // Half red over white.
    for (const [c, v] of [255, 127, 127].entries()) expect(Math.abs(pixel(set, 2)[c] - v)).toBeLessThanOrEqual(1);
    expect(pixel(set, 3)).toEqual([200, 40, 40]);
    for (const [c, v] of [40, 80, 120].entries()) expect(Math.abs(pixel(set, 4)[c] - v)).toBeLessThanOrEqual(2);
    expect(pixel(set, 5)).toEqual([1, 2, 3]);
    expect(pixel(set, 6)).toEqual([77, 77, 77]);
    expect(notes).toEqual(['test classes are uneven: "b" has 0 images, "a" has 1']);
  });

  test('an image is stretched to the square, not cropped: both ends of a wide one are there', async () => {
    const dataDir = await tree('stretch', { 'train/b/0.png': [0, 0, 0], 'test/b/0.png': [0, 0, 0] });
    mkdirSync(join(dataDir, 'train/a'), { recursive: true });
    const left = await plain([255, 0, 0], 10, 32).png().toBuffer();
    await plain([0, 0, 255], 128, 32)
      .composite([{ input: left, left: 0, top: 0 }])
      .toFile(join(dataDir, 'train/a/0.png'));
    const { train } = await loadDataset('folder', { dataDir, seed: 0 });
    expect(pixel(train, 0, 16, 0)[0]).toBeGreaterThan(200);
    expect(pixel(train, 0, 16, 31)[2]).toBeGreaterThan(200);
  });

  test('without test/ a seeded tenth of every class is held out, and nothing is in both', async () => {
    const dataDir = await tree('alone', { ...many('cat', 30, 0), ...many('dog', 30, 1) });
    const { train, test: held, classes } = await loadDataset('folder', { dataDir, seed: 0 });
    expect(classes).toEqual(['cat', 'dog']);
    expect([train.n, held.n]).toEqual([54, 6]);
    expect([...held.labels]).toEqual([0, 0, 0, 1, 1, 1]);
    const key = (set: ImageSet, i: number) => pixel(set, i).join();
    const keys = [train, held].flatMap((set) => Array.from({ length: set.n }, (_, i) => key(set, i)));
    expect(new Set(keys).size).toBe(60);
    const again = await loadDataset('folder', { dataDir, seed: 0 });
    expect(again.test.images).toEqual(held.images);
    const other = await loadDataset('folder', { dataDir, seed: 1 });
    expect(other.test.images).not.toEqual(held.images);
  });

  test('with a limit only the chosen files are decoded', async () => {
    const dataDir = await tree('lazy', {
      ...many('train/cat', 20, 0),
      ...many('train/dog', 20, 1),
      ...many('test/cat', 1, 0),
      ...many('test/dog', 1, 1),
    });
    const request = { dataDir, seed: 0, trainLimit: 10 };
    const { train } = await loadDataset('folder', request);
    expect([...train.labels]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
    // Spoil every file that was not chosen: nothing changes. Spoil one that was: it is named.
    const chosen = new Set(Array.from({ length: 10 }, (_, i) => pixel(train, i).join()));
    const spoil = (folder: string, i: number) =>
      writeFileSync(join(dataDir, 'train', folder, `${String(i).padStart(3, '0')}.png`), 'spoiled');
    for (let i = 0; i < 20; i++) if (!chosen.has([i, 0, 0].join())) spoil('cat', i);
    expect((await loadDataset('folder', request)).train.images).toEqual(train.images);
    spoil('dog', pixel(train, 7)[0]);
    await expect(loadDataset('folder', request)).rejects.toThrow(/train\/dog\/\d{3}.png: cannot be read as an image/);
  });
});

describe('formats of class folders', () => {
  const golden = (name: string) => readFileSync(join(import.meta.dirname, `../golden/pictures/${name}`));
  test.each([
    ...['24', '8', 'grey', '1', '32'].map((kind) => `square-${kind}.bmp`),
    ...['square.tiff', 'square.gif', 'square.ppm', 'square.pgm'],
  ])('%s has the pixels that Pillow reads', async (name) => {
    const dataDir = await tree(`format ${name}`, { ...many('cat', 3, 0), ...many('dog', 3, 1) });
    // A name first in its class, so that it is the first image.
    writeFileSync(join(dataDir, 'cat', `!${name}`), golden(name));
    const { set } = await readLabelled(dataDir);
    expect(Buffer.from(set.images.subarray(0, 3072))).toEqual(golden(`${name}.rgb`));
  });

  test('a JPEG called .jfif, and a BMP called .png, are read by what they are', async () => {
    const dataDir = await tree('other names', { ...many('cat', 3, 0), ...many('dog', 3, 1) });
    writeFileSync(join(dataDir, 'cat/!b.png'), golden('square-24.bmp'));
    await plain([200, 100, 0], 32, 32).jpeg().toFile(join(dataDir, 'cat/!a.jfif'));
    const { set } = await readLabelled(dataDir);
    expect(Buffer.from(set.images.subarray(3072, 6144))).toEqual(golden('square-24.bmp.rgb'));
    const [r, g, b] = set.images;
    for (const [value, of] of [
      [r, 200],
      [g, 100],
      [b, 0],
    ])
      expect(Math.abs(value - of)).toBeLessThan(4);
  });

  test('every damaged file is named, with what it is', async () => {
    const dataDir = await tree('damaged', { ...many('cat', 3, 0), ...many('dog', 3, 1) });
    const files: [string, string, RegExp][] = [
      [
        'cat/p.jpg',
        '<!DOCTYPE html><title>Not found</title>',
        /cat\/p\.jpg: cannot be read as an image \(it is an HTML page\)/,
      ],
      ['cat/q.png', '', /cat\/q\.png: cannot be read as an image \(it is empty, 0 bytes\)/],
      [
        'dog/r.png',
        'version https://git-lfs.github.com/spec/v1\n',
        /dog\/r\.png: .*a pointer of Git LFS: the image itself was not/,
      ],
      ['dog/t.png', '\x1f\x8b\b', /dog\/t\.png: .*it is a gzip archive/],
      [
        'dog/u.png',
        '\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied',
        /dog\/u\.png: .*it is XML, as servers answer/,
      ],
      ['dog/s.bmp', 'BM', /dog\/s\.bmp: is truncated in its header;/],
    ];
    for (const [file, text] of files)
      writeFileSync(join(dataDir, file), text.startsWith('\x1f') ? Buffer.from(text, 'latin1') : text);
    const loaded = readLabelled(dataDir);
    await expect(loaded).rejects.toThrow(/^6 of 12 images are damaged: /);
    for (const [, , why] of files) await expect(loaded).rejects.toThrow(why);
  });

  test('a TIFF of several pages is refused', async () => {
    const dataDir = await tree('pages', { ...many('cat', 3, 0), ...many('dog', 3, 1) });
    const pages = [0, 1].map((k) =>
      plain([k * 200, 0, 0], 16, 16)
        .png()
        .toBuffer(),
    );
    await sharp(await Promise.all(pages), { join: { animated: true } })
      .tiff()
      .toFile(join(dataDir, 'cat/x.tiff'));
    await expect(readLabelled(dataDir)).rejects.toThrow(/cat\/x\.tiff: .*it has 2 pages/);
  });
});

describe('an image folder that cannot be used', () => {
  const cases: [string, Record<string, Rgb>, RegExp][] = [
    ['one class only', { 'train/cat/a.png': [0, 0, 0] }, /train: has the one class "cat"; two are needed/],
    [
      'a test class that is not trained',
      { 'train/cat/a.png': [0, 0, 0], 'train/dog/a.png': [0, 0, 0], 'test/dgo/a.png': [0, 0, 0] },
      /unknown class in .*test "dgo": one of cat, dog. Did you mean "dog"\?/,
    ],
    ['test/ without train/', { 'test/cat/a.png': [0, 0, 0], 'other/a.png': [0, 0, 0] }, /has test\/ but no train\//],
    [
      'a class of one image with nothing to hold out',
      { 'cat/a.png': [0, 0, 0], 'dog/a.png': [0, 0, 0], 'dog/b.png': [0, 0, 0] },
      /class "cat" has too few images/,
    ],
    ['a folder among the images', { 'cat/a.png': [0, 0, 0], 'dog/more/a.png': [0, 0, 0] }, /dog\/more: is a folder/],
  ];
  test.each(cases)('%s', async (name, files, why) => {
    const dataDir = await tree(name.replace(/\W/g, '-'), files);
    const loaded = loadDataset('folder', { dataDir, seed: 0 });
    await expect(loaded).rejects.toThrow(why);
    await expect(loaded).rejects.toThrow(UserError);
  });

  test('an empty folder, an empty class and a missing folder', async () => {
    mkdirSync(join(root, 'empty/train'), { recursive: true });
    await expect(loadDataset('folder', { dataDir: join(root, 'empty'), seed: 0 })).rejects.toThrow(/no class folders/);
    const dataDir = await tree('hollow', { 'cat/a.png': [0, 0, 0], 'dog/a.png': [0, 0, 0] });
    mkdirSync(join(dataDir, 'eel'));
    await expect(loadDataset('folder', { dataDir, seed: 0 })).rejects.toThrow(/eel: class folder holds no images/);
    await expect(loadDataset('folder', { dataDir: join(root, 'none'), seed: 0 })).rejects.toThrow(/no such folder/);
  });

  test('a file that is no image, and a cut one, are named', async () => {
    const dataDir = await tree('foreign', { ...many('cat', 3, 0), ...many('dog', 3, 1) });
    writeFileSync(join(dataDir, 'cat/notes.txt'), 'x');
    await expect(loadDataset('folder', { dataDir, seed: 0 })).rejects.toThrow(/cat\/notes.txt: is not a JPEG, PNG/);
    rmSync(join(dataDir, 'cat/notes.txt'));
    const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i * 31) % 251);
    const jpeg = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
      .jpeg()
      .toBuffer();
    writeFileSync(join(dataDir, 'cat/cut.jpg'), jpeg.subarray(0, jpeg.length / 2));
    await expect(loadDataset('folder', { dataDir, seed: 0 })).rejects.toThrow(/cat\/cut.jpg: cannot be read/);
  });

  test('an animation, a drawing under another name, and a link to nowhere are named', async () => {
    const dataDir = await tree('strange', { ...many('cat', 3, 0), ...many('dog', 3, 1) });
    const file = join(dataDir, 'cat/x.webp');
    const frames = [0, 1].map((k) =>
      plain([k * 200, 0, 0], 16, 16)
        .png()
        .toBuffer(),
    );
    await sharp(await Promise.all(frames), { join: { animated: true } })
      .webp()
      .toFile(file);
    await expect(loadDataset('folder', { dataDir, seed: 0 })).rejects.toThrow(/cat\/x.webp: .*animated, with 2 frames/);
    writeFileSync(file, '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    await expect(loadDataset('folder', { dataDir, seed: 0 })).rejects.toThrow(/cat\/x.webp: .*its content is svg/);
    rmSync(file);
    symlinkSync(join(dataDir, 'gone.webp'), file);
    await expect(loadDataset('folder', { dataDir, seed: 0 })).rejects.toThrow(/cat\/x.webp: no such file/);
    await expect(loadDataset('folder', { dataDir, seed: 0 })).rejects.toThrow(UserError);
  });

  test('an image that announces more pixels than memory holds is refused', async () => {
    const dataDir = await tree('bomb', { ...many('cat', 3, 0), ...many('dog', 3, 1) });
    const png = await plain([1, 2, 3]).png().toBuffer();
    png.writeUInt32BE(60000, 16);
    png.writeUInt32BE(60000, 20);
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
    writeFileSync(join(dataDir, 'cat/bomb.png'), png);
    await expect(loadDataset('folder', { dataDir, seed: 0 })).rejects.toThrow(/bomb.png: cannot be read .*pixel limit/);
  });

  test.each([4, 33.3, 5000])('a size of %d is refused', async (size) => {
    const dataDir = await tree('size', { ...many('cat', 3, 0), ...many('dog', 3, 1) });
    await expect(loadDataset('folder', { dataDir, seed: 0, size })).rejects.toThrow(`image size ${size}: allowed`);
  });
});
