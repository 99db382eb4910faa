/** `ibscope perceive`: measures of how visible an attack's trigger is, over the samples of a data set. */
import { attackTest, findAttack } from '../attacks/index.js';
import { triggeredRows } from '../attacks/marks.js';
import { attackTestTexts, findTextAttack, poisonTexts } from '../attacks/texts/index.js';
import { UserError } from '../base/errors.js';
import type { RunHooks } from '../base/progress.js';
import type { RunConfig } from '../config/options.js';
import { pick } from '../datasets/select.js';
import { isTextDataset } from '../datasets/texts/index.js';
import { type Images, lpips, type Perceived, perceive, summary } from '../perception/index.js';
import { perceiveTexts } from '../perception/texts.js';
import { attackSettings, loadData, poisonedSet } from './poisoned-set.js';
import { loadTexts } from './texts.js';

export interface PerceiveRequest {
  config: RunConfig;
  /** `test`: the triggered test images of the ASR; `train`: the training samples that the attack changes. */
  split: 'train' | 'test';
  /** ONNX file of a network for LPIPS; absent: LPIPS is not computed. */
  lpips?: string;
}

/** The measures by name, over `samples` images or texts. */
export interface PerceiveSummary {
  attack: string;
  dataset: string;
  split: 'train' | 'test';
  samples: number;
  measures: Record<string, Perceived>;
}

/** Measures between clean and triggered images. Throws `UserError` for an attack that changes no image of the split. */
export async function measureVisibility(request: PerceiveRequest, hooks: RunHooks): Promise<PerceiveSummary> {
  const { config, split, lpips: network } = request;
  if (isTextDataset(config.dataset)) return measureTexts(request, hooks);
  const dataset = await loadData(config);
  for (const note of dataset.notes ?? []) hooks.line?.(note);
  const attack = findAttack(config.attack);
  const settings = attackSettings(config);
  let [clean, triggered]: [Images, Images] = [dataset.test, dataset.test];
  if (split === 'train') {
    const set = await poisonedSet(dataset, attack, settings, hooks);
    const touched = triggeredRows(set);
    [clean, triggered] = [pick(dataset.train, touched), pick(set, touched)];
  } else {
    const judged = attackTest(dataset.test, attack, settings);
    if (judged) [clean, triggered] = [pick(dataset.test, judged.rows), judged.set];
  }
  if (clean.n === 0) throw new UserError(`--attack ${config.attack}: it changes no image of the ${split} set`);
  const measures = perceive(clean, triggered);
  if (network !== undefined) measures.lpips = summary(await lpips(network, clean, triggered));
  return { attack: attack.name, dataset: dataset.name, split, samples: clean.n, measures };
}

/** Measures between clean and triggered texts. */
async function measureTexts({ config, split, lpips: network }: PerceiveRequest, hooks: RunHooks) {
  if (network !== undefined) throw new UserError(`--lpips ${network}: ${config.dataset} has texts; LPIPS is of images`);
  const dataset = await loadTexts(config);
  for (const note of dataset.notes ?? []) hooks.line?.(note);
  const attack = findTextAttack(config.attack);
  const settings = attackSettings(config);
  let [clean, triggered] = [dataset.test, dataset.test];
  if (split === 'train') {
    const set = poisonTexts(dataset.train, attack, settings);
    const touched = triggeredRows(set);
    [clean, triggered] = [pick(dataset.train, touched), pick(set, touched)];
  } else {
    const judged = attackTestTexts(dataset, attack, settings);
    if (judged) [clean, triggered] = [pick(dataset.test, judged.rows), judged.set];
  }
  if (clean.n === 0) throw new UserError(`--attack ${config.attack}: it changes no text of the ${split} set`);
  const measures = perceiveTexts(clean.texts, triggered.texts, dataset.train.texts);
  return { attack: attack.name, dataset: dataset.name, split, samples: clean.n, measures };
}
