/** Texts of a user: a table, a folder of tables, or one folder per class. */
import { readdir, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { UserError } from '../../base/errors.js';
import { parquetFiles } from '../parquet.js';
import type { TextColumns, TextSource } from '../types.js';
import { folderSplits } from './folder.js';
import { datasetOf, type Splits } from './splits.js';
import { isTable, tableSplits, tablesSplits } from './table.js';

/** The splits at a path. Throws `UserError` for a path that is missing or holds no texts. */
export async function splitsAt(path: string, columns: TextColumns = {}): Promise<Splits> {
  const found = await stat(path).catch(() => null);
  if (!found) throw new UserError(`${path}: no such file or folder`);
  if (!found.isDirectory()) return tableSplits(path, columns);
  const tables = (await readdir(path)).some(isTable) || (await parquetFiles(path)).length > 0;
  return tables ? tablesSplits(path, columns) : folderSplits(path);
}

export const text: TextSource = {
  name: 'text',
  summary: 'your texts: a CSV, TSV, JSONL or Parquet file, a folder of them, or one folder per class',
  needsDir: true,
  async load(request) {
    const path = request.dataDir!;
    return datasetOf('text', basename(path), await splitsAt(path, request.columns), request);
  },
};
