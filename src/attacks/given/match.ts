/**
 * A training set that somebody else poisoned, and the manifest that says which of its samples are.
 *
 * A manifest is JSON (an array of samples, or an object with `samples`, as `ibscope poison --format folder` writes it), CSV
 * with a header, or an `.npz` of arrays [n]. Each sample has `index`, its place in the training set from 0, or `file`, its
 * path from the data set's folder or the manifest's; and may have `poisoned`, `cover`, `originalLabel` (or `original_label`,
 *`original_labels`; a class name, or a number in the object's `classes` if it has that list, else in the data set's). Samples it does not list are clean. Images and labels are those of the data set.
 *
 * Or it is a record folder of BackdoorBench: `bd_train_dataset/<original label>/<index>.png` are the poisoned images, which
 * take the place of those in the data set they were made from, with the target as their label; `bd_test_dataset/` holds
 * triggered test images in the same way. Its `attack_result.pt` is a pickle, and is not opened.
 */

import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UserError, unknownWord } from '../base/errors.js';
import { readFolder } from '../datasets/directory.js';
import { decodeImages } from '../datasets/images.js';
import { limited, positions } from '../datasets/limits.js';
import { gather, without } from '../datasets/select.js';
import type { Dataset, ImageSet } from '../datasets/types.js';
import { readNpz } from '../formats/npz.js';
import type { PoisonedSet } from './types.js';

/** What the attack on a set that came poisoned is called: its trigger is not known, and nothing more is done to the set. */
export const GIVEN = 'given';

/** Where the manifest of a set that came poisoned is, and what is taken of the set. */
export interface GivenOptions {
  /** File or folder of the manifest. */
  manifest: string;
  /** Class that the attack wants; undefined: the one that all poisoned samples have. */
  target?: number;
  /** Folder the data set was read from, which paths of files start from. */
  dataDir?: string;
  trainLimit?: number;
  testLimit?: number;
  seed: number;
}

/** A set that came poisoned, with what it is judged on. */
export interface GivenSet {
  target: number;
  poisoned: PoisonedSet;
  /** Clean test images. */
  test: ImageSet;
  /** Triggered test images with the label the attack wants, where the set has some; and what they were made from, if known. */
  triggered: ImageSet | null;
  untriggered: ImageSet | null;
}

/**
 * Marks the samples of `dataset`, which has to be whole (read without limits), and takes class-balanced, seeded parts of both
 * splits where there are limits. Throws `UserError` for a manifest that cannot be read or does not fit the data set.
 */
export async function givenSet(dataset: Dataset, options: GivenOptions): Promise<GivenSet> {
  const { manifest, trainLimit, testLimit, seed } = options;
  const there = await stat(manifest).catch(() => null);
  if (!there) throw new UserError(`--manifest ${manifest}: no such file or folder`);
  const set = { ...dataset.train, ...unmarked(dataset.train) };
  const record = there.isDirectory() ? await recordFolder(manifest) : null;
  const triggered = record
    ? await takeRecord(record, dataset, set, options)
    : await markRows(await readManifest(manifest), dataset, set, options);
  const target = agreedTarget(set, options, dataset.classes);
  if (triggered) for (const i of triggered.set.labels.keys()) triggered.set.labels[i] = target;
  const k = dataset.classes.length;
  const rows = limited(set.labels, k, trainLimit, seed, 'train');
  const clean = dataset.test;
  return {
    target,
    poisoned: chosen(set, rows),
    test: gather(clean, limited(clean.labels, k, testLimit, seed, 'test')),
    triggered: triggered?.set ?? null,
    untriggered: triggered?.before ?? null,
  };
}

function unmarked({ images, labels, n, places }: ImageSet) {
  const [poisoned, cover] = [new Uint8Array(n), new Uint8Array(n)];
  return { images: images.slice(), originalLabels: labels.slice(), poisoned, cover, index: places ?? positions(n) };
}

