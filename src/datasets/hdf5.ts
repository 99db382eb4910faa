/** HDF5 files (`.h5`, `.hdf5`, `.mat` of version 7.3) are not read: what to do with them. */
import { open } from 'node:fs/promises';
import { UserError } from '../base/errors.js';

const SIGNATURE = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');
/** Where the signature may stand: MATLAB has its own header before it. */
const PLACES = [0, 512];

/** Throws `UserError` that says how to convert it, if the file at `path` is HDF5. */
export async function refuseHdf5(path: string): Promise<void> {
  const file = await open(path).catch(() => null);
  if (file === null) return;
  const head = Buffer.alloc(520);
  // A folder can be opened, and not read.
  await file.read(head, 0, head.length, 0).catch(() => null);
  await file.close();
  if (PLACES.some((at) => head.subarray(at, at + 8).equals(SIGNATURE)))
    throw new UserError(
      `${path}: is HDF5, which is not read; write an .npz in Python: import h5py, numpy; f = h5py.File(${JSON.stringify(path)}); numpy.savez("data.npz", images=f["images"][:], labels=f["labels"][:]), with the names that list(f) shows`,
    );
}
