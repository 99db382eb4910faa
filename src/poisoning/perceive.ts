/** `ibscope perceive`: measures of how visible an attack's trigger is, over the images of a data set. */
import { attackTest, findAttack } from '../attacks/index.js';
import { UserError } from '../base/errors.js';
import type { RunHooks } from '../base/progress.js';
import type { RunConfig } from '../config/options.js';
import { pick } from '../datasets/select.js';
import { type Images, lpips, type Perceived, perceive, summary } from '../perception/index.js';
import { attackSettings, loadData, poisonedSet } from './poisoned-set.js';

export interface PerceiveRequest {
  config: RunConfig;
  /** `test`: the triggered test images of the ASR; `train`: the training samples that the attack changes. */
  split: 'train' | 'test';
  /** ONNX file of a network for LPIPS; absent: LPIPS is not computed. */
  lpips?: string;
}

/** The measures by name, over `samples` images. */
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
  if (clean.n === 0) throw new UserError(`--attack ${config.attack}: it changes no image of the ${split} set`);
  const measures = perceive(clean, triggered);
  if (network !== undefined) measures.lpips = summary(await lpips(network, clean, triggered));
  return { attack: attack.name, dataset: dataset.name, split, samples: clean.n, measures };
}