function chosen(set: PoisonedSet, rows: Int32Array): PoisonedSet {
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

/** The one label of all poisoned samples; throws where they have several, or another than was asked for. */
function agreedTarget(set: PoisonedSet, { manifest, target }: GivenOptions, classes: readonly string[]): number {
  const labels = new Set([...set.poisoned.keys()].filter((i) => set.poisoned[i]).map((i) => set.labels[i]));
  if (labels.size === 0) throw new UserError(`--manifest ${manifest}: it marks no sample as poisoned`);
  const [first] = labels;
  if (target !== undefined && !labels.has(target))
    throw new UserError(`--target ${target}: the poisoned samples have the label ${first} ("${classes[first]}")`);
  if (target === undefined && labels.size > 1)
    throw new UserError(
      `--manifest ${manifest}: its poisoned samples have ${labels.size} labels; say by --target which class to look at`,
    );
  return target ?? first;
}

interface Row {
  index?: number;
  file?: string;
  poisoned: boolean;
  cover: boolean;
  originalLabel?: number | string;
}

async function readManifest(path: string): Promise<Row[]> {
  if (/\.npz$/i.test(path)) return npzRows(path);
  const text = await readFile(path, 'utf8');
  let samples: unknown;
  let classes: unknown;
  if (/\.csv$/i.test(path)) samples = csvRows(path, text);
  else
    try {
      const document = JSON.parse(text);
      samples = Array.isArray(document) ? document : document?.samples;
      classes = document?.classes;
    } catch {
      throw new UserError(`--manifest ${path}: it is not JSON (and its name ends in neither .csv nor .npz)`);
    }
  if (!Array.isArray(samples)) throw new UserError(`--manifest ${path}: a list of samples is expected`);
  // Numbers of classes are those of the manifest's own list, where it has one: folders are in another order.
  const names = Array.isArray(classes) ? classes.map(String) : null;
  return samples.map((sample, i) => {
    const row = rowOf(path, sample, i);
    const name = typeof row.originalLabel === 'number' ? names?.[row.originalLabel] : undefined;
    return name === undefined ? row : { ...row, originalLabel: name };
  });
}

function rowOf(path: string, sample: unknown, i: number): Row {
  const say = (what: string) => new UserError(`--manifest ${path}: sample ${i} ${what}`);
  if (typeof sample !== 'object' || sample === null) throw say('is no object');
  const { index, file, poisoned = false, cover = false, ...more } = sample as Record<string, unknown>;
  const place = typeof index === 'string' && /^\d+$/.test(index) ? Number(index) : index;
  if (place === undefined && typeof file !== 'string') throw say('has neither index nor file');
  if (place !== undefined && (!Number.isInteger(place) || (place as number) < 0))
    throw say(`has the index ${String(index)}; a whole number from 0 is expected`);
  const original = more.originalLabel ?? more.original_label ?? undefined;
  if (original !== undefined && typeof original !== 'number' && typeof original !== 'string')
    throw say('has an original label that is neither a number nor a class name');
  const flag = (name: string, value: unknown) => {
    const [yes, no] = [
      ['1', 'true'],
      ['0', 'false', ''],
    ].map((words) => words.includes(String(value).toLowerCase()));
    if (!yes && !no) throw say(`has ${name} ${String(value)}; 0 or 1 is expected`);
    return yes;
  };
  return {
    index: place as number | undefined,
    file: typeof file === 'string' ? file : undefined,
    poisoned: flag('poisoned', poisoned),
    cover: flag('cover', cover),
    originalLabel: original === '' ? undefined : (original as number | string | undefined),
  };
}

async function npzRows(path: string): Promise<Row[]> {
  const arrays = await readNpz(path, { only: ['index', 'poisoned', 'cover', 'original_labels', 'original_label'] });
  const { index, poisoned, cover } = arrays;
  const original = arrays.original_labels ?? arrays.original_label;
  if (!poisoned) throw new UserError(`--manifest ${path}: it has no array "poisoned"`);
  const n = poisoned.data.length;
  for (const [name, array] of Object.entries(arrays))
    if (array.data.length !== n)
      throw new UserError(`--manifest ${path}: "${name}" has ${array.data.length} rows, "poisoned" has ${n}`);
  return Array.from({ length: n }, (_, i) =>
    rowOf(
      path,
      {
        index: index ? Number(index.data[i]) : i,
        poisoned: Number(poisoned.data[i]),
        cover: Number(cover?.data[i] ?? 0),
        originalLabel: original && Number(original.data[i]),
      },
      i,
    ),
  );
}

/** Records of a CSV (RFC 4180) by the names in its first line. */
function csvRows(path: string, text: string): Record<string, string>[] {
  const lines: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    lines[lines.length - 1].push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ',') lines.push([]);
  }
  const [head, ...records] = lines.filter((l) => l.length > 1 || l[0]);
  const names = (head ?? []).map((name) => name.trim());
  if (!names.includes('index') && !names.includes('file'))
    throw new UserError(`--manifest ${path}: its first line names neither index nor file`);
  return records.map((record) =>
    Object.fromEntries(names.flatMap((name, c) => (record[c] === undefined ? [] : [[name, record[c]]]))),
  );
}

