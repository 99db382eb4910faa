/** Poisoned texts as tables for other tools. */
import { csv } from '../../formats/csv.js';
import type { PoisonedTexts } from './poison.js';

/** Formats of `tableOfTexts`. */
export const textFormats = ['csv', 'jsonl'] as const;
/** One of `textFormats`. */
export type TextFormat = (typeof textFormats)[number];

/** A set of texts as its table is made of it; clean ones have no marks. */
export type TableTexts = Pick<PoisonedTexts, 'texts' | 'labels'> & Partial<Omit<PoisonedTexts, 'texts' | 'labels'>>;

/**
 * The columns `text`, `label`, `original_label` (class names), `poisoned` and `cover` (0 or 1), and `index` (the text's place in its split), one row a text.
 * Labels are names, because a reader numbers classes in an order of its own.
 */
export function tableOfTexts(set: TableTexts, classes: readonly string[], format: TextFormat): string {
  const { texts, labels, originalLabels = labels, poisoned, cover, index } = set;
  const rows = texts.map((text, i) => ({
    text,
    label: classes[labels[i]],
    original_label: classes[originalLabels[i]],
    poisoned: poisoned?.[i] ?? 0,
    cover: cover?.[i] ?? 0,
    index: index?.[i] ?? i,
  }));
  return format === 'csv' ? csv(rows) : rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
