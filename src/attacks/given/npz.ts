/**
 * Manifests as `.npz`: arrays [n] in the order of the training set, or of their `index`. A file that holds the images too is a data set and its
 * own manifest: its rows are its images, whatever `index` they had in the set that it was made from.
 */
import { UserError } from '../../base/errors.js';
import { readNpz } from '../../formats/npz.js';
import { rowOf } from './row.js';
import type { Row } from './types.js';

/** Arrays that say something of a sample. */
const ROWS = ['index', 'poisoned', 'cover', 'labels', 'label', 'original_labels', 'original_label'];

/**
 * Rows of an `.npz` for a training set of `images` (null: not known). Throws `UserError` if the array `poisoned` is missing, another one has a different
 * length, or there is no row for every image and no `index`.
 */
export async function npzRows(path: string, images: number | null): Promise<Row[]> {
  const names: string[] = [];
  const arrays = await readNpz(path, { only: ROWS, listed: (name) => names.push(name) });
  const { poisoned, cover } = arrays;
  const label = arrays.labels ?? arrays.label;
  const index = names.includes('images') ? undefined : arrays.index;
  const original = arrays.original_labels ?? arrays.original_label;
  if (!poisoned) throw new UserError(`--manifest ${path}: it has no array "poisoned"`);
  const n = poisoned.data.length;
  for (const [name, array] of Object.entries(arrays))
    if (array.data.length !== n)
      throw new UserError(`--manifest ${path}: "${name}" has ${array.data.length} rows, "poisoned" has ${n}`);
  if (!index && images !== null && n !== images)
    throw new UserError(
      `--manifest ${path}: "poisoned" has ${n} rows, the training set has ${images} images; an array "index" says which they are`,
    );
  return Array.from({ length: n }, (_, i) =>
    rowOf(
      path,
      {
        index: index ? Number(index.data[i]) : i,
        poisoned: Number(poisoned.data[i]),
        cover: Number(cover?.data[i] ?? 0),
        label: label && Number(label.data[i]),
        originalLabel: original && Number(original.data[i]),
      },
      i,
    ),
  );
}
