/** Texts of a user: a table, a folder of tables, or one folder per class. */
import { isUtf8 } from 'node:buffer';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { UserError } from '../../base/errors.js';
import { ParquetFile } from '../../formats/parquet.js';
import { readFolder } from '../directory.js';
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

/** Names of columns of images in Parquet files. */
const holdsImages = ({ columns }: ParquetFile) => columns.some(({ kind }) => kind === 'bytes' || kind === 'struct');

/** Whether what stands at a path are texts: a table, a folder of tables, or class folders of text files. */
export async function holdsTexts(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) {
    if (/\.parquet$/i.test(path)) return !holdsImages(await ParquetFile.open(path));
    return isTable(path);
  }
  const first = await firstInFolders(path);
  if (first !== null) return isTextFile(first);
  const [shard] = await parquetFiles(path);
  if (shard !== undefined) return !holdsImages(await ParquetFile.open(shard));
  return (await readdir(path)).some(isTable);
}

/** The first file of a class folder, two folders deep; null where there is none. */
async function firstInFolders(path: string): Promise<string | null> {
  for (const depth of [1, 2])
    for (const folder of await foldersAt(path, depth)) {
      const file = (await readFolder(folder)).find((entry) => entry.isFile() && !/\.parquet$/i.test(entry.name));
      if (file) return join(folder, file.name);
    }
  return null;
}

/** The folders that stand `depth` folders deep. */
async function foldersAt(path: string, depth: number): Promise<string[]> {
  const own = (await readFolder(path)).filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
  return depth === 1 ? own : (await Promise.all(own.map((folder) => foldersAt(folder, depth - 1)))).flat();
}

/** A file that is called .txt, or that has no ending and is UTF-8 without the zero bytes of other formats. */
async function isTextFile(path: string): Promise<boolean> {
  const ending = extname(path);
  if (ending !== '' && !/^\.\d+$/.test(ending)) return /\.txt$/i.test(path);
  const bytes = await readFile(path);
  return isUtf8(bytes) && !bytes.includes(0);
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
