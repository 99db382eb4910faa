/** Matches the rows of a manifest to the samples of a data set, by file or by index. */
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UserError, unknownWord } from '../../base/errors.js';
import { readFolder } from '../../datasets/directory.js';
import { decodeImages } from '../../datasets/images.js';
import { without } from '../../datasets/select.js';
import type { Dataset, ImageSet } from '../../datasets/types.js';
import type { PoisonedSet } from '../types.js';
import type { GivenOptions, Row, TriggeredTest } from './types.js';

/**
 * Sets the flags and original labels of the rows in `set`, a copy of the training split. Poisoned and cover samples that are held out
 * as test images are removed from the test split of `dataset`. Returns the triggered test images beside the data set, if any. Throws
 * `UserError` for rows that the data set does not have.
 */
export async function markRows(
  rows: readonly Row[],
  dataset: Dataset,
  set: PoisonedSet,
  { manifest, dataDir }: GivenOptions,
): Promise<TriggeredTest> {
  const placeOf = finder(dataset, manifest, dataDir);
  const triggered = new Set<number>();
  /** The sample that said something of a place first. */
  const seen = new Map<string, number>();
  const { classes } = dataset;
  const labelOf = (what: string, given: number | string, say: Say): number => {
    const label = classNumber(given, classes);
    if (typeof given === 'string' && label < 0) throw unknownWord(`class in ${manifest}`, given, classes);
    if (!Number.isInteger(label) || label < 0 || label >= classes.length)
      throw say(`has the ${what} ${given}; classes are 0 to ${classes.length - 1}`);
    return label;
  };
  const checkLabel = ({ label: given }: Row, there: number, say: Say) => {
    if (given === undefined) return;
    const label = labelOf('label', given, say);
    if (label !== there)
      throw say(
        `has the label ${label} (${classes[label]}), the data set has ${there} (${classes[there]}) there: the manifest is of other samples, or of another order`,
      );
  };
  rows.forEach((row, r) => {
    const say = (what: string) => new UserError(`--manifest ${manifest}: sample ${r} ${what}`);
    const { split, at } = placeOf(row, say);
    const key = `${split} ${at}`;
    const before = seen.get(key);
    if (before !== undefined && !sameRow(rows[before], row))
      throw say(`contradicts sample ${before}, which is the same image`);
    seen.set(key, r);
    checkLabel(row, split === 'test' ? dataset.test.labels[at] : set.labels[at], say);
    if (split === 'test') {
      if (row.poisoned || row.cover) triggered.add(at);
      return;
    }
    if (row.poisoned) set.poisoned[at] = 1;
    else if (row.cover) set.cover[at] = 1;
    if (row.originalLabel !== undefined) set.originalLabels[at] = labelOf('original label', row.originalLabel, say);
  });
  if (triggered.size > 0) dataset.test = without(dataset.test, triggered);
  return dataDir === undefined ? null : triggeredFolder(join(dataDir, 'test-triggered'), set);
}

const sameRow = (a: Row, b: Row) =>
  a.poisoned === b.poisoned &&
  a.cover === b.cover &&
  (a.originalLabel ?? b.originalLabel) === (b.originalLabel ?? a.originalLabel);

/** Number of a class that is given by its number or name, or by its number as text; −1 if there is none. */
function classNumber(label: number | string, classes: readonly string[]): number {
  if (typeof label === 'number') return label;
  const found = classes.indexOf(label);
  return found < 0 && /^\d+$/.test(label) ? Number(label) : found;
}

/** Makes the error of a sample from what is wrong with it. */
type Say = (what: string) => UserError;

/** The split and the position of a row in the data set, by its file or its index; throws what `say` makes of the mistake. */
function finder({ train, test, name }: Dataset, manifest: string, dataDir: string | undefined) {
  const files = (part: ImageSet) => new Map((part.files ?? part.records ?? []).map((file, i) => [resolve(file), i]));
  const places = (part: ImageSet) => part.places && new Map([...part.places].map((place, i) => [place, i]));
  const byFile = { train: files(train), test: files(test) };
  const byPlace = { train: places(train), test: places(test) };
  return (row: Row, say: Say): { split: 'train' | 'test'; at: number } => {
    let at: number | undefined;
    let held: number | undefined;
    // A file says where a sample lies; an index may count in the set as it was before it became files.
    if (row.file !== undefined && byFile.train.size > 0) {
      const paths = [dataDir ?? '.', dirname(manifest)].map((base) => resolve(base, row.file!));
      at = paths.map((p) => byFile.train.get(p)).find((i) => i !== undefined);
      held = paths.map((p) => byFile.test.get(p)).find((i) => i !== undefined);
      if (at === undefined && held === undefined) throw say(`is ${row.file}, which the training set does not have`);
    } else if (row.index === undefined) throw say(`has a file, ${row.file}; samples of ${name} have an index`);
    else if (byPlace.train) {
      at = byPlace.train.get(row.index);
      held = byPlace.test?.get(row.index);
      if (at === undefined && held === undefined) throw say(`has the index ${row.index}, which the set does not have`);
    } else if (row.index >= train.n) throw say(`has the index ${row.index}; the training set has ${train.n} images`);
    else at = row.index;
    return at === undefined ? { split: 'test', at: held! } : { split: 'train', at };
  };
}

/** Triggered test images as `ibscope poison --format folder` writes them; the caller sets their labels. */
async function triggeredFolder(path: string, { height }: ImageSet): Promise<TriggeredTest> {
  if (!(await stat(path).catch(() => null))?.isDirectory()) return null;
  const files: string[] = [];
  for (const folder of await readFolder(path))
    if (folder.isDirectory())
      for (const file of await readFolder(join(path, folder.name))) files.push(join(path, folder.name, file.name));
  if (files.length === 0) return null;
  return { set: await decodeImages({ files, labels: new Int32Array(files.length) }, height), before: null };
}
