/** What `ibscope poison` and `ibscope perceive` do: the poisoned set as files, as a picture, and as measures of its look. */
import { attackTest, type ExportFormat, exportSet, findAttack, type PoisonedSet } from '../attacks/index.js';
import { UserError } from '../base/errors.js';
import type { Dataset } from '../datasets/index.js';
import { writeAtomic } from '../formats/files.js';
import { type Images, lpips, type Perceived, perceive, summary } from '../perception/index.js';
import { contactSheet, type GalleryImage, type SheetBlock } from '../report/index.js';
import { VERSION } from '../version.js';
import type { RunConfig } from './config.js';
import type { RunHooks } from './hooks.js';
import { attackSettings, loadData, pick, poisonedSet } from './prepare.js';

export interface PoisonRequest {
  /** One configuration an attack; files are written of the only one. */
  configs: RunConfig[];
  out?: string;
  format: ExportFormat;
  /** PNG file of the contact sheet. */
  preview?: string;
}

export interface PoisonSummary {
  file: string | null;
  preview: string | null;
  images: number;
  poisoned: number;
  cover: number;
}

/** Rows of a contact sheet for one attack alone, and for each of several. */
const ROWS = { one: 8, several: 2 };

/** Writes the poisoned training set and its contact sheet. Throws `UserError` before anything is written. */
export async function writePoisoned(request: PoisonRequest, hooks: RunHooks): Promise<PoisonSummary> {
  const { configs, out, format, preview } = request;
  const dataset = await loadData(configs[0]);
  for (const note of dataset.notes ?? []) hooks.line?.(note);
  const blocks: SheetBlock[] = [];
  let last: PoisonedSet | undefined;
  for (const [i, config] of configs.entries()) {
    if (configs.length > 1) hooks.progress?.({ stage: config.attack, done: i, total: configs.length, unit: 'attacks' });
    last = await poisonedSet(dataset, findAttack(config.attack), attackSettings(config), hooks);
    const images = sheetRows(dataset, last, configs.length > 1 ? ROWS.several : ROWS.one);
    if (images.length) blocks.push({ title: config.attack, images });
  }
  if (preview !== undefined && !blocks.length) throw new UserError('--preview: the attack touches no image');
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
  return { file: out ?? null, preview: preview ?? null, ...counts };
}

/** Triggered training samples, of as many classes as there are, before and after. */
function sheetRows(dataset: Dataset, set: PoisonedSet, most: number): GalleryImage[] {
  const touched = [...set.index.keys()].filter((i) => set.poisoned[i] || set.cover[i]);
  // Payload and cover in turn, of every class one before any has two.
  const seen = new Map<string, number>();
  const next = (key: string) => {
    const k = seen.get(key) ?? 0;
    seen.set(key, k + 1);
    return k;
  };
  const byClass = touched
    .map((i) => ({ i, rank: next(`${set.originalLabels[i]} ${set.cover[i]}`) }))
    .sort((a, b) => a.rank - b.rank || a.i - b.i);
  const order = byClass
    .map(({ i }) => ({ i, turn: next(`cover ${set.cover[i]}`) }))
    .sort((a, b) => a.turn - b.turn || set.cover[a.i] - set.cover[b.i]);
  return order.slice(0, most).map(({ i }) => ({
    label: `${dataset.classes[set.originalLabels[i]]}${set.cover[i] ? ' (cover)' : ''}`,
    height: set.height,
    width: set.width,
    channels: set.channels,
    clean: pick(dataset.train, [i]).images,
    triggered: pick(set, [i]).images,
  }));
}

export interface PerceiveRequest {
  config: RunConfig;
  /** `test`: the test images the attack is judged on, under the trigger; `train`: the training samples it touches. */
  split: 'train' | 'test';
  /** ONNX file of a network for LPIPS. */
  lpips?: string;
}

export interface PerceiveSummary {
  attack: string;
  dataset: string;
  split: 'train' | 'test';
  samples: number;
  measures: Record<string, Perceived>;
}

/** How visible an attack is on a data set. */
export async function measureLook(request: PerceiveRequest, hooks: RunHooks): Promise<PerceiveSummary> {
  const { config, split, lpips: network } = request;
  const dataset = await loadData(config);
  for (const note of dataset.notes ?? []) hooks.line?.(note);
  const attack = findAttack(config.attack);
  const settings = attackSettings(config);
  let [clean, triggered]: [Images, Images] = [dataset.test, dataset.test];
  if (split === 'train') {
    const set = await poisonedSet(dataset, attack, settings, hooks);
    const touched = Int32Array.from(set.index.keys()).filter((i) => set.poisoned[i] || set.cover[i]);
    [clean, triggered] = [pick(dataset.train, touched), pick(set, touched)];
  } else {
    const judged = attackTest(dataset.test, attack, settings);
    if (judged) [clean, triggered] = [pick(dataset.test, judged.rows), judged.set];
  }
  if (clean.n === 0) throw new UserError(`--attack ${config.attack}: it touches no image of the ${split} set`);
  const measures = perceive(clean, triggered);
  if (network !== undefined) measures.lpips = summary(await lpips(network, clean, triggered));
  return { attack: attack.name, dataset: dataset.name, split, samples: clean.n, measures };
}
