/**
 * Record folders of BackdoorBench (Wu et al., NeurIPS 2022, arXiv 2206.12654): `bd_train_dataset/<original label>/<index>.png` are the
 * triggered images. They replace the images of the data set they were made from. `bd_test_dataset/` holds triggered test images in the same
 * way. `record-files.ts` reads what else is there, `record-roles.ts` tells poisoned from cover samples.
 */
import { UserError } from '../../base/errors.js';
import { decodeImages } from '../../datasets/images.js';
import { gather } from '../../datasets/select.js';
import type { Dataset, ImageSet } from '../../datasets/types.js';
import type { PoisonedSet } from '../types.js';
import type { BackdoorBenchRecord, Picture } from './record-files.js';
import { rolesOf } from './record-roles.js';
import type { GivenOptions, TakenSet } from './types.js';

/**
 * Replaces images in `set` by the pictures of the record, marks and relabels them. Throws `UserError` if the files do not say what the
 * pictures are, and if the pictures were not made from this data set.
 */
export async function takeRecord(
  record: BackdoorBenchRecord,
  dataset: Dataset,
  set: PoisonedSet,
  { manifest, target, rule }: GivenOptions,
): Promise<TakenSet> {
  if (target !== undefined && target >= dataset.classes.length)
    throw new UserError(`--target ${target}: ${dataset.name} has the classes 0 to ${dataset.classes.length - 1}`);
  if (set.channels !== 3 || set.height !== set.width)
    throw new UserError(
      `--manifest ${manifest}: its images are square and in colour, those of ${dataset.name} are not`,
    );
  const roles = rolesOf(record, { target, rule }, dataset.classes, wholeSize(dataset));
  const places = originals(dataset, dataset.train, record.train);
  const judged = originals(dataset, dataset.test, record.test);
  const decode = (list: Picture[], labels: readonly number[]) =>
    decodeImages({ files: list.map((p) => p.file), labels: Int32Array.from(labels) }, set.height);
  const { images } = await decode(record.train, roles.labels);
  const each = images.length / record.train.length;
  places.forEach((i, r) => {
    set.images.set(images.subarray(r * each, (r + 1) * each), i * each);
    set.labels[i] = roles.labels[r];
    if (roles.poisoned[r]) set.poisoned[i] = 1;
    else set.cover[i] = 1;
  });
  const triggered =
    record.test.length === 0
      ? null
      : { set: await decode(record.test, roles.wanted), before: gather(dataset.test, judged) };
  return { triggered, rule: roles.rule };
}

/** Row of each picture's original in the split. Throws `UserError` if that image is not of the picture's class. */
function originals({ name }: Dataset, of: ImageSet, list: readonly Picture[]): Int32Array {
  const at = of.places && new Map([...of.places].map((place, i) => [place, i]));
  return Int32Array.from(list, ({ file, original, index }) => {
    const i = at ? at.get(index) : index;
    const label = i === undefined ? undefined : of.labels[i];
    if (label === original) return i!;
    const there = label === undefined ? `there are ${of.n} images` : `image ${index} there is of class ${label}`;
    throw new UserError(`${file}: of class ${original}; ${there}. Is ${name} the set it was made from?`);
  });
}

/** Number of training images before any were held out for testing. */
function wholeSize({ train, test }: Dataset): number {
  const both = train.n + test.n;
  return new Set([...(train.places ?? []), ...(test.places ?? [])]).size === both ? both : train.n;
}
