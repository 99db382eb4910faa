/**
 * `--target` and `--source` by the name of a class as well as by its number: `cat`, `3`, and where a text is both, `name:3` or `index:3`. What is
 * handed on is the number.
 */
import type { Command } from 'commander';
import { UserError, unknownWord } from '../base/errors.js';
import { classNamesOf } from '../datasets/index.js';
import { parseData } from '../studies/parse.js';

const isNumber = (text: string) => /^\d+$/.test(text);
/** Also what is no number of a class, such as −1, which the schema refuses. */
const isNumeric = (text: string) => Number.isFinite(Number(text));

/**
 * The number of a class. Throws `UserError` for a name that no class has, and for a number that is also the name of another class.
 */
export function classNumber(flag: string, text: string, classes: readonly string[]): number {
  const [, kind, rest] = /^(name|index):(.*)$/.exec(text) ?? [null, null, text];
  const named = classes.indexOf(rest);
  const asIndex = () => {
    if (isNumber(rest)) return Number(rest);
    throw new UserError(`${flag} ${text}: index: takes a number from 0 to ${classes.length - 1}`);
  };
  if (kind === 'index') return asIndex();
  if (kind === 'name' || !isNumber(rest)) {
    if (named < 0) throw unknownWord(`class of ${flag}`, rest, classes);
    return named;
  }
  const index = Number(rest);
  if (named >= 0 && named !== index && index < classes.length)
    throw new UserError(
      `${flag} ${rest}: it is the name of class number ${named}, and class number ${index} is "${classes[index]}"; write name:${rest} or index:${rest}`,
    );
  return named >= 0 ? named : index;
}

/** Where the data set of a command is, `usual` if it is not said; null for a study of several. */
function placeOf(values: Record<string, unknown>, usual: string): { dataset: string; dataDir?: string } | null {
  const given = (values.data ?? []) as string[];
  if (given.length > 1) return null;
  const { dataset = usual, dataDir } = given.length === 1 ? parseData(given[0]).request : values;
  return { dataset: dataset as string, dataDir: dataDir as string | undefined };
}

/** Whether the classes have to be read: a number means itself unless classes are named by numbers, which only those of users are. */
const needsNames = (texts: readonly string[], dataset: string | undefined) =>
  dataset === 'folder' || dataset === 'parquet' || texts.some((text) => !isNumeric(text));

/**
 * Lets `--target` and `--source` of a command take names of classes. `usual`: its data set where none is said; null: it has none then, and refuses the
 * option itself.
 */
export function addClassWords(command: Command, usual: string | null = 'shapes10'): void {
  command.hook('preAction', async () => {
    const values = command.opts<Record<string, unknown>>();
    if (usual === null && values.dataset === undefined) return;
    const given = (['target', 'source'] as const).flatMap((key) =>
      typeof values[key] === 'string'
        ? [{ key, flag: `--${key}`, texts: values[key].split(',').map((t) => t.trim()) }]
        : [],
    );
    const place = placeOf(values, usual ?? '');
    if (
      given.length === 0 ||
      !needsNames(
        given.flatMap((g) => g.texts),
        place?.dataset,
      )
    )
      return;
    if (place === null)
      throw new UserError(
        `${given[0].flag} ${values[given[0].key]}: several data sets number their classes differently; a number is needed`,
      );
    const classes = await classNamesOf(place.dataset, place.dataDir);
    for (const { key, flag, texts } of given)
      command.setOptionValue(
        key,
        texts.map((text) => (isNumeric(text) && !isNumber(text) ? text : classNumber(flag, text, classes))).join(','),
      );
  });
}
