/** The epoch of each checkpoint from the name of its file. */
import { basename } from 'node:path';
import { UserError } from '../base/errors.js';

/** A whole number in a name, and the letters before it. `acc0.51` is no whole number. */
interface Counted {
  word: string;
  value: number;
}

/** Words that say what a number counts. Lightning, Keras and Transformers write these. */
const EPOCH = new Set(['epoch', 'epochs', 'ep', 'e']);
const STEP = new Set(['step', 'steps', 'iter', 'iteration', 'iterations', 'checkpoint', 'ckpt']);

function countedIn(file: string): Counted[] {
  const name = basename(file).replace(/(\.(ckpt|onnx|pth?|tar))+$/i, '');
  return [...name.matchAll(/([a-z]*)[-_=. ]*(\d+(?:\.\d+)?)/gi)].flatMap(([, word, number]) =>
    number.includes('.') ? [] : [{ word: word.toLowerCase(), value: Number(number) }],
  );
}

/**
 * Epochs of files, counted from 1, in the order of the files. By `pattern`, whose first group (or whole match) is the number; else by the number
 * after the word epoch, or after step, or by the only number in which the names differ. Names that count epochs from 0 and say a step above
 * 0, as Lightning writes them, are shifted by one: they were saved after that epoch. Throws `UserError` where the names leave
 * it open, with the order that their last numbers would give.
 */
export function epochsOfNames(files: readonly string[], pattern?: string): number[] {
  return pattern === undefined ? byWords(files) : byPattern(files, pattern);
}

function byPattern(files: readonly string[], pattern: string): number[] {
  let expression: RegExp;
  try {
    expression = new RegExp(pattern);
  } catch (error) {
    throw new UserError(`--epochs-from ${pattern}: ${(error as Error).message}`);
  }
  return files.map((file) => {
    const found = expression.exec(basename(file));
    const text = found?.[1] ?? found?.[0] ?? '';
    if (!/^\d+$/.test(text))
      throw new UserError(
        `--epochs-from ${pattern}: ${found ? `finds "${text}", no whole number, in` : 'finds nothing in'} ${basename(file)}`,
      );
    return Number(text);
  });
}

function byWords(files: readonly string[]): number[] {
  const counted = files.map(countedIn);
  const bare = counted.findIndex((c) => c.length === 0);
  if (bare >= 0) throw new UserError(`--onnx ${files[bare]}: its name has no whole number, and so no epoch`);
  const after = (words: ReadonlySet<string>) => {
    const values = counted.map((c) => c.find(({ word }) => words.has(word))?.value);
    return values.every((v) => v !== undefined) ? (values as number[]) : null;
  };
  const epochs = after(EPOCH);
  const steps = after(STEP);
  if (epochs && distinct(epochs)) {
    const shifted = Math.min(...epochs) === 0 && steps?.every((s) => s > 0);
    return shifted ? epochs.map((e) => e + 1) : epochs;
  }
  if (steps && distinct(steps)) return steps;
  const lengths = new Set(counted.map((c) => c.length));
  if (lengths.size === 1) {
    const places = counted[0].map((_, place) => counted.map((c) => c[place].value));
    const differing = places.filter((values) => new Set(values).size > 1);
    if (differing.length === 1) return differing[0];
    if (places.length === 1) return places[0];
  }
  const order = files
    .map((file, i) => ({ name: basename(file), last: counted[i].at(-1)!.value }))
    .sort((a, b) => a.last - b.last);
  throw new UserError(
    `--onnx: the names do not say which number is the epoch; by the last one the order would be ${order.map(({ name, last }) => `${name} (${last})`).join(', ')}; --epochs-from REGEX says it, such as 'epoch(\\d+)'`,
  );
}

const distinct = (values: readonly number[]) => new Set(values).size === values.length;
