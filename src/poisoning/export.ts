/** `ibscope poison`: the poisoned training set as files, and a contact sheet of triggered samples. */

import { attackTest, type ExportFormat, exportSet, findAttack, type PoisonedSet } from '../attacks/index.js';
import { type Marks, triggeredRows } from '../attacks/marks.js';
import { UserError } from '../base/errors.js';
import type { RunHooks } from '../base/progress.js';
import type { RunConfig } from '../config/options.js';
import type { Dataset } from '../datasets/index.js';
import { pick } from '../datasets/select.js';
import { writeAtomic } from '../formats/files.js';
import { className } from '../report/groups.js';
import { contactSheet, type GalleryImage, type SheetBlock } from '../report/index.js';
import { VERSION } from '../version.js';
import { attackSettings, loadData, poisonedSet } from './poisoned-set.js';

export interface PoisonRequest {
  /** One configuration per attack. With `out` there is exactly one. */
  configs: RunConfig[];
  /** Path of the poisoned set; absent: only the preview is written. */
  out?: string;
  format: ExportFormat;
  /** Path of the contact sheet, a PNG file. */
  preview?: string;
}

/** Written files, and numbers of samples. */
export interface PoisonSummary {
  file: string | null;
  preview: string | null;
  images?: number;
  texts?: number;
  poisoned: number;
  cover: number;
  /** The class, as in `cat (3)`, that all poisoned samples are labelled as; null where they have several labels, or there is none. */
  target: string | null;
}

/** Samples on a contact sheet of one attack, and per attack on a sheet of several. */
const ROWS = { one: 8, several: 2 };

/** Writes the poisoned training set and its contact sheet. Throws `UserError` before anything is written. */
export async function writePoisoned(request: PoisonRequest, hooks: RunHooks): Promise<PoisonSummary> {
  const { configs, out, format, preview } = request;
  const dataset = await loadData(configs[0]);
  for (const note of dataset.notes ?? []) hooks.line?.(note);
  const blocks: SheetBlock[] = [];
  let last: PoisonedSet | undefined;
  for (const [i, config] of configs.entries()) {
    if (configs.length > 1)
      hooks.progress?.({ phase: 'poison', stage: config.attack, done: i, total: configs.length, unit: 'attacks' });
    last = await poisonedSet(dataset, findAttack(config.attack), attackSettings(config), hooks);
    const images = sheetRows(dataset, last, configs.length > 1 ? ROWS.several : ROWS.one);
    if (images.length) blocks.push({ title: config.attack, images });
  }
  if (preview !== undefined && !blocks.length) throw new UserError('--preview: the attack changes no image');
  const set = last!;
  if (out !== undefined) {
    const { dataset: name, attack, attackOption, poisonRate, target, rule, source, seed } = configs[0];
    const settings = { ibscope: VERSION, dataset: name, attack, attackOption, poisonRate, target, rule, source, seed };
    const triggered = attackTest(dataset.test, findAttack(attack), attackSettings(configs[0]))?.set ?? null;
    await exportSet(set, out, format, { classes: dataset.classes, seed, settings, test: dataset.test, triggered });
  }
  if (preview !== undefined) await writeAtomic(preview, await contactSheet(blocks));
  const total = (flags: Uint8Array) => flags.reduce((a, b) => a + b, 0);
  const counts = { images: set.n, poisoned: total(set.poisoned), cover: total(set.cover) };
  return { file: out ?? null, preview: preview ?? null, ...counts, target: targetOf(set, dataset.classes) };
}

/** The class as which all poisoned samples are labelled; null where there is none, or several. */
export function targetOf(
  { labels, poisoned }: Pick<Marks, 'labels' | 'poisoned'>,
  classNames: string[],
): string | null {
  const [target, ...others] = new Set(labels.filter((_, i) => poisoned[i]));
  return target === undefined || others.length > 0 ? null : className(target, { classNames });
}

/** At most `most` triggered training samples, each with its clean image: poisoned and cover samples in turn, from all classes. */
function sheetRows(dataset: Dataset, set: PoisonedSet, most: number): GalleryImage[] {
  return spread(set)
    .slice(0, most)
    .map((i) => ({
      label: `${dataset.classes[set.originalLabels[i]]}${set.cover[i] ? ' (cover)' : ''}`,
      height: set.height,
      width: set.width,
      channels: set.channels,
      clean: pick(dataset.train, [i]).images,
      triggered: pick(set, [i]).images,
    }));
}

/** Triggered samples: poisoned and cover samples in turn, no class a second time before every class came once. */
export function spread(set: Marks): number[] {
  const touched = triggeredRows(set);
  const seen = new Map<string, number>();
  const next = (key: string) => {
    const k = seen.get(key) ?? 0;
    seen.set(key, k + 1);
    return k;
  };
  const byClass = touched
    .map((i) => ({ i, rank: next(`${set.originalLabels[i]} ${set.cover[i]}`) }))
    .sort((a, b) => a.rank - b.rank || a.i - b.i);
  return byClass
    .map(({ i }) => ({ i, turn: next(`cover ${set.cover[i]}`) }))
    .sort((a, b) => a.turn - b.turn || set.cover[a.i] - set.cover[b.i])
    .map(({ i }) => i);
}
