/**
 * MNIST (LeCun, Cortes and Burges, http://yann.lecun.com/exdb/mnist/) and Fashion-MNIST (Xiao, Rasul and Vollgraf 2017,
 * https://github.com/zalandoresearch/fashion-mnist): `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and their
 * `t10k-` pair, plain or with `.gz`.
 *
 * Images keep their shape, [n, 28, 28, 1] uint8; models and attacks accept any shape. The class "T-shirt/top" is named T-shirt here, because
 * class names become names of folders. Without a folder, Fashion-MNIST is read from where Debian's package `dataset-fashion-mnist` puts it.
 */

import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import { decodeIdx, type IdxArray } from '../formats/idx.js';
import { firstExisting, locate, readBytes, requireDir } from './directory.js';
import { imbalance, limited } from './limits.js';
import { checkLabels, gather } from './select.js';
import type { DatasetSource, ImageSet } from './types.js';

const SIDE = 28;

async function readIdx(folder: string, file: string, rank: number): Promise<IdxArray & { path: string }> {
  const plain = join(folder, file);
  const path = (await firstExisting([plain, `${plain}.gz`])) ?? plain;
  const array = decodeIdx(await readBytes(path), path);
  if (array.shape.length !== rank) {
    throw new UserError(`${path}: has the shape (${array.shape}); ${rank} dimensions are expected`);
  }
  return { ...array, path };
}

/** How the file names of a split begin. */
const PREFIX = { train: 'train', test: 't10k' } as const;

async function readSplit(
  folder: string,
  classes: number,
  split: 'train' | 'test',
  limit: number | undefined,
  seed: number,
): Promise<ImageSet> {
  const images = await readIdx(folder, `${PREFIX[split]}-images-idx3-ubyte`, 3);
  const labels = await readIdx(folder, `${PREFIX[split]}-labels-idx1-ubyte`, 1);
  const [n, height, width] = images.shape;
  if (height !== SIDE || width !== SIDE) {
    throw new UserError(`${images.path}: holds images of ${height}×${width}; ${SIDE}×${SIDE} are expected`);
  }
  if (labels.data.length !== n) {
    throw new UserError(`${labels.path}: holds ${labels.data.length} labels for ${n} images`);
  }
  checkLabels(labels.path, labels.data, classes);
  const chosen = limited(labels.data, classes, limit, seed, split);
  return gather({ images: images.data, labels: labels.data, height, width, channels: 1 }, chosen);
}

const MARKER = 'train-images-idx3-ubyte';

/** A Debian package that installs a data set, and the folder it installs it to. */
export interface Installed {
  package: string;
  folder: string;
}

/** The folder of the Debian package. Throws `UserError` that says how to get the files. */
async function installedFolder(name: string, { package: apt, folder }: Installed): Promise<string> {
  if (await firstExisting([join(folder, MARKER), join(folder, `${MARKER}.gz`)])) return folder;
  const files = Object.values(PREFIX).flatMap((p) => [`${p}-images-idx3-ubyte`, `${p}-labels-idx1-ubyte`]);
  throw new UserError(
    `data set "${name}": ${folder} holds no ${MARKER}.gz; install it with "apt install ${apt}", or name with --data-dir a folder with ${files.join(', ')} (or .gz)`,
  );
}

/** A source of IDX files. `inside`: the folder that other tools unpack them to; `installed`: where they are without `dataDir`. */
export function idxSource(
  name: string,
  title: string,
  inside: string,
  classes: string[],
  installed?: Installed,
): DatasetSource {
  const elsewhere = installed ? `, else in ${installed.folder}` : '';
  return {
    name,
    summary: `${title}, 28×28 grey: train- and t10k-images-idx3-ubyte and -labels-idx1-ubyte (or .gz) in --data-dir${elsewhere}`,
    needsDir: installed === undefined,
    async load({ dataDir, trainLimit, testLimit, seed }) {
      const folder =
        installed && !dataDir
          ? await installedFolder(name, installed)
          : await locate(
              await requireDir(name, dataDir),
              [join(inside, 'raw'), inside, 'raw'],
              [MARKER, `${MARKER}.gz`],
            );
      const train = await readSplit(folder, classes.length, 'train', trainLimit, seed);
      const test = await readSplit(folder, classes.length, 'test', testLimit, seed);
      const notes = [...imbalance(train.labels, classes, 'train'), ...imbalance(test.labels, classes, 'test')];
      return { name, classes, train, test, notes };
    },
  };
}

export const mnist = idxSource(
  'mnist',
  'MNIST',
  'MNIST',
  Array.from({ length: 10 }, (_, k) => String(k)),
);

/** Paths as `dpkg -L dataset-fashion-mnist` lists them. */
export const fashionMnistPackage: Installed = {
  package: 'dataset-fashion-mnist',
  folder: '/usr/share/datasets/fashion-mnist',
};

export const fashionMnist = idxSource(
  'fashion-mnist',
  'Fashion-MNIST',
  'FashionMNIST',
  ['T-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'ankle boot'],
  fashionMnistPackage,
);