type Triggered = { set: ImageSet; before: ImageSet | null } | null;

/** Marks rows in `set`, and takes what is poisoned out of the test set where that was held out of the same images. */
async function markRows(rows: Row[], dataset: Dataset, set: PoisonedSet, options: GivenOptions): Promise<Triggered> {
  const { manifest, dataDir } = options;
  const { train, test, classes } = dataset;
  const files = (part: ImageSet) => new Map((part.files ?? []).map((file, i) => [resolve(file), i]));
  const places = (part: ImageSet) => part.places && new Map([...part.places].map((place, i) => [place, i]));
  const byFile = { train: files(train), test: files(test) };
  const byPlace = { train: places(train), test: places(test) };
  const dirty = new Set<number>();
  rows.forEach((row, r) => {
    const say = (what: string) => new UserError(`--manifest ${manifest}: sample ${r} ${what}`);
    let at: number | undefined;
    // A file says where a sample lies; an index may count in the set as it was before it became files.
    if (row.file !== undefined && byFile.train.size > 0) {
      const paths = [dataDir ?? '.', dirname(manifest)].map((base) => resolve(base, row.file!));
      at = paths.map((p) => byFile.train.get(p)).find((i) => i !== undefined);
      const held = paths.map((p) => byFile.test.get(p)).find((i) => i !== undefined);
      if (at === undefined && held === undefined) throw say(`is ${row.file}, which the training set does not have`);
      if (at === undefined && (row.poisoned || row.cover)) dirty.add(held!);
    } else if (row.index === undefined) throw say(`has a file, ${row.file}; samples of ${dataset.name} have an index`);
    else if (byPlace.train) {
      at = byPlace.train.get(row.index);
      const held = byPlace.test?.get(row.index);
      if (at === undefined && held === undefined) throw say(`has the index ${row.index}, which the set does not have`);
      if (at === undefined && (row.poisoned || row.cover)) dirty.add(held!);
    } else {
      at = row.index;
      if (at >= set.n) throw say(`has the index ${at}; the training set has ${set.n} images`);
    }
    if (at === undefined) return;
    if (row.poisoned) set.poisoned[at] = 1;
    else if (row.cover) set.cover[at] = 1;
    const { originalLabel } = row;
    if (originalLabel === undefined) return;
    const label = typeof originalLabel === 'number' ? originalLabel : classes.indexOf(originalLabel);
    const number = label < 0 && /^\d+$/.test(String(originalLabel)) ? Number(originalLabel) : label;
    if (typeof originalLabel === 'string' && number < 0)
      throw unknownWord(`class in ${manifest}`, originalLabel, classes);
    if (!Number.isInteger(number) || number >= classes.length)
      throw say(`has the original label ${originalLabel}; classes are 0 to ${classes.length - 1}`);
    set.originalLabels[at] = number;
  });
  if (dirty.size > 0) dataset.test = without(test, dirty);
  return dataDir === undefined ? null : triggeredFolder(join(dataDir, 'test-triggered'), set);
}

