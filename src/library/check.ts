/** Checks on the arguments of callers that TypeScript did not check, with errors of one line. */
import { UserError, unknownWord } from '../base/errors.js';
import type { Dataset, ImageSet } from '../datasets/types.js';

/** Throws `UserError` for a key that is not in `allowed`: a misspelt option would otherwise be ignored. */
export function checkKeys(what: string, given: object, allowed: readonly string[]): void {
  if (typeof given !== 'object' || given === null) throw new UserError(`${what}s: an object is expected`);
  for (const key of Object.keys(given)) if (!allowed.includes(key)) throw unknownWord(what, key, allowed);
}

/** Throws `UserError` unless `path` is a non-empty text. */
export function checkPath(path: unknown): void {
  if (typeof path !== 'string' || path === '')
    throw new UserError('the folder of a run is expected, such as runs/mine');
}

/** Throws `UserError` unless the arrays and sizes of a set agree; `what` names the set in errors. */
export function checkImages(what: string, set: Omit<ImageSet, 'labels'> & { labels?: Int32Array }): void {
  const { images, labels, n, height, width, channels } = set ?? {};
  for (const [name, size] of Object.entries({ n, height, width, channels }))
    if (!Number.isInteger(size) || size < 1)
      throw new UserError(`${what}: ${name} is ${size}; a whole number from 1 is expected`);
  if (!(images instanceof Uint8Array))
    throw new UserError(`${what}: images are a Uint8Array of [n, height, width, channels], values 0 to 255`);
  const size = n * height * width * channels;
  if (images.length !== size)
    throw new UserError(
      `${what}: ${n} images of ${height}×${width}×${channels} are ${size} bytes, but images holds ${images.length}`,
    );
  if (!labels) return;
  if (!(labels instanceof Int32Array)) throw new UserError(`${what}: labels are an Int32Array of class numbers`);
  if (labels.length !== n) throw new UserError(`${what}: there are ${n} images and ${labels.length} labels`);
  const at = labels.findIndex((y) => y < 0);
  if (at >= 0) throw new UserError(`${what}: sample ${at} has the label ${labels[at]}; classes count from 0`);
}

/** Throws `UserError` unless a data set has two classes, valid labels, and splits of one image shape. */
export function checkDataset({ name, classes, train, test }: Dataset): void {
  const say = (what: string) => new UserError(`data set "${name}": ${what}`);
  if (!Array.isArray(classes) || classes.length < 2) throw say('two class names are needed at least');
  for (const [split, set] of Object.entries({ train, test })) {
    checkImages(`data set "${name}", ${split}`, set);
    const top = set.labels.reduce((a, b) => Math.max(a, b), 0);
    if (top >= classes.length)
      throw say(`${split} has the label ${top}; its ${classes.length} classes are 0 to ${classes.length - 1}`);
  }
  const shape = (s: ImageSet) => `${s.height}×${s.width}×${s.channels}`;
  if (shape(train) !== shape(test)) throw say(`training images are ${shape(train)}, test images ${shape(test)}`);
}
