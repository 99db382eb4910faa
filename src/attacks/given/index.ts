/**
 * A training set that was poisoned elsewhere, and the manifest that says which of its samples are poisoned.
 *
 * A manifest is JSON (an array of samples, or an object with `samples`, as `ibscope poison --format folder` writes it), CSV
 * with a header, or an `.npz` of arrays [n]. Each sample has `index`, its number in the training set from 0, or `file`, its
 * path relative to the data set's folder or the manifest's; `data_batch_1.bin#17` is the image 17 of a file of many. A file counts more than an
 * index, which tells the place that a sample of an exported set had before. It may have `poisoned`, `cover`, `label` and `originalLabel` (or
 * `original_label`, `original_labels`). A label is a class name, or a number in the manifest's `classes` if it has that list, else in the
 * data set's. Samples that are not listed are clean. Images and labels are those of the data set, and a `label` that is not the data set's
 * means that the manifest belongs to other samples: it is refused.
 *
 * Or it is a folder that brings the poisoned images: a record of BackdoorBench (`backdoor-bench.ts`) or a set of backdoor-toolbox
 * (`backdoor-toolbox.ts`).
 */
import { readFile, stat } from 'node:fs/promises';
import { UserError } from '../../base/errors.js';
import { readFolder } from '../../datasets/directory.js';
import { limited, positions } from '../../datasets/limits.js';
import { gather } from '../../datasets/select.js';
import type { Dataset, ImageSet } from '../../datasets/types.js';
import { decodeText } from '../../formats/text.js';
import type { PoisonedSet } from '../types.js';
import { takeRecord } from './backdoor-bench.js';
import { isToolbox, takeToolbox } from './backdoor-toolbox.js';
import { csvRows } from './csv.js';
import { jsonRows } from './json.js';
import { markRows } from './match.js';
import { npzRows } from './npz.js';
import { readRecord } from './record-files.js';
import type { GivenOptions, GivenSet, Row, TakenSet } from './types.js';

export { GIVEN, type GivenOptions, type GivenSet } from './types.js';

/**
 * Marks the samples of `dataset`, which has to be whole (read without limits), and takes class-balanced, seeded parts of both
 * splits if there are limits. Throws `UserError` for a manifest that cannot be read or does not fit the data set.
 */
export async function givenSet(dataset: Dataset, options: GivenOptions): Promise<GivenSet> {
  const { manifest, trainLimit, testLimit, seed } = options;
  const there = await stat(manifest).catch(() => null);
  if (!there) throw new UserError(`--manifest ${manifest}: no such file or folder`);
  const set = { ...dataset.train, ...unmarked(dataset.train) };
  const { triggered, rule } = there.isDirectory()
    ? await takeFolder(dataset, set, options)
    : { triggered: await markRows(await readManifest(manifest, dataset.train), dataset, set, options) };
  const target = agreedTarget(set, options, dataset.classes);
  // Files name no label of triggered test images, folders do.
  if (triggered && !there.isDirectory()) triggered.set.labels.fill(target);
  const k = dataset.classes.length;
  const rows = limited(set.labels, k, trainLimit, seed, 'train');
  const clean = dataset.test;
  return {
    target,
    rule,
    poisoned: part(set, rows),
    test: gather(clean, limited(clean.labels, k, testLimit, seed, 'test')),
    triggered: triggered?.set ?? null,
    untriggered: triggered?.before ?? null,
  };
}

async function takeFolder(dataset: Dataset, set: PoisonedSet, options: GivenOptions): Promise<TakenSet> {
  const { manifest } = options;
  if (await isToolbox(manifest)) return takeToolbox(manifest, dataset, set);
  const inside = (await readFolder(manifest)).map((e) => e.name);
  if (!inside.includes('bd_train_dataset'))
    throw new UserError(
      `--manifest ${manifest}: a record of BackdoorBench is expected, which has bd_train_dataset in it, or a set of backdoor-toolbox, which has poison_indices`,
    );
  return takeRecord(await readRecord(manifest), dataset, set, options);
}

async function readManifest(path: string, { n, places }: ImageSet): Promise<Row[]> {
  // Images that were held out for testing have rows too.
  if (/\.npz$/i.test(path)) return npzRows(path, places ? null : n);
  const text = decodeText(await readFile(path));
  return /\.csv$/i.test(path) ? csvRows(path, text) : jsonRows(path, text);
}

function unmarked({ images, labels, n, places }: ImageSet) {
  const [poisoned, cover] = [new Uint8Array(n), new Uint8Array(n)];
  return {
    images: images.slice(),
    labels: labels.slice(),
    originalLabels: labels.slice(),
    poisoned,
    cover,
    index: places ?? positions(n),
  };
}

function part(set: PoisonedSet, rows: Int32Array): PoisonedSet {
  const of = <A extends Uint8Array | Int32Array>(values: A) => rows.map((i) => values[i]);
  const flags = (values: Uint8Array) => Uint8Array.from(rows, (i) => values[i]);
  return {
    ...gather(set, rows),
    originalLabels: of(set.originalLabels),
    poisoned: flags(set.poisoned),
    cover: flags(set.cover),
    index: of(set.index),
  };
}

/** The label of all poisoned samples. Throws `UserError` if they have several, or not the one asked for. */
function agreedTarget(set: PoisonedSet, { manifest, target }: GivenOptions, classes: readonly string[]): number {
  const labels = new Set([...set.poisoned.keys()].filter((i) => set.poisoned[i]).map((i) => set.labels[i]));
  if (labels.size === 0) throw new UserError(`--manifest ${manifest}: it marks no sample as poisoned`);
  const [first] = labels;
  if (target !== undefined && !labels.has(target))
    throw new UserError(`--target ${target}: the poisoned samples have the label ${first} ("${classes[first]}")`);
  if (target === undefined && labels.size > 1)
    throw new UserError(
      `--manifest ${manifest}: its poisoned samples have ${labels.size} labels; name the target class with --target`,
    );
  return target ?? first;
}
