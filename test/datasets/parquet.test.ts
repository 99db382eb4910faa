/** Parquet files that DuckDB wrote (`test/golden/parquet.mjs`), in the columns, shards and metadata of Hugging Face's data sets. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { classNamesOf, loadDataset } from '../../src/datasets/index.js';
import type { ImageSet } from '../../src/datasets/types.js';
import { root, write } from './scratch.js';

const GOLDEN = join(import.meta.dirname, '../golden/parquet');
const load = (dataDir: string, more = {}) => loadDataset('parquet', { dataDir, seed: 0, ...more });

/** The bytes of image `i`, as the script that wrote the files computes them. */
const picture = (i: number) =>
  Uint8Array.from({ length: 32 * 32 * 3 }, (_, at) => {
    const [y, x, c] = [Math.floor(at / 96), Math.floor(at / 3) % 32, at % 3];
    return (37 * i + 11 * y + 5 * x + 80 * c) % 256;
  });
const image = ({ images }: ImageSet, at: number) => images.subarray(at * 3072, (at + 1) * 3072);

/** A folder with the files of the data set `animals`, each under the name that it gets. */
function animals(name: string, names: Record<string, string>): string {
  for (const [to, from] of Object.entries(names)) {
    mkdirSync(join(root, name, to, '..'), { recursive: true });
    copyFileSync(join(GOLDEN, 'animals/data', `${from}.parquet`), join(root, name, to));
  }
  return join(root, name);
}

describe('a data set of Hugging Face', () => {
  it('has the images, labels and names that its writer put into its shards, under three compressions', async () => {
    const { classes, train, test } = await load(join(GOLDEN, 'animals'));
    expect(classes).toEqual(['cat', 'dog', 'fox']);
    expect([train.n, train.height, train.width, train.channels, test.n]).toEqual([15, 32, 32, 3, 6]);
    for (let i = 0; i < 15; i++) expect(image(train, i), `train ${i}`).toEqual(picture(i));
    for (let i = 0; i < 6; i++) expect(image(test, i), `test ${i}`).toEqual(picture(15 + i));
    expect([...train.labels]).toEqual(Array.from({ length: 15 }, (_, i) => i % 3));
    expect(train.records?.[10]).toBe(join(GOLDEN, 'animals/data/train-00001-of-00002.parquet#1'));
    expect(await classNamesOf('parquet', join(GOLDEN, 'animals'))).toEqual(classes);
  });

  it('gives the images that a limit selects, with their places', async () => {
    const { train } = await load(join(GOLDEN, 'animals'), { trainLimit: 6, testLimit: 3 });
    expect(train.n).toBe(6);
    train.places!.forEach((place, i) => {
      expect(image(train, i)).toEqual(picture(place));
      expect(train.labels[i]).toBe(place % 3);
    });
  });

  it('may be one file, whose test images are held out, with the columns of CIFAR-100', async () => {
    const { classes, train, test } = await load(join(GOLDEN, 'fine.parquet'));
    expect(classes).toEqual(['apple', 'beaver', 'cloud']);
    expect([train.n, test.n]).toEqual([27, 3]);
    for (const part of [train, test])
      part.places!.forEach((place, i) => {
        expect(image(part, i)).toEqual(picture(place));
        expect(part.labels[i]).toBe(place % 3);
      });
  });

  it('without metadata has classes called by their numbers, which a note says', async () => {
    const { classes, notes } = await load(join(GOLDEN, 'unnamed.parquet'));
    expect(classes).toEqual(['0', '1', '2']);
    expect(notes).toContain('unnamed.parquet: does not name its classes; they are called by their numbers');
  });

  it.each([
    [
      'folders of splits',
      { 'plain/train/0000.parquet': 'train-00000-of-00002', 'plain/test/0000.parquet': 'test-00000-of-00001' },
      9,
      6,
      null,
    ],
    [
      'names with a hash',
      {
        'data/train-00000-of-00001-0a1b2c3d4e5f6a7b.parquet': 'train-00000-of-00002',
        'data/test-00000-of-00001-0a1b2c3d4e5f6a7b.parquet': 'test-00000-of-00001',
      },
      9,
      6,
      null,
    ],
    [
      'a validation split',
      { 'train.parquet': 'train-00000-of-00002', 'validation.parquet': 'test-00000-of-00001' },
      9,
      6,
      'validation is the test set',
    ],
  ])('in %s is found', async (name, files, n, tested, note) => {
    const { train, test, notes } = await load(animals(name, files as Record<string, string>));
    expect([train.n, test.n]).toEqual([n, tested]);
    if (note) expect(notes).toContain(note);
  });

  it('whose test labels are hidden is tested on its validation split', async () => {
    const folder = animals('hidden', {
      'train.parquet': 'train-00000-of-00002',
      'validation.parquet': 'test-00000-of-00001',
    });
    copyFileSync(join(GOLDEN, 'hidden.parquet'), join(folder, 'test.parquet'));
    const { test, notes } = await load(folder);
    expect(test.n).toBe(6);
    expect(notes).toContain('test is not used: its labels are hidden');
  });

  it('may hold JPEG images of other sizes', async () => {
    const jpeg = await sharp({ create: { width: 50, height: 40, channels: 3, background: { r: 200, g: 100, b: 50 } } })
      .jpeg({ quality: 100 })
      .toBuffer();
    const file = join(write('jpeg', {}), 'a.parquet');
    writeFileSync(
      file,
      new Uint8Array(
        parquetWriteBuffer({
          columnData: [
            { name: 'img', data: Array.from({ length: 8 }, () => new Uint8Array(jpeg)), type: 'BYTE_ARRAY' },
            { name: 'label', data: Int32Array.from({ length: 8 }, (_, i) => 1 + (i % 2)), type: 'INT32' },
          ],
          rowGroupSize: 3,
        }),
      ),
    );
    const { train, classes, notes } = await load(file, { size: 16 });
    expect([train.height, train.width]).toEqual([16, 16]);
    for (const [c, v] of [200, 100, 50].entries()) expect(Math.abs(train.images[c] - v)).toBeLessThan(4);
    expect(classes).toEqual(['1', '2']);
    expect(notes?.join()).toContain('count from 1');
  });
});

