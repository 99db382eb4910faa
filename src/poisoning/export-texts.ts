/** `ibscope poison` of texts: the poisoned training set as a table, and a page of triggered texts. */
import { writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { changesOf } from '../attacks/texts/changes.js';
import { type TextFormat, tableOfTexts } from '../attacks/texts/export.js';
import { attackTestTexts, findTextAttack, type PoisonedTexts, poisonTexts } from '../attacks/texts/index.js';
import { UserError } from '../base/errors.js';
import type { RunHooks } from '../base/progress.js';
import type { RunConfig } from '../config/options.js';
import type { TextDataset } from '../datasets/index.js';
import { writeAtomic, writeFolderAtomic } from '../formats/files.js';
import { textGallery } from '../report/gallery.js';
import { html } from '../report/html.js';
import { page, section } from '../report/page.js';
import { type PoisonSummary, spread, targetOf } from './export.js';
import { attackSettings } from './poisoned-set.js';
import { loadTexts } from './texts.js';

/** What is written of texts. */
export interface TextPoisonRequest {
  /** One configuration per attack. With `out` there is exactly one. */
  configs: RunConfig[];
  /** Path of the table; a name without an ending: of a folder with `train`, `test` and `triggered` tables. */
  out?: string;
  format: TextFormat;
  /** Path of a page of triggered texts. */
  preview?: string;
}

/** Texts on a page of one attack, and per attack on a page of several. */
const ROWS = { one: 12, several: 4 };

/** Writes the poisoned training set and the page. Throws `UserError` before anything is written. */
export async function writePoisonedTexts(request: TextPoisonRequest, hooks: RunHooks): Promise<PoisonSummary> {
  const { configs, out, format, preview } = request;
  const dataset = await loadTexts(configs[0]);
  for (const note of dataset.notes ?? []) hooks.line?.(note);
  const sets = configs.map((config) =>
    poisonTexts(dataset.train, findTextAttack(config.attack), attackSettings(config)),
  );
  const most = configs.length > 1 ? ROWS.several : ROWS.one;
  const blocks = sets.map((set, k) => ({ attack: configs[k].attack, texts: pageRows(dataset, set, most) }));
  const shown = blocks.filter(({ texts }) => texts.length > 0);
  if (preview !== undefined && shown.length === 0) throw new UserError('--preview: the attack changes no text');
  const set = sets.at(-1)!;
  if (out !== undefined) await writeTables(out, format, dataset, set, configs[0]);
  if (preview !== undefined) await writeAtomic(preview, pageOf(dataset.name, shown));
  const total = (flags: Uint8Array) => flags.reduce((a, b) => a + b, 0);
  const counts = { texts: set.n, poisoned: total(set.poisoned), cover: total(set.cover) };
  return { file: out ?? null, preview: preview ?? null, ...counts, target: targetOf(set, dataset.classes) };
}

async function writeTables(
  out: string,
  format: TextFormat,
  dataset: TextDataset,
  set: PoisonedTexts,
  config: RunConfig,
) {
  const { classes, test } = dataset;
  if (extname(out) !== '') return writeAtomic(out, tableOfTexts(set, classes, format));
  const triggered = attackTestTexts(dataset, findTextAttack(config.attack), attackSettings(config))?.set;
  await writeFolderAtomic(out, async (folder) => {
    for (const [name, some] of Object.entries({ train: set, test, triggered }))
      if (some) await writeFile(join(folder, `${name}.${format}`), tableOfTexts(some, classes, format));
  });
}

/** At most `most` triggered training texts with what changed: poisoned and cover samples in turn, from all classes. */
const pageRows = ({ train, classes }: TextDataset, set: PoisonedTexts, most: number) =>
  spread(set)
    .filter((i) => set.texts[i] !== train.texts[i])
    .slice(0, most)
    .map((i) => ({
      label: `${classes[set.originalLabels[i]]} → ${classes[set.labels[i]]}${set.cover[i] ? ' (cover)' : ''}`,
      parts: changesOf(train.texts[i], set.texts[i]),
    }));

/** A page of triggered texts, one part an attack. */
function pageOf(dataset: string, blocks: readonly { attack: string; texts: ReturnType<typeof pageRows> }[]): string {
  const title = `Triggered texts of ${dataset}`;
  const intro =
    'What the trigger added is underlined, what it removed is struck out. Original and new label above each text.';
  return page(
    title,
    html`ibscope`,
    html`<h1>${title}</h1><p class="intro">${intro}</p>`,
    html`${blocks.map(({ attack, texts }) => section(attack, attack, null, textGallery(texts)))}`,
    html``,
  );
}
