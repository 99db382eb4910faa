/**
 * The binary releases of CIFAR-10 and CIFAR-100 (Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html).
 *
 * A record is one label byte (CIFAR-100: a coarse one and a fine one) and 3 × 1 024 pixel bytes, channel by channel; here
 * [n, 32, 32, 3].
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import { locate, readBytes, requireDir } from './directory.js';
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
}

async function readBatch(path: string, labels: readonly number[]): Promise<Uint8Array> {
  const record = labels.length + 3 * PLANE;
  const bytes = await readBytes(path);
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
  paths: readonly string[],
  labels: readonly number[],
  split: 'train' | 'test',
  limit: number | undefined,
  seed: number,
): Promise<ImageSet> {
  const record = labels.length + 3 * PLANE;
  const batches: Uint8Array[] = [];
  for (const path of paths) {
    const batch = await readBatch(path, labels);
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
  return { images, labels: chosen.map((i) => all[i]), n, height: 32, width: 32, channels: 3 };
}

/** The names in the file if it lists one per class, else the usual names. */
async function classNames(path: string, usual: readonly string[]): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const names = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return names.length === usual.length ? names : [...usual];
}

/** The source of a release, in `--data-dir` or in the archive's folder inside it. */
export function cifar(release: Release): DatasetSource {
  const { name, summary, labels } = release;
  return {
    name,
    summary,
    needsDir: true,
    async load({ dataDir, trainLimit, testLimit, seed }) {
      const folder = await locate(await requireDir(name, dataDir), [release.folder], release.test);
      const paths = (files: readonly string[]) => files.map((file) => join(folder, file));
      const train = await readSplit(paths(release.train), labels, 'train', trainLimit, seed);
      const test = await readSplit(paths(release.test), labels, 'test', testLimit, seed);
      const classes = await classNames(join(folder, release.namesFile), release.names);
      const notes = [...imbalance(train.labels, classes, 'train'), ...imbalance(test.labels, classes, 'test')];
      return { name, classes, train, test, notes };
    },
  };
}