describe('what is refused, in one line that says what to do', () => {
  const refused = async (dataDir: string | undefined, message: RegExp) =>
    expect(loadDataset('parquet', { dataDir, seed: 0 })).rejects.toThrow(message);

  it('columns that leave it open', () =>
    refused(
      join(GOLDEN, 'two-labels.parquet'),
      /no column is called "label".*and "age", "sex" may be it; rename the column of classes to "label"$/,
    ));

  it('classes as texts', async () => {
    const file = join(write('texts', {}), 'a.parquet');
    const columnData = [
      { name: 'image', data: [new Uint8Array(9)], type: 'BYTE_ARRAY' as const },
      { name: 'label', data: ['cat'], type: 'STRING' as const },
      { name: 'id', data: Int32Array.of(4), type: 'INT32' as const },
    ];
    writeFileSync(file, new Uint8Array(parquetWriteBuffer({ columnData })));
    await refused(
      file,
      /its column "label" holds texts; class numbers are expected: dataset\.class_encode_column\("label"\)/,
    );
  });

  it('hidden labels', () => refused(join(GOLDEN, 'hidden.parquet'), /sample 0 has the label -1; labels are 0 to 2$/));

  it('a compression that this Node does not have', async () => {
    if ('zstdDecompressSync' in zlib) expect((await load(join(GOLDEN, 'zstd.parquet'))).train.n).toBe(3);
    else
      await refused(
        join(GOLDEN, 'zstd.parquet'),
        /compressed by ZSTD, which Node reads from 22\.15 on; .*write it again/,
      );
  });

  it('a shard that is missing', () =>
    refused(
      animals('gap', { 'train-00000-of-00002.parquet': 'train-00000-of-00002' }),
      /of the 2 shards of "train" number 1 is missing$/,
    ));

  it('two data sets in one folder', () =>
    refused(
      animals('both', { 'a/train/0.parquet': 'train-00000-of-00002', 'b/train/0.parquet': 'train-00000-of-00002' }),
      /holds several data sets, a, b; name one of these folders$/,
    ));

  it('shards of other classes', () => {
    const folder = animals('mixed', { 'train-00000-of-00002.parquet': 'train-00000-of-00002' });
    copyFileSync(join(GOLDEN, 'fine.parquet'), join(folder, 'train-00001-of-00002.parquet'));
    return refused(folder, /its columns or classes differ from those of .*train-00000-of-00002\.parquet$/);
  });

  it('images that are damaged, or paths alone, by file and row', async () => {
    const cell = (bytes: Uint8Array | null) => ({ bytes, path: 'far/away.png' });
    const good = new Uint8Array(
      await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
        .png()
        .toBuffer(),
    );
    const folder = write('bad', {});
    const file = join(folder, 'train.parquet');
    writeFileSync(
      file,
      new Uint8Array(
        parquetWriteBuffer({
          schema: [
            { name: 'root', num_children: 2 },
            { name: 'image', repetition_type: 'OPTIONAL', num_children: 2 },
            { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
            { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
            { name: 'label', type: 'INT32', repetition_type: 'REQUIRED' },
          ],
          columnData: [
            {
              name: 'image',
              data: [
                cell(good),
                cell(null),
                cell(new TextEncoder().encode('<html>')),
                cell(good),
                cell(good),
                cell(good),
              ],
            },
            { name: 'label', data: Int32Array.from([0, 1, 0, 1, 0, 1]) },
          ],
        }),
      ),
    );
    copyFileSync(file, join(folder, 'test.parquet'));
    await refused(
      folder,
      /train\.parquet#1: cannot be read as an image \(the file holds its path far\/away\.png and not its bytes\); .*train\.parquet#2: cannot be read as an image \(it is an HTML page\)/,
    );
  });

  it('files that are no Parquet, and none', async () => {
    const folder = write('none', { 'a.txt': 'x', 'html.parquet': '<html>not here</html>', 'short.parquet': 'PAR1' });
    await refused(join(folder, 'html.parquet'), /is not a whole Parquet file, it does not end in PAR1/);
    await refused(join(folder, 'short.parquet'), /is not a Parquet file, it has 4 bytes/);
    await refused(join(folder, 'missing.parquet'), /no such file or folder/);
    await refused(write('empty', { 'a.txt': 'x' }), /holds no \.parquet files/);
    await refused(undefined, /needs --data-dir/);
  });

  it('a file that is cut off, or has bytes changed, where it cannot be read', async () => {
    const whole = readFileSync(join(GOLDEN, 'fine.parquet'));
    const folder = write('damaged', {});
    const file = join(folder, 'a.parquet');
    let refusals = 0;
    for (let round = 0; round < 120; round++) {
      const bytes = Buffer.from(whole);
      const at = (round * 7919) % bytes.length;
      bytes[round % 2 ? bytes.length - 9 - (at % 900) : at] ^= 1 + (round % 255);
      writeFileSync(file, round % 5 ? bytes : bytes.subarray(0, at));
      await load(file).catch((error: Error) => {
        refusals++;
        expect(error.name).toBe('UserError');
        expect(error.message).not.toContain('\n');
      });
    }
    expect(refusals).toBeGreaterThan(30);
  });
});
