/** From labelled texts of one or two splits to a data set with its limits. */
import { UserError } from '../../base/errors.js';
import { holdOut, imbalance, limited } from '../limits.js';
import { pick } from '../select.js';
import type { DatasetRequest, TextDataset, TextSet } from '../types.js';

/** Texts with the words that label them. */
export interface Labelled {
  texts: string[];
  labels: string[];
}

/** Letters of a text beyond which it is cut: a network reads its first words. */
const LONGEST = 100_000;

/**
 * The data set of a training and perhaps a test split; without one, a seeded tenth is held out. Texts without a word are left out and long ones cut, with a note.
 * Throws `UserError` for a single class and for test labels that the training set does not have; `where` names the files.
 */
export function datasetOf(
  name: string,
  where: string,
  splits: { train: Labelled; test: Labelled | null },
  { trainLimit, testLimit, seed }: DatasetRequest,
  order: (a: string, b: string) => number = byNumberOrLetters,
): TextDataset {
  const notes: string[] = [];
  const clean = (split: Labelled, what: string): Labelled => {
    const kept = [...split.texts.keys()].filter((i) => split.texts[i].trim() !== '');
    const empty = split.texts.length - kept.length;
    const long = kept.filter((i) => split.texts[i].length > LONGEST).length;
    const broken = kept.filter((i) => split.texts[i].includes('\uFFFD')).length;
    if (empty > 0) notes.push(`${empty} ${what} texts are empty and were left out`);
    if (long > 0) notes.push(`${long} ${what} texts were cut after ${LONGEST} letters`);
    if (broken > 0) notes.push(`${broken} ${what} texts have characters that are not UTF-8`);
    return { texts: kept.map((i) => split.texts[i].slice(0, LONGEST)), labels: kept.map((i) => split.labels[i]) };
  };
  const [train, test] = [clean(splits.train, 'training'), splits.test && clean(splits.test, 'test')];
  const classes = [...new Set(train.labels)].sort(order);
  if (classes.length < 2)
    throw new UserError(
      `${where}: its training texts have ${classes.length || 'no'} label${classes.length ? ` ("${classes[0]}")` : 's'}; two classes are needed`,
    );
  const numbered = ({ texts, labels }: Labelled): TextSet => {
    const stray = labels.find((label) => !classes.includes(label));
    if (stray !== undefined)
      throw new UserError(
        `${where}: a test text has the label "${stray}"; the training set has ${classes.slice(0, 20).join(', ')}`,
      );
    return { texts, labels: Int32Array.from(labels, (label) => classes.indexOf(label)), n: texts.length };
  };
  const all = numbered(train);
  const rows = test ? null : holdOut(all.labels, classes, seed);
  const [from, held] = rows ? [pick(all, rows.train), pick(all, rows.test)] : [all, numbered(test!)];
  const some = (set: TextSet, limit: number | undefined, split: 'train' | 'test') =>
    pick(set, limited(set.labels, classes.length, limit, seed, split));
  const chosen = { train: some(from, trainLimit, 'train'), test: some(held, testLimit, 'test') };
  notes.push(...imbalance(chosen.train.labels, classes, 'training').map((line) => line.replaceAll('images', 'texts')));
  return { name, classes, ...chosen, notes };
}

/** Numbers by their value, other words by their letters. */
function byNumberOrLetters(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  return Number.isFinite(x) && Number.isFinite(y) ? x - y : a < b ? -1 : a > b ? 1 : 0;
}
