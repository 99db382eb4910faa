/** A poisoned set of texts: loaded, poisoned, and turned into tokens by the words of the poisoned training set, as whoever trains on it would. */
import { attackTestTexts, findTextAttack, type PoisonedTexts, poisonTexts } from '../attacks/texts/index.js';
import { markedTexts } from '../attacks/texts/poison.js';
import { UserError } from '../base/errors.js';
import type { RunConfig } from '../config/options.js';
import type { TextDataset, TextSet, TokenSet } from '../datasets/index.js';
import { pick } from '../datasets/select.js';
import { encode, loadTextDataset, type Vocabulary, vocabularyOf } from '../datasets/texts/index.js';
import { readTokenizer } from '../datasets/texts/tokenizer.js';
import { LENGTH, tokenSet } from '../datasets/texts/words.js';
import { attackSettings, type Made, type Marked, type Preparable } from './poisoned-set.js';

/** A data set of texts as tokens. */
export type TokenDataset = Omit<TextDataset, 'train' | 'test'> & { train: TokenSet; test: TokenSet };
/** A poisoned training set of texts as tokens. */
export type PoisonedTokens = PoisonedTexts & TokenSet;
/** A poisoned set of texts and its test sets. */
export type MadeTexts = Made<TokenDataset, PoisonedTokens, TokenSet>;

/** The texts of a configuration. Throws `UserError` for texts that cannot be read, and for a target that is not one of the classes. */
export async function loadTexts(config: Preparable): Promise<TextDataset> {
  const { dataDir, trainLimit, testLimit, seed, textColumn, labelColumn, target = 0 } = config;
  const columns = { text: textColumn, label: labelColumn };
  const dataset = await loadTextDataset(config.dataset, { dataDir, trainLimit, testLimit, seed, columns });
  if (target >= dataset.classes.length)
    throw new UserError(`--target ${target}: ${dataset.name} has the classes 0 to ${dataset.classes.length - 1}`);
  return dataset;
}

/** The words of a training set, or all tokens that a tokenizer of others makes of it. Throws `UserError` as `readTokenizer`. */
export const vocabularyFor = async (
  { tokenizer }: Pick<RunConfig, 'tokenizer'>,
  texts: readonly string[],
): Promise<Vocabulary> =>
  tokenizer === undefined
    ? vocabularyOf(texts)
    : vocabularyOf(texts, Number.POSITIVE_INFINITY, await readTokenizer(tokenizer));

/** Loads and poisons a data set of texts. Throws `UserError` as `makeSet`. */
export async function makeTexts(config: Preparable): Promise<MadeTexts> {
  const target = config.target ?? 0;
  const dataset = await loadTexts(config);
  const attack = findTextAttack(config.attack);
  const settings = attackSettings({ ...config, target });
  const poisoned = poisonTexts(dataset.train, attack, settings);
  const judged = attackTestTexts(dataset, attack, settings);
  const vocabulary = await vocabularyFor(config, poisoned.texts);
  const test = tokenSet(dataset.test, vocabulary);
  return {
    dataset: {
      ...dataset,
      train: tokenSet(dataset.train, vocabulary),
      test,
      notes: [...(dataset.notes ?? []), unknownNote(dataset.test, vocabulary)],
    },
    poisoned: { ...poisoned, ...tokenSet(poisoned, vocabulary) },
    test,
    triggered: judged && tokenSet(judged.set, vocabulary),
    untriggered: judged && pick(test, judged.rows),
    target,
  };
}

/** A poisoned set of texts without its triggers: labels and marks of the poisoned set, texts of the clean one. */
export async function markTexts(config: Preparable): Promise<Marked<TokenDataset, PoisonedTokens, TokenSet>> {
  const target = config.target ?? 0;
  const dataset = await loadTexts(config);
  const attack = findTextAttack(config.attack);
  const settings = attackSettings({ ...config, target });
  const vocabulary = await vocabularyFor(config, dataset.train.texts);
  const [train, test] = [tokenSet(dataset.train, vocabulary), tokenSet(dataset.test, vocabulary)];
  const judged = attackTestTexts(dataset, attack, settings)?.rows.length ?? 0;
  const poisoned = { ...train, ...markedTexts(dataset.train, attack, settings), tokens: train.tokens };
  return { dataset: { ...dataset, train, test }, poisoned, test, judged, target };
}

const unknownNote = ({ texts }: TextSet, vocabulary: Vocabulary) =>
  `${(100 * encode(vocabulary, texts, LENGTH).unknown).toFixed(1)} % of the words of the test texts are not among the ${vocabulary.size} tokens of the training set`;
