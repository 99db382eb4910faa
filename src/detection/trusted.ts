/** Samples that are known to be clean, as the network of a set reads them. */
import { classNumbers, loadTest } from '../audit/load.js';
import { labelledTexts } from '../datasets/texts/splits.js';
import { splitsAt } from '../datasets/texts/text.js';
import { tokenSet, type Vocabulary, vocabularyOf } from '../datasets/texts/words.js';
import type { InputSet } from '../datasets/types.js';

/** Images from a folder or an `.npz`, or texts from what `ibscope audit` takes, with the numbers of the set's classes. `vocabulary`: of texts (default the words of the set). Throws `UserError` for another class or shape. */
export async function loadTrusted(
  path: string,
  { classes, set, vocabulary }: { classes: readonly string[]; set: InputSet; vocabulary?: Vocabulary },
): Promise<InputSet> {
  if (!('tokens' in set)) return loadTest('--trusted', path, { classes, set });
  const { train, classes: names } = await splitsAt(path);
  const { set: read, classes: own } = labelledTexts(path, train, names);
  const numbers = classNumbers(path, own, classes);
  const labels = read.labels.map((y) => numbers[y]);
  return tokenSet({ ...read, labels }, vocabulary ?? vocabularyOf(set.texts));
}
