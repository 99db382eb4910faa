/** Manifests as JSON: an array of samples, or an object with `samples` and perhaps `classes`. */
import { UserError } from '../../base/errors.js';
import { rowOf } from './row.js';
import type { Row } from './types.js';

/** Rows of a JSON text. Throws `UserError` if it is none, or has no list of samples. */
export function jsonRows(path: string, text: string): Row[] {
  let samples: unknown;
  let classes: unknown;
  try {
    const document = JSON.parse(text);
    samples = Array.isArray(document) ? document : document?.samples;
    classes = document?.classes;
  } catch {
    throw new UserError(`--manifest ${path}: it is not JSON (and its name ends in neither .csv nor .npz)`);
  }
  if (!Array.isArray(samples)) throw new UserError(`--manifest ${path}: a list of samples is expected`);
  // Class numbers count in the manifest's own list, if it has one: folders are in another order.
  const names = Array.isArray(classes) ? classes.map(String) : null;
  return samples.map((sample, i) => {
    const row = rowOf(path, sample, i);
    const named = (label: number | string | undefined) =>
      typeof label === 'number' ? (names?.[label] ?? label) : label;
    return { ...row, label: named(row.label), originalLabel: named(row.originalLabel) };
  });
}
