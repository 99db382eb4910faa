/** Manifests as `.npz`: arrays [n] in the order of the training set, or of their `index`. */
import { UserError } from '../../base/errors.js';
import { readNpz } from '../../formats/npz.js';
import { rowOf } from './row.js';
import type { Row } from './types.js';

/** Rows of an `.npz`. Throws `UserError` if the array `poisoned` is missing or another one has a different length. */
export async function npzRows(path: string): Promise<Row[]> {
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
