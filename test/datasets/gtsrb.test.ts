import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadDataset } from '../../src/datasets/index.js';
import { ppm, write } from './scratch.js';

const HEADER = 'Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId';
const csv = (rows: [file: string, label: number | string][], end = '\r\n') =>
  [HEADER, ...rows.map(([file, label]) => `${file};29;30;5;6;24;25;${label}`)].join(end) + end;

/** Two images of each of three classes, the class in the red channel and the image's number in the green one. */
function release(inside = ''): Record<string, Uint8Array | string> {
  const files: Record<string, Uint8Array | string> = {};
  for (const k of [0, 14, 42]) {
    const folder = `${inside}Final_Training/Images/${String(k).padStart(5, '0')}`;
    const names = [0, 1].map((i) => `00000_0000${i}.ppm`);
    names.forEach((name, i) => {
      files[`${folder}/${name}`] = ppm(20 + k, 30, [k, i, 7]);
    });
    files[`${folder}/GT-${String(k).padStart(5, '0')}.csv`] = csv(names.map((name) => [name, k]));
  }
  for (const i of [0, 1]) files[`${inside}Final_Test/Images/0000${i}.ppm`] = ppm(15, 250, [14, i, 9]);
  files[`${inside}GT-final_test.csv`] = csv(
    [
      ['00001.ppm', 14],
      ['00000.ppm', 42],
    ],
    '\n',
  );
  return files;
}

describe('GTSRB', () => {
  test.each(['', 'GTSRB/'])(
    'in "%s": whole images of any size are resized, classes come from the tables',
    async (inside) => {
      const dataDir = write(`release-${inside.length}`, release(inside));
      const { train, test: held, classes, notes } = await loadDataset('gtsrb', { dataDir, seed: 0, size: 16 });
      expect(classes).toHaveLength(43);
      expect([classes[0], classes[14], classes[42]]).toEqual([
        'speed limit 20',
        'stop',
        'end of no passing over 3.5 t',
      ]);
      expect(train).toMatchObject({ n: 6, height: 16, width: 16, channels: 3 });
      expect([...train.labels]).toEqual([0, 0, 14, 14, 42, 42]);
      expect([...held.labels]).toEqual([14, 42]);
      const pixel = (set: typeof train, i: number) => [...set.images.subarray(i * 768 + 300, i * 768 + 303)];
      expect([0, 3, 5].map((i) => pixel(train, i))).toEqual([
        [0, 0, 7],
        [14, 1, 7],
        [42, 1, 7],
      ]);
      expect([0, 1].map((i) => pixel(held, i))).toEqual([
        [14, 1, 9],
        [14, 0, 9],
      ]);
      expect(notes).toContain('train classes are uneven: "speed limit 30" has 0 images, "speed limit 20" has 2');
    },
  );

  test('nothing but what a limit selects is read', async () => {
    // 86 listed, 43 wanted; the files that were not chosen need not exist.
    const listed: Record<string, Uint8Array | string> = { ...release() };
    for (let k = 0; k < 43; k++) {
      const id = String(k).padStart(5, '0');
      listed[`Final_Training/Images/${id}/GT-${id}.csv`] = csv([
        ['a.ppm', k],
        ['b.ppm', k],
      ]);
      for (const name of ['a', 'b'])
        listed[`Final_Training/Images/${id}/${name}.ppm`] = ppm(8, 8, [k, name === 'a' ? 1 : 2, 0]);
    }
    const dataDir = write('lazy', listed);
    const request = { dataDir, seed: 0, trainLimit: 43, size: 8 };
    const { train } = await loadDataset('gtsrb', request);
    for (let k = 0; k < 43; k++) {
      const other = train.images[k * 192 + 1] === 1 ? 'b' : 'a';
      rmSync(join(dataDir, `Final_Training/Images/${String(k).padStart(5, '0')}/${other}.ppm`));
    }
    expect((await loadDataset('gtsrb', request)).train.images).toEqual(train.images);
    await expect(loadDataset('gtsrb', { ...request, trainLimit: 86 })).rejects.toThrow(/[ab].ppm: no such file/);
  });

  const TABLE = 'Final_Training/Images/00014/GT-00014.csv';
  test.each([
    [
      'a class in the folder of another',
      { [TABLE]: csv([['00000_00000.ppm', 13]]) },
      /GT-00014.csv: has the ClassId 13 in the folder of class 00014/,
    ],
    [
      'a class beyond 42',
      { 'GT-final_test.csv': csv([['00000.ppm', 43]]) },
      /GT-final_test.csv: sample 0 has the label 43; labels are 0 to 42/,
    ],
    ['a class that is no number', { 'GT-final_test.csv': csv([['00000.ppm', 'x']]) }, /sample 0 has the label NaN/],
    [
      'a table without classes',
      { 'GT-final_test.csv': 'Filename;Width\n00000.ppm;1\n' },
      /GT-final_test.csv: has no column ClassId/,
    ],
    ['an empty table', { [TABLE]: '' }, /GT-00014.csv: has no column Filename/],
    [
      'a file name that leaves the folder',
      { [TABLE]: csv([['../../x.ppm', 14]]) },
      /row 1 has the file name "..\/..\/x.ppm"/,
    ],
    [
      'a cut image',
      { 'Final_Test/Images/00000.ppm': ppm(15, 15, [1, 2, 3]).subarray(0, 100) },
      /00000.ppm: is truncated/,
    ],
    [
      'a folder of class 43',
      { 'Final_Training/Images/00043/GT-00043.csv': csv([['a.ppm', 43]]) },
      /GT-00043.csv: sample 0 has the label 43/,
    ],
  ])('%s: refused', async (name, wrong, why) => {
    const dataDir = write(name, { ...release(), ...(wrong as Record<string, string>) });
    await expect(loadDataset('gtsrb', { dataDir, seed: 0 })).rejects.toThrow(why);
  });

  test('missing parts are named', async () => {
    const { 'GT-final_test.csv': _, ...rest } = release();
    await expect(loadDataset('gtsrb', { dataDir: write('untold', rest), seed: 0 })).rejects.toThrow(
      /holds no GT-final_test.csv/,
    );
    await expect(loadDataset('gtsrb', { dataDir: write('nothing', {}), seed: 0 })).rejects.toThrow(
      /holds no Final_Training or Training/,
    );
    await expect(
      loadDataset('gtsrb', { dataDir: write('bare', { 'Final_Training/Images/x': '' }), seed: 0 }),
    ).rejects.toThrow(/no class folders 00000 to 00042/);
  });
});
