/**
 * Texts in files, one folder per class: `<class>/…`, or `train/<class>/…` and `test/<class>/…`, as IMDB has them (its `unsup` is left out), or the two folders of 20
 * Newsgroups.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.js';
import type { TextSource } from '../types.js';
import { datasetOf, type Labelled } from './splits.js';

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
  const out: Labelled = { texts: [], labels: [] };
  for (const label of await foldersIn(path)) {
    const files = (await readdir(join(path, label), { withFileTypes: true }))
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) => entry.name)
      .sort();
    for (const file of files) {
      out.texts.push((await readFile(join(path, label, file), 'utf8')).replace(/^\uFEFF/, ''));
      out.labels.push(label);
    }
  }
  return out;
}

export const textFolder: TextSource = {
  name: 'text-folder',
  summary: 'your texts, one folder per class',
  needsDir: true,
  async load(request) {
    const dir = request.dataDir!;
    if (!(await stat(dir).catch(() => null))?.isDirectory())
      throw new UserError(`${dir}: a folder of class folders is expected`);
    const names = await foldersIn(dir);
    const [train, test] = (['train', 'test'] as const).map((split) =>
      names.find((name) => SPLITS[split].some((pattern) => pattern.test(name))),
    );
    const splits = {
      train: await readSplit(train === undefined ? dir : join(dir, train)),
      test: train === undefined || test === undefined ? null : await readSplit(join(dir, test)),
    };
    if (splits.train.texts.length === 0) throw new UserError(`${dir}: it holds no texts in class folders`);
    return datasetOf('text-folder', dir, splits, request);
  },
};
