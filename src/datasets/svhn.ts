/**
 * SVHN, cropped digits (Netzer et al. 2011, http://ufldl.stanford.edu/housenumbers/): `train_32x32.mat` and
 * `test_32x32.mat`. X is [32, 32, 3, n] uint8 in column-major order, here [n, 32, 32, 3]; y is [n, 1], 10 meaning digit 0.
 *
 * Without a train limit, the training set is the first 4 000 samples of each class, as in the protocol of arXiv 2511.21923, because the
 * classes of all 73 257 samples are very unbalanced. A limit selects a balanced part of all samples, as for every data set.
 */

import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import { decodeMat } from '../formats/mat.js';
import { locate, readBytes, requireDir } from './directory.js';
import { firstOfEach, imbalance, limited } from './limits.js';
import { checkLabels } from './select.js';
import type { DatasetSource, ImageSet } from './types.js';

const SIDE = 32;
const PLANE = SIDE * SIDE;
/** Samples per class in the paper's protocol. */
const PROTOCOL = 4000;
const classes = Array.from({ length: 10 }, (_, k) => String(k));

async function readSplit(path: string, choose: (labels: Int32Array) => Int32Array): Promise<ImageSet> {
  const variables = decodeMat(await readBytes(path), path);
  const [x, y] = ['X', 'y'].map((variable) => {
    const array = variables.get(variable);
    if (!array) throw new UserError(`${path}: holds no numeric variable "${variable}"`);
    return array;
  });
  // MATLAB drops the last dimension of a single image.
  const [height, width, channels, n = 1] = x.shape;
  if (!(x.data instanceof Uint8Array) || height !== SIDE || width !== SIDE || channels !== 3 || x.shape.length > 4) {
    throw new UserError(`${path}: X is [${x.shape}]; [32,32,3,n] of uint8 is expected`);
  }
  if (y.data.length !== n) throw new UserError(`${path}: y holds ${y.data.length} labels for ${n} images`);
  const digits = Int32Array.from({ length: n }, (_, i) => {
    const label = Number(y.data[i]);
    if (Number.isInteger(label) && label >= 0 && label <= 10) return label % 10;
    throw new UserError(`${path}: sample ${i} has the label ${label}; labels are the digits, 10 for 0`);
  });
  checkLabels(path, digits, classes.length);

  const chosen = choose(digits);
  const images = new Uint8Array(chosen.length * PLANE * 3);
  let to = 0;
  for (const i of chosen) {
    for (let row = 0; row < SIDE; row++) {
      for (let from = i * 3 * PLANE + row; from < i * 3 * PLANE + PLANE; from += SIDE) {
        images[to++] = x.data[from];
        images[to++] = x.data[from + PLANE];
        images[to++] = x.data[from + 2 * PLANE];
      }
    }
  }
  const labels = chosen.map((i) => digits[i]);
  return { images, labels, n: chosen.length, height: SIDE, width: SIDE, channels: 3 };
}

export const svhn: DatasetSource = {
  name: 'svhn',
  summary: `SVHN, cropped digits: train_32x32.mat and test_32x32.mat in --data-dir (unless limited, the first ${PROTOCOL} of each class)`,
  needsDir: true,
  async load({ dataDir, trainLimit, testLimit, seed }) {
    const folder = await locate(await requireDir('svhn', dataDir), ['svhn', 'SVHN'], ['train_32x32.mat']);
    const train = await readSplit(join(folder, 'train_32x32.mat'), (labels) =>
      trainLimit === undefined
        ? firstOfEach(labels, classes.length, PROTOCOL)
        : limited(labels, classes.length, trainLimit, seed, 'train'),
    );
    const test = await readSplit(join(folder, 'test_32x32.mat'), (labels) =>
      limited(labels, classes.length, testLimit, seed, 'test'),
    );
    const notes = [...imbalance(train.labels, classes, 'train'), ...imbalance(test.labels, classes, 'test')];
    return { name: 'svhn', classes, train, test, notes };
  },
};
