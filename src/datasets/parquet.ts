/**
 * Data sets as Hugging Face publishes them: Parquet files, `--data-dir` being one file or a folder of shards.
 *
 * A row is an image, encoded in bytes (JPEG, PNG, … as in class folders), and the number of its class. The image is the column `image`, `img` or the
 * only one of bytes; the class is `label`, `fine_label` or another of `LABELS`, or the only one of integers. The schema's metadata name the classes.
 * Shards are called `train-00000-of-00005.parquet`, `test-…`, or lie in folders `train/` and `test/`; a `validation` split is used where there is no
 * test split, or where the labels of that are hidden (−1). Without either a tenth is held out.
 *
 * One row group is in memory at a time, and only images that the limits select are decoded.
 */
import { stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { UserError } from '../base/errors.js';
import { ndarray } from '../formats/npy.js';
import { type ParquetColumn, ParquetFile } from '../formats/parquet.js';
import { labelsOf, MOST_CLASSES } from './arrays.js';
import { readFolder } from './directory.js';
import { refuseHdf5 } from './hdf5.js';
import { checkSize, decodeEach, refuseDamaged } from './images.js';
import { holdOut, imbalance, limited, positions } from './limits.js';
import { checkLabels } from './select.js';
import type { DatasetSource, ImageSet } from './types.js';

const IMAGES = ['image', 'img'];
const LABELS = ['label', 'labels', 'fine_label', 'target', 'class'];

/** Names of the training split, the first that exists first. */
const TRAIN = ['train', 'training'];
/** Names of the test split, the same way. */
export const TEST = ['test', 'testing', 'validation', 'valid', 'val'];
/** Folders below `--data-dir` in which shards are looked for. */
const DEEPEST = 3;

interface Shard {
  path: string;
  split: string;
  /** Number of the shard, and of how many; null where the name does not say. */
  of: { k: number; count: number } | null;
  /** The folder of the data set it is of: a repository may hold several. */
  set: string;
}

/** What the name of a file, and its folder, say of a shard. */
function shardOf(path: string): Shard {
  const [, word, k, count] = /^(.*?)(?:-(\d+)-of-(\d+))?(?:-[0-9a-f]{8,})?\.parquet$/i.exec(basename(path)) ?? [];
  const of = count === undefined ? null : { k: Number(k), count: Number(count) };
  const name = word.toLowerCase();
  if ([...TRAIN, ...TEST].includes(name) || of) return { path, split: name, of, set: dirname(path) };
  const folder = basename(dirname(path)).toLowerCase();
  const known = [...TRAIN, ...TEST].includes(folder);
  return { path, split: known ? folder : '', of, set: known ? dirname(dirname(path)) : dirname(path) };
}

/** The .parquet files of a folder, and of folders in it down to `depth`. */
export async function parquetFiles(folder: string, depth = DEEPEST): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readFolder(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth > 0) found.push(...(await parquetFiles(path, depth - 1)));
    // Caches of the hub are folders of links.
    else if (/\.parquet$/i.test(entry.name)) found.push(path);
  }
  return found;
}

/** The shards by split. Throws `UserError` where there are none, some are missing, or there are several data sets. */
export async function shardsOf(dataDir: string | undefined): Promise<Map<string, string[]>> {
  if (!dataDir) throw new UserError('data set "parquet" needs --data-dir, a .parquet file or the folder of its shards');
  const found = await stat(dataDir).catch(() => undefined);
  if (!found) throw new UserError(`--data-dir ${dataDir}: no such file or folder`);
  if (!found.isDirectory()) {
    await refuseHdf5(dataDir);
    return new Map([['train', [dataDir]]]);
  }
  const shards = (await parquetFiles(dataDir)).map(shardOf);
  if (shards.length === 0) throw new UserError(`--data-dir ${dataDir}: holds no .parquet files`);
  const sets = [...new Set(shards.map((s) => s.set))];
  if (sets.length > 1)
    throw new UserError(
      `--data-dir ${dataDir}: holds several data sets, ${sets.map((s) => relative(dataDir, s) || '.').join(', ')}; name one of these folders`,
    );
  const splits = new Map<string, string[]>();
  for (const split of new Set(shards.map((s) => s.split))) {
    const own = shards.filter((s) => s.split === split).sort((a, b) => (a.of?.k ?? 0) - (b.of?.k ?? 0));
    for (const { of } of own) {
      const numbers = new Set(own.map((s) => s.of?.k));
      const missing = of && Array.from({ length: of.count }, (_, k) => k).filter((k) => !numbers.has(k));
      if (missing?.length)
        throw new UserError(
          `--data-dir ${dataDir}: of the ${of!.count} shards of "${split}" number ${missing.join(', ')} is missing`,
        );
    }
    splits.set(
      split,
      own.map((s) => s.path),
    );
  }
  return splits;
}

const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ');

/**
 * The one of `names` that a column has, else the only column of `others`, which are of the right kind. Throws `UserError` that says which there are, and
 * which column has such a name and another kind.
 */
