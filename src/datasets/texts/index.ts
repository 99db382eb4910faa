/** The sources of texts. A new one is one file beside this and one line below. */
import { findNamed } from '../../base/errors.js';
import { datasets } from '../index.js';
import type { DatasetRequest, DatasetSource, TextDataset, TextSource } from '../types.js';
import { phrases10 } from './phrases10.js';
import { text } from './text.js';
import { wordnet } from './wordnet.js';

/** All sources of texts, in the order of `data list`. */
export const textDatasets: readonly TextSource[] = [phrases10, wordnet, text];

/** Whether the data set of that name holds texts. */
export const isTextDataset = (name: string): boolean => textDatasets.some((source) => source.name === name);

/** The source of that name, of images or of texts. Throws `UserError` with the nearest name if there is none. */
export const findSource = (name: string): DatasetSource | TextSource =>
  findNamed('data set', name, [...datasets, ...textDatasets]);

/** Loads the texts of that name. Throws `UserError` for an unknown name, and for files that are missing or damaged. */
export async function loadTextDataset(name: string, request: DatasetRequest): Promise<TextDataset> {
  return findNamed('data set of texts', name, textDatasets).load(request);
}

export { encode, type Vocabulary, vocabularyOf } from './words.js';