/** Triggered test images as `ibscope poison --format folder` writes them; their labels are set by whoever asks. */
async function triggeredFolder(path: string, { height }: ImageSet): Promise<Triggered> {
  if (!(await stat(path).catch(() => null))?.isDirectory()) return null;
  const files: string[] = [];
  for (const folder of await readFolder(path))
    if (folder.isDirectory())
      for (const file of await readFolder(join(path, folder.name))) files.push(join(path, folder.name, file.name));
  if (files.length === 0) return null;
  return { set: await decodeImages({ files, labels: new Int32Array(files.length) }, height), before: null };
}

interface Picture {
  file: string;
  original: number;
  index: number;
}

/** The pictures of a record folder; throws where it is none. */
async function recordFolder(path: string): Promise<{ train: Picture[]; test: Picture[] }> {
  const inside = (await readFolder(path)).map((e) => e.name);
  if (!inside.includes('bd_train_dataset'))
    throw new UserError(`--manifest ${path}: a folder of BackdoorBench is expected, which has bd_train_dataset in it`);
  const test = inside.includes('bd_test_dataset') ? await pictures(join(path, 'bd_test_dataset')) : [];
  return { train: await pictures(join(path, 'bd_train_dataset')), test };
}

async function pictures(path: string): Promise<Picture[]> {
  const found: Picture[] = [];
  for (const { name: folder } of await readFolder(path)) {
    if (!/^\d+$/.test(folder))
      throw new UserError(`${join(path, folder)}: a folder named by a class number is expected`);
    for (const { name } of await readFolder(join(path, folder))) {
      const index = /^(\d+)\.png$/i.exec(name)?.[1];
      const file = join(path, folder, name);
      if (index === undefined) throw new UserError(`${file}: an image named by its index, such as 17.png, is expected`);
      found.push({ file, original: Number(folder), index: Number(index) });
    }
  }
  return found.sort((a, b) => a.index - b.index);
}

async function takeRecord(
  record: { train: Picture[]; test: Picture[] },
  dataset: Dataset,
  set: PoisonedSet,
  { manifest, target }: GivenOptions,
): Promise<Triggered> {
  if (target === undefined) throw new UserError(`--manifest ${manifest}: it does not say the target; give --target`);
  if (target >= dataset.classes.length)
    throw new UserError(`--target ${target}: ${dataset.name} has the classes 0 to ${dataset.classes.length - 1}`);
  if (set.channels !== 3 || set.height !== set.width)
    throw new UserError(
      `--manifest ${manifest}: its images are square and in colour, those of ${dataset.name} are not`,
    );
  /** Where each picture's original lies in the split; throws where that is no image of the class. */
  const originals = (of: ImageSet, list: readonly Picture[]): Int32Array => {
    const at = of.places && new Map([...of.places].map((place, i) => [place, i]));
    return Int32Array.from(list, ({ file, original, index }) => {
      const i = at ? at.get(index) : index;
      const label = i === undefined ? undefined : of.labels[i];
      if (label === original) return i!;
      const there = label === undefined ? `there are ${of.n} images` : `image ${index} there is of class ${label}`;
      throw new UserError(`${file}: of class ${original}; ${there}. Is ${dataset.name} the set it was made from?`);
    });
  };
  const decode = (list: Picture[]) =>
    decodeImages({ files: list.map((p) => p.file), labels: Int32Array.from(list, () => target) }, set.height);
  const places = originals(dataset.train, record.train);
  const judged = originals(dataset.test, record.test);
  const { images } = await decode(record.train);
  const each = images.length / Math.max(1, record.train.length);
  places.forEach((i, r) => {
    set.images.set(images.subarray(r * each, (r + 1) * each), i * each);
    set.labels[i] = target;
    set.poisoned[i] = 1;
  });
  if (record.test.length === 0) return null;
  return {
    set: await decode(record.test),
    before: gather(dataset.test, judged),
  };
}