function choose(file: ParquetFile, what: string, names: readonly string[], others: readonly ParquetColumn[]): string {
  const { path, columns } = file;
  const named = names.find((name) => others.some((c) => c.name === name));
  if (named !== undefined) return named;
  const wrong = columns.find((c) => names.includes(c.name));
  if (wrong && what === 'classes')
    throw new UserError(
      `${path}: its column "${wrong.name}" holds ${wrong.kind === 'text' ? 'texts' : 'no whole numbers'}; class numbers are expected: dataset.class_encode_column("${wrong.name}").to_parquet(...) writes them in Python`,
    );
  if (others.length === 1) return others[0].name;
  const there = others.length === 0 ? 'it has no such column' : `${quoted(others.map((c) => c.name))} may be it`;
  throw new UserError(
    `${path}: no column is called ${quoted(names)}, and ${there}; rename the column of ${what} to "${names[0]}"`,
  );
}

/** The columns of a data set, and the names of its classes; null where the file does not name them. */
interface Layout {
  image: string;
  /** Whether the bytes of an image are a field of its struct. */
  inStruct: boolean;
  label: string;
  classes: string[] | null;
}

const holdsBytes = ({ kind, fields }: ParquetColumn) =>
  kind === 'bytes' || (kind === 'struct' && fields.some((f) => f.name === 'bytes' && f.kind === 'bytes'));

function layoutOf(file: ParquetFile): Layout {
  const { columns } = file;
  const features = featuresOf(file);
  const image = choose(file, 'images', IMAGES, columns.filter(holdsBytes));
  const integers = columns.filter((c) => c.kind === 'integer');
  const classes = integers.filter((c) => namesIn(features[c.name]) !== null);
  // A column that the metadata calls a class is one, whatever else is counted in the rows.
  const label = choose(file, 'classes', LABELS, classes.length > 0 ? classes : integers);
  const inStruct = columns.some((c) => c.name === image && c.kind === 'struct');
  return { image, inStruct, label, classes: namesIn(features[label]) };
}

/** The features that the library `datasets` describes in the schema's metadata, by column. */
export function featuresOf({ texts }: ParquetFile): Record<string, unknown> {
  try {
    return JSON.parse(texts.get('huggingface') ?? '{}')?.info?.features ?? {};
  } catch {
    return {};
  }
}

/** The names of a feature of classes; null for any other. */
export function namesIn(feature: unknown): string[] | null {
  const { _type, names } = (feature ?? {}) as { _type?: unknown; names?: unknown };
  return _type === 'ClassLabel' && Array.isArray(names) && names.length > 0 ? names.map(String) : null;
}

/** A split whose labels are read, and whose images are not. */
interface Split {
  files: ParquetFile[];
  layout: Layout;
  labels: Int32Array;
}

/** Opens the shards of a split and reads their labels. */
async function openSplit(paths: readonly string[]): Promise<Split> {
  const files: ParquetFile[] = [];
  const labels: number[] = [];
  for (const path of paths) {
    const file = await ParquetFile.open(path);
    const layout = layoutOf(file);
    if (files.length > 0 && !sameLayout(layout, layoutOf(files[0])))
      throw new UserError(`${path}: its columns or classes differ from those of ${files[0].path}`);
    for (const g of file.groups.keys())
      for (const value of await file.read(layout.label, g))
        labels.push(value === null || value === undefined ? -1 : Number(value));
    files.push(file);
  }
  return { files, layout: layoutOf(files[0]), labels: Int32Array.from(labels) };
}

const sameLayout = (a: Layout, b: Layout) => JSON.stringify(a) === JSON.stringify(b);

/**
 * The images at the places of each of `parts`, ascending, decoded to `size` × `size`. Every row group is read once, one after the other: a set whose test
 * images are held out is read in one pass.
 */
async function decode(
  { files, layout, labels }: Split,
  parts: readonly Int32Array[],
  size: number,
): Promise<ImageSet[]> {
  const each = size * size * 3;
  const sets = parts.map((places) => ({
    places,
    images: new Uint8Array(places.length * each),
    records: [] as string[],
  }));
  const damaged: string[] = [];
  let first = 0;
  for (const file of files) {
    let row = 0;
    for (const [g, rows] of file.groups.entries()) {
      let values: unknown[] | null = null;
      for (const { places, images, records } of sets) {
        const from = records.length;
        let to = from;
        while (to < places.length && places[to] < first + rows) to++;
        if (to === from) continue;
        values ??= await file.read(layout.image, g);
        const chosen = values;
        const inGroup = places.subarray(from, to).map((place) => place - first);
        for (const i of inGroup) records.push(`${file.path}#${row + i}`);
        const into = images.subarray(from * each, to * each);
        const bytesOf = (i: number) => encoded(chosen[inGroup[i]], layout);
        damaged.push(...(await decodeEach(records.slice(from), bytesOf, size, into)));
      }
      first += rows;
      row += rows;
    }
  }
  refuseDamaged(
    damaged,
    parts.reduce((sum, places) => sum + places.length, 0),
  );
  const shape = { height: size, width: size, channels: 3 };
  return sets.map((set) => ({ ...set, ...shape, labels: set.places.map((i) => labels[i]), n: set.places.length }));
}

