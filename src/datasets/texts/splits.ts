/** From labelled texts of one or two splits to a data set with its limits. */
import { UserError } from '../../base/errors.js';
import { holdOut, imbalance, limited } from '../limits.js';
import { pick } from '../select.js';
import type { DatasetRequest, TextDataset, TextSet } from '../types.js';

/** Texts with the words that label them. */
export interface Labelled {
  texts: string[];
  labels: string[];
  /** File of each, if it has one of its own. */
  files?: string[];
  /** File of its table and number of its row, `reviews.csv#17`, if it has no file of its own. */
  records?: string[];
}

/** The training and perhaps the test split of a source, and names of the classes where it has a list of them. */
export interface Splits {
  train: Labelled;
  test: Labelled | null;
  classes: string[] | null;
}

/** Letters of a text beyond which it is cut: a network reads its first words. */
const LONGEST = 100_000;

/**
 * The data set of a training and perhaps a test split; without one, a seeded tenth is held out. Texts without a word are left out and long ones cut, with a note.
 * `splits.classes` names the classes in the order of their labels. Throws `UserError` for a single class and for test labels that the training set does not have; `where`
 * names the files.
 */
export function datasetOf(
  name: string,
  where: string,
  splits: { train: Labelled; test: Labelled | null; classes?: string[] | null },
  { trainLimit, testLimit, seed }: DatasetRequest,
): TextDataset {
  const { set: all, labels: words, classes, notes } = labelledTexts(where, splits.train, splits.classes);
  const test = splits.test && usable(splits.test, 'test', notes);
  const rows = test ? null : holdOut(all.labels, classes, seed);
  const [from, held] = rows ? [pick(all, rows.train), pick(all, rows.test)] : [all, numbered(where, test!, words)];
  const some = (set: TextSet, limit: number | undefined, split: 'train' | 'test') =>
    pick(set, limited(set.labels, classes.length, limit, seed, split));
  const chosen = { train: some(from, trainLimit, 'train'), test: some(held, testLimit, 'test') };
  notes.push(...imbalance(chosen.train.labels, classes, 'training').map((line) => line.replaceAll('images', 'texts')));
  return { name, classes, ...chosen, notes };
}

/** All texts of a split with their places, and what is to be said of them. Throws `UserError` for a single class. */
export function labelledTexts(
  where: string,
  split: Labelled,
  names: string[] | null = null,
): { set: TextSet; labels: string[]; classes: string[]; notes: string[] } {
  const notes: string[] = [];
  const train = usable(split, 'training', notes);
  const labels = [...new Set(train.labels)].sort(byNumberOrLetters);
  if (labels.length < 2)
    throw new UserError(
      `${where}: its training texts have ${labels.length || 'no'} label${labels.length ? ` ("${labels[0]}")` : 's'}; two classes are needed`,
    );
  const classes = names?.length === labels.length ? names : labels;
  const { files, records } = train;
  const set = { ...numbered(where, train, labels), ...(files && { files }), ...(records && { records }) };
  return { set, labels, classes, notes };
}

/** A split without its empty texts, and long ones cut; `notes` gets what was done. */
function usable({ texts, labels, files, records }: Labelled, what: string, notes: string[]): Labelled {
  const kept = [...texts.keys()].filter((i) => texts[i].trim() !== '');
  const empty = texts.length - kept.length;
  const long = kept.filter((i) => texts[i].length > LONGEST).length;
  const broken = kept.filter((i) => texts[i].includes('\uFFFD')).length;
  if (empty > 0) notes.push(`${empty} ${what} texts are empty and were left out`);
  if (long > 0) notes.push(`${long} ${what} texts were cut after ${LONGEST} letters`);
  if (broken > 0) notes.push(`${broken} ${what} texts have characters that are not UTF-8`);
  return {
    texts: kept.map((i) => texts[i].slice(0, LONGEST)),
    labels: kept.map((i) => labels[i]),
    ...(files && { files: kept.map((i) => files[i]) }),
    ...(records && { records: kept.map((i) => records[i]) }),
  };
}

/** Texts with the numbers of their labels among `known`. Throws `UserError` for another label. */
function numbered(where: string, { texts, labels }: Labelled, known: readonly string[]): TextSet {
  const numberOf = new Map(known.map((label, k) => [label, k]));
  const stray = labels.find((label) => !numberOf.has(label));
  if (stray !== undefined)
    throw new UserError(
      `${where}: a test text has the label "${stray}"; the training set has ${known.slice(0, 20).join(', ')}`,
    );
  return { texts, labels: Int32Array.from(labels, (label) => numberOf.get(label)!), n: texts.length };
}

/** Numbers by their value, other words by their letters. */
function byNumberOrLetters(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  return Number.isFinite(x) && Number.isFinite(y) ? x - y : a < b ? -1 : a > b ? 1 : 0;
}
