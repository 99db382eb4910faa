/** Poisoned samples of a configuration, whatever they are. */
import type { RunHooks } from '../base/progress.js';
import { isTextDataset } from '../datasets/texts/index.js';
import { type MadeSet, type MarkedSet, makeSet, markSet, type Preparable } from './poisoned-set.js';
import { type MadeTexts, makeTexts, markTexts } from './texts.js';

/** Poisoned images or texts. */
export type AnyMade = MadeSet | MadeTexts;

/** Images or texts with the marks of a poisoned set. */
export type AnyMarked = MarkedSet | Awaited<ReturnType<typeof markTexts>>;

/** `makeSet` or `makeTexts`. */
export const makeAny = (config: Preparable, hooks: RunHooks = {}): Promise<AnyMade> =>
  isTextDataset(config.dataset) ? makeTexts(config) : makeSet(config, hooks);

/** `markSet` or `markTexts`. */
export const markAny = (config: Preparable): Promise<AnyMarked> =>
  isTextDataset(config.dataset) ? markTexts(config) : markSet(config);
