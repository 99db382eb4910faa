import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { loadDataset } from '../../src/datasets/index.js';
import { write } from './scratch.js';

const IDS = ['n02124075', 'n01443537', 'n04067472'];
const jpeg = (grey: number, size = 64) =>
  sharp({ create: { width: size, height: size, channels: 3, background: { r: grey, g: grey, b: grey } } })
    .jpeg({ quality: 100 })
    .toBuffer();

async function release(): Promise<Record<string, Uint8Array | string>> {
  const files: Record<string, Uint8Array | string> = {
    'wnids.txt': `${IDS.join('\n')}\n`,
    'words.txt': 'n00001740\tentity\nn02124075\tEgyptian cat\nn01443537\tgoldfish, Carassius auratus\n',
    'val/val_annotations.txt': 'val_0.JPEG\tn04067472\t0\t32\t44\t62\nval_1.JPEG\tn02124075\t52\t55\t57\t59\n',
    'val/images/val_0.JPEG': await jpeg(200),
    'val/images/val_1.JPEG': await jpeg(210),
  };
  for (const [k, id] of IDS.entries()) {
    for (const i of [0, 1]) files[`train/${id}/images/${id}_${i}.JPEG`] = await jpeg(40 * k + 10 * i);
    files[`train/${id}/${id}_boxes.txt`] = 'not looked at';
  }
  return files;
}

describe('Tiny ImageNet', () => {
  test('64×64, classes in the order of their ids, val as the test set', async () => {
    const files = Object.entries(await release()).map(([file, content]) => [`tiny-imagenet-200/${file}`, content]);
    const {
      classes,
      train,
      test: held,
      notes,
    } = await loadDataset('tiny-imagenet', {
      dataDir: write('whole', Object.fromEntries(files)),
      seed: 0,
    });
    expect(classes).toEqual(['goldfish', 'Egyptian cat', 'n04067472']);
    expect(train).toMatchObject({ n: 6, height: 64, width: 64, channels: 3 });
    expect([...train.labels]).toEqual([0, 0, 1, 1, 2, 2]);
    expect([...held.labels]).toEqual([2, 1]);
    const grey = (set: typeof train, i: number) => set.images[i * 64 * 64 * 3 + 6000];
    expect([0, 1, 2, 3, 4, 5].map((i) => grey(train, i))).toEqual([40, 50, 0, 10, 80, 90]);
    expect([0, 1].map((i) => grey(held, i))).toEqual([200, 210]);
    expect(notes).toEqual(['test classes are uneven: "goldfish" has 0 images, "Egyptian cat" has 1']);
  });

  test('another size, and a limit that leaves damaged files alone', async () => {
    const files = await release();
    const dataDir = write('some', files);
    const request = { dataDir, seed: 0, size: 32, trainLimit: 3 };
    const { train } = await loadDataset('tiny-imagenet', request);
    expect(train).toMatchObject({ n: 3, height: 32, width: 32 });
    const chosen = [0, 1, 2].map((i) => train.images[i * 3072]);
    for (const [k, id] of IDS.entries()) {
      for (const i of [0, 1]) {
        if (!chosen.includes(40 * k + 10 * i)) write('some', { [`train/${id}/images/${id}_${i}.JPEG`]: 'spoiled' });
      }
    }
    expect((await loadDataset('tiny-imagenet', request)).train.images).toEqual(train.images);
    await expect(loadDataset('tiny-imagenet', { ...request, trainLimit: 6 })).rejects.toThrow(
      /JPEG: cannot be read as an image/,
    );
  });

  test.each([
    ['an id that is none', { 'wnids.txt': 'n02124075\ncat\n' }, /wnids.txt: "cat" is no WordNet id/],
    ['an id twice', { 'wnids.txt': 'n02124075\nn02124075\n' }, /wnids.txt: "n02124075" is no WordNet id of its own/],
    ['one id', { 'wnids.txt': 'n02124075\n' }, /lists 1 classes; two are needed/],
    [
      'a test class that is not listed',
      { 'val/val_annotations.txt': 'val_0.JPEG\tn99999999\n' },
      /line 1 has the class "n99999999", which wnids.txt does not list/,
    ],
    [
      'a path among the file names',
      { 'val/val_annotations.txt': '../val_0.JPEG\tn02124075\n' },
      /line 1 has the file name "..\/val_0.JPEG"/,
    ],
    ['no annotations', { 'val/val_annotations.txt': '\n' }, /val_annotations.txt: lists no images/],
    [
      'a class without a folder',
      { 'wnids.txt': `${IDS.join('\n')}\nn00000001\n` },
      /n00000001\/images: no such folder/,
    ],
  ])('%s: refused', async (name, wrong, why) => {
    const dataDir = write(name, { ...(await release()), ...(wrong as Record<string, string>) });
    await expect(loadDataset('tiny-imagenet', { dataDir, seed: 0 })).rejects.toThrow(why);
  });
});
