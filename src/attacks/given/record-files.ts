/**
 * The files of a record of BackdoorBench: the pictures, and what `attack_result.pt` and `info.pickle` say of them. Both are read as data
 * (`formats/torch.ts`).
 *
 * `attack_result.pt` is a dict with `bd_train` and `bd_test`, each with `bd_data_container.data_dict`: index → {path, other_info: [label trained on, original
 * label]} and `poison_indicator` [n]. Paths in it are those of another machine and are not followed. `info.pickle` holds the arguments of the attack.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.js';
import { readFolder } from '../../datasets/directory.js';
import type { PickleValue } from '../../formats/pickle.js';
import { isArray } from '../../formats/pickle-names.js';
import { readTorch } from '../../formats/torch.js';

export interface Picture {
  file: string;
  /** True class: the folder's name. */
  original: number;
  index: number;
  /** Label that it is trained or judged with; undefined where no file says it. */
  label?: number;
}

/** Arguments of the attack. */
export interface RecordInfo {
  attack?: string;
  target?: number;
  rule?: 'all2one' | 'all2all';
  classes?: number;
  poisonRate?: number;
  batchSize?: number;
}

export interface BackdoorBenchRecord {
  path: string;
  train: Picture[];
  test: Picture[];
  /** Whether `attack_result.pt` says the labels. */
  labelled: boolean;
  info: RecordInfo | null;
}

type Dict = Map<PickleValue, PickleValue>;
const dictOf = (value: PickleValue | undefined): Dict | null => (value instanceof Map ? value : null);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Reads a record folder, but for its images. Throws `UserError` for any other folder, and for files that contradict each other. */
export async function readRecord(path: string): Promise<BackdoorBenchRecord> {
  const train = await pictures(path, 'bd_train_dataset');
  const test = (await isThere(join(path, 'bd_test_dataset'))) ? await pictures(path, 'bd_test_dataset') : [];
  const result = await dictAt(join(path, 'attack_result.pt'));
  if (result) {
    const file = join(path, 'attack_result.pt');
    labelBy(file, result, 'bd_train', train);
    if (test.length > 0) labelBy(file, result, 'bd_test', test);
  }
  const info = await dictAt(join(path, 'info.pickle'));
  return { path, train, test, labelled: result !== null, info: info && infoOf(info) };
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** The dict in a file; null where there is no file. */
async function dictAt(path: string): Promise<Dict | null> {
  if (!(await isThere(path))) return null;
  const dict = dictOf(await readTorch(path));
  if (!dict) throw new UserError(`${path}: holds no dict`);
  return dict;
}

async function pictures(record: string, split: string): Promise<Picture[]> {
  const path = join(record, split);
  const found: Picture[] = [];
  for (const { name: folder } of await readFolder(path)) {
    if (!/^\d+$/.test(folder))
      throw new UserError(`${join(path, folder)}: a folder named by a class number is expected`);
    for (const { name } of await readFolder(join(path, folder))) {
      const index = /^(\d+)\.png$/i.exec(name)?.[1];
      const file = join(path, folder, name);
      if (index === undefined) throw new UserError(`${file}: an image named by its index, such as 17.png, is expected`);
      found.push({ file, original: Number(folder), index: Number(index) });
    }
  }
  found.sort((a, b) => a.index - b.index);
  const twice = found.findIndex((picture, i) => i > 0 && picture.index === found[i - 1].index);
  if (twice >= 0) throw new UserError(`${found[twice].file}: image ${found[twice].index} is in another class too`);
  return found;
}

/** Gives the pictures of a split their labels. Throws `UserError` where the file lists other images or other classes. */
function labelBy(file: string, result: Dict, split: 'bd_train' | 'bd_test', list: Picture[]): void {
  const fail = (why: string) => new UserError(`${file}: ${split} ${why}`);
  const state = dictOf(result.get(split));
  const listed = dictOf(dictOf(state?.get('bd_data_container'))?.get('data_dict'));
  if (!state || !listed) throw fail('has no bd_data_container with a data_dict; records of BackdoorBench 2 are read');
  if (listed.size !== list.length)
    throw fail(`lists ${listed.size} images, ${split}_dataset holds ${list.length}: they are of different records`);
  const flags = state.get('poison_indicator');
  for (const picture of list) {
    const entry = dictOf(listed.get(picture.index));
    if (!entry) throw fail(`does not list image ${picture.index}, which is ${picture.file}`);
    const [label, original] = Array.isArray(entry.get('other_info')) ? (entry.get('other_info') as PickleValue[]) : [];
    if (!isCount(label) || !isCount(original)) throw fail(`has no labels of image ${picture.index}`);
    if (original !== picture.original)
      throw fail(`says that image ${picture.index} is of class ${original}; it is ${picture.file}`);
    if (isArray(flags) && flags.shape.length === 1 && !flags.data[picture.index])
      throw fail(`lists image ${picture.index}, which its poison_indicator does not`);
    picture.label = label;
  }
}

function infoOf(info: Dict): RecordInfo {
  const count = (key: string) => (isCount(info.get(key)) ? (info.get(key) as number) : undefined);
  const [attack, rule, rate] = [info.get('attack'), info.get('attack_label_trans'), info.get('pratio')];
  return {
    attack: typeof attack === 'string' ? attack : undefined,
    target: count('attack_target'),
    rule: rule === 'all2one' || rule === 'all2all' ? rule : undefined,
    classes: count('num_classes'),
    poisonRate: typeof rate === 'number' ? rate : undefined,
    batchSize: count('batch_size'),
  };
}
