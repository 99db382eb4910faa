/**
 * Texts in files, one folder per class: `<class>/…`, or `train/<class>/…` and `test/<class>/…`, as IMDB has them (its `unsup` is left out), or the two folders of 20
 * Newsgroups.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.js';
import { decodeText } from '../../formats/text.js';
import type { Labelled, Splits } from './splits.js';

/** Names of the folders of a split. */
const SPLITS = { train: [/^train$/i, /-train$/], test: [/^(test|dev|val|valid|validation)$/i, /-test$/] };
/** Folders that hold texts without labels. */
const UNLABELLED = ['unsup'];

const foldersIn = async (path: string): Promise<string[]> =>
  (await readdir(path, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !UNLABELLED.includes(entry.name))
    .map((entry) => entry.name)
    .sort();

async function readSplit(path: string): Promise<Labelled> {
  const out = { texts: [] as string[], labels: [] as string[], files: [] as string[] };
  for (const label of await foldersIn(path)) {
    const files = (await readdir(join(path, label), { withFileTypes: true }))
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) => entry.name)
      .sort();
    for (const file of files) {
      const place = join(path, label, file);
      out.texts.push(decodeText(await readFile(place)));
      out.labels.push(label);
      out.files.push(place);
    }
  }
  return out;
}

/** Names of the folders of the two splits; undefined where there is none. */
export async function splitFolders(dir: string): Promise<{ train?: string; test?: string }> {
  const names = await foldersIn(dir);
  const named = (split: keyof typeof SPLITS) =>
    names.find((name) => SPLITS[split].some((pattern) => pattern.test(name)));
  return { train: named('train'), test: named('test') };
}

/** The splits of a folder of class folders. Throws `UserError` where it holds no texts. */
export async function folderSplits(dir: string): Promise<Splits> {
  const { train, test } = await splitFolders(dir);
  const splits = {
    train: await readSplit(train === undefined ? dir : join(dir, train)),
    test: train === undefined || test === undefined ? null : await readSplit(join(dir, test)),
  };
  if (splits.train.texts.length === 0) throw new UserError(`${dir}: it holds no tables, and no texts in class folders`);
  return { ...splits, classes: null };
}