/** The bytes of an image, from its struct where it is one. */
function encoded(value: unknown, { inStruct }: Layout): Uint8Array {
  const { bytes, path } = (inStruct ? value : { bytes: value }) as { bytes?: unknown; path?: unknown };
  if (bytes instanceof Uint8Array) return bytes;
  throw new Error(typeof path === 'string' ? `the file holds its path ${path} and not its bytes` : 'it is empty');
}

/** Labels as class numbers, and the names of the classes. */
function classesOf({ layout, labels, files }: Split): { classes: string[]; first: 0 | 1; notes: string[] } {
  const name = `${files[0].path}[${layout.label}]`;
  if (layout.classes) {
    checkLabels(name, labels, layout.classes.length);
    return { classes: layout.classes, first: 0, notes: [] };
  }
  const { first, note, labels: read } = labelsOf(name, ndarray(labels, [labels.length]), labels.length, false);
  const k = 1 + read.reduce((a, b) => Math.max(a, b), 0);
  const notes = [`${basename(files[0].path)}: does not name its classes; they are called by their numbers`];
  return {
    classes: Array.from({ length: k }, (_, c) => String(c + first)),
    first,
    notes: note ? [...notes, note] : notes,
  };
}

/** The test split, if there is one with labels, and what is to say of it. */
async function testOf(splits: ReadonlyMap<string, string[]>): Promise<{ test: Split | null; notes: string[] }> {
  const notes: string[] = [];
  for (const name of TEST) {
    const paths = splits.get(name);
    if (!paths) continue;
    const test = await openSplit(paths);
    if (test.labels.some((label) => label !== -1))
      return { test, notes: name === 'test' ? notes : [...notes, `${name} is the test set`] };
    notes.push(`${name} is not used: its labels are hidden`);
  }
  return { test: null, notes };
}

/** The shards of the training set. */
export function trainPaths(dataDir: string, splits: ReadonlyMap<string, string[]>): string[] {
  // Shards whose names say no split are the whole set.
  const name = [...TRAIN, ''].find((split) => splits.has(split));
  if (name !== undefined) return splits.get(name)!;
  throw new UserError(`--data-dir ${dataDir}: has no split "train"; it has ${quoted([...splits.keys()])}`);
}

/** All images and labels of the training set; none is held out. Throws `UserError` as the source does. */
export async function readLabelledParquet(path: string): Promise<{ classes: string[]; set: ImageSet }> {
  const all = await openSplit(trainPaths(path, await shardsOf(path)));
  const { classes, first } = classesOf(all);
  const labels = all.labels.map((label) => label - first);
  const [set] = await decode({ ...all, labels }, [positions(labels.length)], 32);
  return { classes, set };
}

export const parquet: DatasetSource = {
  name: 'parquet',
  summary:
    'a data set of Hugging Face: --data-dir is a .parquet file or the folder of its shards (train-*.parquet, test-*.parquet)',
  needsDir: true,
  decodes: true,
  async classes(dataDir) {
    const paths = trainPaths(dataDir!, await shardsOf(dataDir));
    const { classes } = layoutOf(await ParquetFile.open(paths[0]));
    return classes ?? classesOf(await openSplit(paths)).classes;
  },
  async load({ dataDir, trainLimit, testLimit, seed, size = 32 }) {
    checkSize(size);
    const splits = await shardsOf(dataDir);
    const all = await openSplit(trainPaths(dataDir!, splits));
    const { classes, first, notes } = classesOf(all);
    const k = classes.length;
    if (k < 2) throw new UserError(`${all.files[0].path}: has the one class "${classes[0]}"; two are needed at least`);
    const { test: found, notes: said } = await testOf(splits);
    if (found && JSON.stringify(found.layout.classes) !== JSON.stringify(all.layout.classes))
      throw new UserError(`${found.files[0].path}: its classes differ from those of ${all.files[0].path}`);
    const numbered = ({ labels, ...split }: Split): Split => ({
      ...split,
      labels: labels.map((label) => label - first),
    });
    const train = numbered(all);
    const test = found ? numbered(found) : train;
    checkLabels(`${test.files[0].path}[${test.layout.label}]`, test.labels, Math.min(k, MOST_CLASSES));
    const parts = found
      ? { train: positions(train.labels.length), test: positions(test.labels.length) }
      : holdOut(train.labels, classes, seed);
    const placesOf = (split: Split, part: Int32Array, limit: number | undefined, which: 'train' | 'test') => {
      const labels = part.map((i) => split.labels[i]);
      return limited(labels, k, limit, seed, which).map((j) => part[j]);
    };
    const own = placesOf(train, parts.train, trainLimit, 'train');
    const held = placesOf(test, parts.test, testLimit, 'test');
    const [trained, tested] = found
      ? [...(await decode(train, [own], size)), ...(await decode(test, [held], size))]
      : await decode(train, [own, held], size);
    const uneven = [...imbalance(trained.labels, classes, 'train'), ...imbalance(tested.labels, classes, 'test')];
    return { name: 'parquet', classes, train: trained, test: tested, notes: [...notes, ...said, ...uneven] };
  },
};
