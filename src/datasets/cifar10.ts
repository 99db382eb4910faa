/**
 * CIFAR-10 in its binary release (Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html).
 *
 * A record is one label byte and 3 × 1 024 pixel bytes, channel by channel; here [n, 32, 32, 3]. The folder holds
 * `data_batch_1.bin` … `data_batch_5.bin` and `test_batch.bin`, and may hold the class names in `batches.meta.txt`.
 */
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import { requireDir } from './directory.js';
import { imbalance, limited } from './limits.js';
import type { DatasetSource, ImageSet } from './types.js';

const PLANE = 32 * 32;
const RECORD = 1 + 3 * PLANE;
const NAMES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const TRAIN = [1, 2, 3, 4, 5].map((k) => `data_batch_${k}.bin`);
const TEST = ['test_batch.bin'];

/** The folder itself, or the one the archive unpacks to inside it. */
async function locate(dataDir: string): Promise<string> {
  for (const folder of [dataDir, join(dataDir, 'cifar-10-batches-bin')]) {
    const found = await access(join(folder, TEST[0])).then(
      () => true,
      () => false,
    );
    if (found) return folder;
  }
  throw new UserError(`${dataDir}: holds no ${TEST[0]}, nor does a folder cifar-10-batches-bin in it`);
}

async function readBatch(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`${path}: ${error.code === 'ENOENT' ? 'no such file' : error.message}`);
  });
  if (bytes.length === 0 || bytes.length % RECORD) {
    throw new UserError(
      `${path}: is truncated, ${bytes.length} bytes are not a whole number of ${RECORD}-byte records`,
    );
  }
  for (let at = 0; at < bytes.length; at += RECORD) {
    if (bytes[at] >= NAMES.length) {
      throw new UserError(`${path}: record ${at / RECORD} has the label ${bytes[at]}; labels are 0 to 9`);
    }
  }
  return bytes;
}

async function readSplit(
  folder: string,
  files: string[],
  split: 'train' | 'test',
  limit: number | undefined,
  seed: number,
): Promise<ImageSet> {
  const batches: Uint8Array[] = [];
  for (const file of files) {
    const batch = await readBatch(join(folder, file));
    if (batches.length && batch.length !== batches[0].length) {
      throw new UserError(`${join(folder, file)}: has ${batch.length} bytes, ${files[0]} has ${batches[0].length}`);
    }
    batches.push(batch);
  }
  const perBatch = batches[0].length / RECORD;
  const all = Int32Array.from({ length: perBatch * batches.length }, (_, i) => {
    return batches[Math.floor(i / perBatch)][(i % perBatch) * RECORD];
  });
  const chosen = limited(all, NAMES.length, limit, seed, split);
  const n = chosen.length;
  const images = new Uint8Array(n * 3 * PLANE);
  for (let i = 0, to = 0; i < n; i++) {
    const batch = batches[Math.floor(chosen[i] / perBatch)];
    const from = (chosen[i] % perBatch) * RECORD + 1;
    for (let p = from; p < from + PLANE; p++) {
      images[to++] = batch[p];
      images[to++] = batch[p + PLANE];
      images[to++] = batch[p + 2 * PLANE];
    }
  }
  return { images, labels: chosen.map((i) => all[i]), n, height: 32, width: 32, channels: 3 };
}

/** The names in `batches.meta.txt` where it lists ten, else the well-known ones. */
async function classNames(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, 'batches.meta.txt'), 'utf8').catch(() => '');
  const names = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return names.length === NAMES.length ? names : NAMES;
}

export const cifar10: DatasetSource = {
  name: 'cifar10',
  summary: 'CIFAR-10, binary release: data_batch_1..5.bin and test_batch.bin in --data-dir',
  needsDir: true,
  async load(request) {
    const folder = await locate(await requireDir('cifar10', request.dataDir));
    const train = await readSplit(folder, TRAIN, 'train', request.trainLimit, request.seed);
    const test = await readSplit(folder, TEST, 'test', request.testLimit, request.seed);
    const classes = await classNames(folder);
    const notes = [...imbalance(train.labels, classes, 'train'), ...imbalance(test.labels, classes, 'test')];
    return { name: 'cifar10', classes, train, test, notes };
  },
};
