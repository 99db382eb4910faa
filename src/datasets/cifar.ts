/**
 * The releases of CIFAR-10 and CIFAR-100 (Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html): the binary one and the one for Python.
 *
 * A record is one label byte (CIFAR-100: a coarse one and a fine one) and 3 × 1 024 pixel bytes, channel by channel; here
 * [n, 32, 32, 3]. The release for Python holds the same in pickles, `data` [n, 3072] and a list of labels of each kind.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import { readPickle } from '../formats/pickle.js';
import { isArray, pickleText } from '../formats/pickle-names.js';
import { firstExisting, locateFirst, readBytes, readLines, requireDir } from './directory.js';
import { imbalance, limited } from './limits.js';
import type { DatasetSource, ImageSet } from './types.js';

const PLANE = 32 * 32;

interface Release {
  name: string;
  summary: string;
  /** Folder the archive unpacks to. */
  folder: string;
  train: readonly string[];
  test: readonly string[];
  /** Number of values of each label byte of a record; the last byte is the class. */
  labels: readonly number[];
  /** File of class names, one a line. */
  namesFile: string;
  /** Names where that file does not list them all. */
  names: readonly string[];
  python: {
    folder: string;
    train: readonly string[];
    test: readonly string[];
    /** Keys of the labels of a record, in the order of `labels`. */
    labels: readonly string[];
    /** File of class names, and the key of their list. */
    namesFile: string;
    namesKey: string;
  };
}

/** The records of a file, and the names in a file of names: how a release is read. */
interface Reading {
  train: readonly string[];
  test: readonly string[];
  batch(path: string): Promise<Uint8Array>;
  names(): Promise<string[]>;
}

/** A pickled batch as the records of the binary release. */
async function readPickled(path: string, keys: readonly string[]): Promise<Uint8Array> {
  const batch = readPickle(await readBytes(path), path);
  const data = batch instanceof Map ? batch.get('data') : undefined;
  const lists = keys.map((key) => (batch instanceof Map ? batch.get(key) : undefined));
  if (!isArray(data) || data.dtype !== 'u1' || data.shape.length !== 2 || data.shape[1] !== 3 * PLANE)
    throw new UserError(`${path}: holds no "data" of ${3 * PLANE} bytes an image`);
  const [n] = data.shape;
  lists.forEach((list, k) => {
    const isByte = (v: unknown) => Number.isInteger(v) && (v as number) >= 0 && (v as number) < 256;
    if (!Array.isArray(list) || list.length !== n || !list.every(isByte))
      throw new UserError(`${path}: holds no list "${keys[k]}" with a label for each of its ${n} images`);
  });
  const record = keys.length + 3 * PLANE;
  const out = new Uint8Array(n * record);
  for (let i = 0; i < n; i++) {
    for (const [k, list] of lists.entries()) out[i * record + k] = (list as number[])[i];
    out.set((data.data as Uint8Array).subarray(i * 3 * PLANE, (i + 1) * 3 * PLANE), i * record + keys.length);
  }
  return out;
}

/** The records of a batch, checked. Throws `UserError` for a file that is cut off and for labels out of range. */
function checked(bytes: Uint8Array, path: string, labels: readonly number[]): Uint8Array {
  const record = labels.length + 3 * PLANE;
  if (bytes.length === 0 || bytes.length % record) {
    throw new UserError(
      `${path}: is truncated, ${bytes.length} bytes are not a whole number of ${record}-byte records`,
    );
  }
  for (let at = 0; at < bytes.length; at += record) {
    const wrong = labels.findIndex((count, k) => bytes[at + k] >= count);
    if (wrong >= 0) {
      const allowed = `labels are 0 to ${labels[wrong] - 1}`;
      throw new UserError(`${path}: record ${at / record} has the label ${bytes[at + wrong]}; ${allowed}`);
    }
  }
  return bytes;
}

async function readSplit(
  reading: Reading,
  labels: readonly number[],
  split: 'train' | 'test',
  limit: number | undefined,
  seed: number,
): Promise<ImageSet> {
  const record = labels.length + 3 * PLANE;
  const paths = reading[split];
  const batches: Uint8Array[] = [];
  for (const path of paths) {
    const batch = checked(await reading.batch(path), path, labels);
    if (batches.length && batch.length !== batches[0].length) {
      throw new UserError(`${path}: has ${batch.length} bytes, ${paths[0]} has ${batches[0].length}`);
    }
    batches.push(batch);
  }
  const perBatch = batches[0].length / record;
  const all = Int32Array.from({ length: perBatch * batches.length }, (_, i) => {
    return batches[Math.floor(i / perBatch)][(i % perBatch) * record + labels.length - 1];
  });
  const chosen = limited(all, labels[labels.length - 1], limit, seed, split);
  const n = chosen.length;
  const images = new Uint8Array(n * 3 * PLANE);
  for (let i = 0, to = 0; i < n; i++) {
    const batch = batches[Math.floor(chosen[i] / perBatch)];
    const from = (chosen[i] % perBatch) * record + labels.length;
    for (let p = from; p < from + PLANE; p++) {
      images[to++] = batch[p];
      images[to++] = batch[p + PLANE];
      images[to++] = batch[p + 2 * PLANE];
    }
  }
  const records = Array.from(chosen, (i) => `${paths[Math.floor(i / perBatch)]}#${i % perBatch}`);
  return { images, labels: chosen.map((i) => all[i]), n, height: 32, width: 32, channels: 3, records };
}

/** The lines of a file of names; none where there is no file. */
async function namesInText(path: string): Promise<string[]> {
  return (await firstExisting([path])) ? readLines(path) : [];
}

/** The names in a pickled file; none where there is no file. */
async function namesInPickle(path: string, key: string): Promise<string[]> {
  const bytes = await readFile(path).catch(() => null);
  const meta = bytes && readPickle(bytes, path);
  const list = meta instanceof Map ? meta.get(key) : null;
  return Array.isArray(list) ? list.flatMap((name) => pickleText(name) ?? []) : [];
}

/** Finds the files of a release: the binary ones first, which are read faster. */
async function find(dataDir: string, release: Release): Promise<Reading> {
  const { name, folder, train, test, namesFile, python } = release;
  const root = await requireDir(name, dataDir);
  const found = await locateFirst(root, [
    { inside: folder, file: test[0] },
    { inside: python.folder, file: python.test[0] },
  ]);
  const paths = (files: readonly string[]) => files.map((file) => join(found.folder, file));
  return found.which === 0
    ? {
        train: paths(train),
        test: paths(test),
        batch: readBytes,
        names: () => namesInText(join(found.folder, namesFile)),
      }
    : {
        train: paths(python.train),
        test: paths(python.test),
        batch: (path) => readPickled(path, python.labels),
        names: () => namesInPickle(join(found.folder, python.namesFile), python.namesKey),
      };
}

/** The source of a release, in `--data-dir` or in the archive's folder inside it. */
export function cifar(release: Release): DatasetSource {
  const { name, summary, labels } = release;
  return {
    name,
    summary,
    needsDir: true,
    async load({ dataDir, trainLimit, testLimit, seed }) {
      const reading = await find(dataDir!, release);
      const train = await readSplit(reading, labels, 'train', trainLimit, seed);
      const test = await readSplit(reading, labels, 'test', testLimit, seed);
      const listed = await reading.names();
      const classes = listed.length === release.names.length ? listed : [...release.names];
      const notes = [...imbalance(train.labels, classes, 'train'), ...imbalance(test.labels, classes, 'test')];
      return { name, classes, train, test, notes };
    },
  };
}
