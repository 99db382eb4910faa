/**
 * Data sets of encoded images, decoded once: 11 000 images among 60 000 files take as long to read as an epoch takes to train, and a study reads
 * them for every run. What was decoded lies in the cache, under the names, sizes and times of the files that it came from.
 */

import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { eachAtOnce } from '../base/pool.js';
import type { RunHooks } from '../base/progress.js';
import { type Dataset, type DatasetRequest, findDataset, type ImageSet, loadDataset } from '../datasets/index.js';
import { type Tensor, tensor } from '../formats/safetensors.js';
import { VERSION } from '../version.js';
import { cached, cacheFolder } from './cache.js';

/** Bytes of a set beyond which it is read every time, and of all sets together, of which those that were used last stay. */
const LARGEST = 2 ** 29;
const KEPT = 2 ** 32;

/** File times that are asked for at once. */
const AT_ONCE = 64;

/**
 * `loadDataset`, from the cache if these files were decoded before. Runs that need the same set at the same time wait for the one that reads it.
 * Throws as `loadDataset`, and `Stopped`; a cache that cannot be written is not used.
 */
export async function readOnce(name: string, request: DatasetRequest, hooks: RunHooks = {}): Promise<Dataset> {
  const { dataDir } = request;
  const read = () => loadDataset(name, request);
  const files = dataDir !== undefined && findDataset(name).decodes ? await stateOf(dataDir).catch(() => null) : null;
  if (files === null) return read();
  let made: Dataset | undefined;
  const make = async () => {
    made = await read();
    const bytes = made.train.images.length + made.test.images.length;
    if (bytes > LARGEST) throw new Error('it is too large to keep');
    return packed(made);
  };
  try {
    const inputs = [VERSION, name, { ...request, dataDir: resolve(dataDir!) }, files];
    const tensors = await cached('sets', inputs, make, hooks);
    if (!made) return unpacked(tensors);
    await prune();
    return made;
  } catch (error) {
    // What the reader says of the data is said; what the cache cannot do is not.
    if (made) return made;
    if (typeof (error as NodeJS.ErrnoException).code === 'string') return read();
    throw error;
  }
}

/** Names, sizes and times of all files of a folder, or of a file, as a digest. */
async function stateOf(place: string): Promise<string> {
  const about = await stat(place);
  const names = about.isDirectory()
    ? (await readdir(place, { recursive: true, withFileTypes: true }))
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
    : [place];
  const lines = new Array<string>(names.length);
  await eachAtOnce(names.length, AT_ONCE, async (i) => {
    const { size, mtimeMs, ctimeMs } = await stat(names[i]);
    lines[i] = `${names[i]}\t${size}\t${mtimeMs}\t${ctimeMs}`;
  });
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

const SPLITS = ['train', 'test'] as const;

/** A data set as tensors; its texts are JSON in `about`. */
function packed(dataset: Dataset): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  for (const split of SPLITS) {
    const { images, labels, n, height, width, channels, places } = dataset[split];
    tensors[`${split}.images`] = tensor(images, [n, height, width, channels]);
    tensors[`${split}.labels`] = tensor(labels, [n]);
    if (places) tensors[`${split}.places`] = tensor(places, [n]);
  }
  const texts = ({ files, records }: ImageSet) => ({ files, records });
  const { name, classes, notes, train, test } = dataset;
  const about = JSON.stringify({ name, classes, notes, train: texts(train), test: texts(test) });
  return { ...tensors, about: tensor(new TextEncoder().encode(about), [Buffer.byteLength(about)]) };
}

function unpacked(tensors: Record<string, Tensor>): Dataset {
  const { train, test, ...rest } = JSON.parse(new TextDecoder().decode(tensors.about.data as Uint8Array));
  const set = (split: (typeof SPLITS)[number], texts: Pick<ImageSet, 'files' | 'records'>): ImageSet => {
    const { shape, data } = tensors[`${split}.images`];
    const [n, height, width, channels] = shape;
    const places = tensors[`${split}.places`]?.data as Int32Array | undefined;
    const labels = tensors[`${split}.labels`].data as Int32Array;
    return { images: data as Uint8Array, labels, n, height, width, channels, ...texts, ...(places && { places }) };
  };
  return { ...rest, train: set('train', train), test: set('test', test) };
}

/** Deletes the sets that were used longest ago, while all take more than `KEPT`. */
async function prune(): Promise<void> {
  const folder = join(cacheFolder(), 'sets');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.safetensors'));
  const sets = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const { size, mtimeMs } = await stat(path);
      return { path, size, mtimeMs };
    }),
  );
  let total = 0;
  for (const { path, size } of sets.sort((a, b) => b.mtimeMs - a.mtimeMs)) {
    total += size;
    if (total > KEPT) await rm(path, { force: true });
  }
}
