/** The estimators of mutual information, by name. A new one is a file of its own and one line here. */
import { UserError, unknownWord } from '../base/errors.js';
import { cca } from './cca.js';
import { type CriticKind, criticKinds } from './critic.js';
import { type InfoNceOptions, infonce } from './infonce.js';
import { ksg } from './ksg.js';
import { mine } from './mine.js';
import { gao, mixed, ross } from './mixed.js';
import { nwj } from './nwj.js';
import { pairwise } from './pairwise.js';
import { PAPER } from './paper.js';
import { plugin } from './plugin.js';
import { resolved } from './resolved-estimator.js';
import { smile } from './smile.js';
import type { DirectEstimator, Estimator } from './types.js';

export { type CcaOptions, cca } from './cca.js';
export { type CriticKind, criticKinds } from './critic.js';
export { type InfoNceOptions, infonce } from './infonce.js';
export { type KsgOptions, ksg } from './ksg.js';
export { mine } from './mine.js';
export { gao, mixed, type NeighbourOptions, ross } from './mixed.js';
export type { NeuralOptions } from './neural.js';
export { nwj } from './nwj.js';
export { type Noise, type PairwiseBounds, pairwise, pairwiseBounds } from './pairwise.js';
export { type PluginOptions, plugin } from './plugin.js';
export { type ResolvedOptions, resolved } from './resolved-estimator.js';
export { samples } from './samples.js';
export { type SmileOptions, smile } from './smile.js';
export type { DirectEstimator, Estimate, EstimateOptions, Estimator, Samples } from './types.js';

/** Settings of all estimators; each uses those that concern it. */
export interface EstimatorSettings {
  /** Preset of `infonce`. Default `quick`. */
  preset?: InfoNceOptions['preset'];
  /** Quantity whose settings the paper preset uses. Default `I(X;T)`. */
  quantity?: InfoNceOptions['quantity'];
  /** Critic of the neural estimators. */
  critic?: CriticKind;
  /** Number of the neighbour that `ksg`, `mixed`, `ross` and `gao` use. Default 3. */
  k?: number;
  /** Standard deviation of the noise on the second variable, for `pairwise` and `resolved`. */
  noiseStd?: number;
  /** Factor by which `resolved` magnifies that noise. Default 1. */
  kappa?: number;
  /** Threads of the neural estimators; default: all cores. */
  threads?: number;
}

const neuralEstimators = { infonce, nwj, mine, smile };
const classical = { ksg, cca, plugin, ross, gao, mixed };

/** Estimators that train a critic. */
export const neuralNames = Object.keys(neuralEstimators) as (keyof typeof neuralEstimators)[];
/** Estimators that need no training. */
export const classicalNames = Object.keys(classical) as (keyof typeof classical)[];
/** All names that `estimator` accepts. */
export const estimatorNames: readonly string[] = [...neuralNames, ...classicalNames, 'pairwise', 'resolved'];

/** The estimators that `all` stands for; `mixed` covers `ross` and `gao`. */
export const allNames = estimatorNames.filter((name) => name !== 'ross' && name !== 'gao');

/** The estimator of that name without training, with its default settings. Throws `UserError` for an unknown name. */
export function classicalEstimator(name: string, k?: number): DirectEstimator {
  const make = classical[name as keyof typeof classical];
  if (!make) throw unknownWord('estimator', name, classicalNames);
  return make(k === undefined ? {} : { k });
}

/** Any estimator by name. Throws `UserError` for an unknown name or an invalid setting. Settings of other estimators are ignored. */
export function estimator(name: string, settings: EstimatorSettings = {}): Estimator {
  const { k, noiseStd, kappa, ...others } = settings;
  const known: Record<'critic' | 'preset' | 'quantity', readonly string[]> = {
    critic: criticKinds,
    preset: ['quick', 'paper'],
    quantity: Object.keys(PAPER),
  };
  for (const [what, words] of Object.entries(known)) {
    const got = settings[what as keyof typeof known];
    if (got !== undefined && !words.includes(got)) throw unknownWord(what, String(got), words);
  }
  if (name === 'pairwise' || name === 'resolved') {
    if (noiseStd === undefined)
      throw new UserError(`${name}: needs the standard deviation of the noise on the second variable (--noise-std)`);
    return name === 'pairwise' ? pairwise({ noiseStd }) : resolved({ noiseStd, kappa });
  }
  if (name === 'infonce') return infonce(others);
  const make = neuralEstimators[name as keyof typeof neuralEstimators];
  if (make) return make({ critic: settings.critic, threads: settings.threads });
  if (!estimatorNames.includes(name)) throw unknownWord('estimator', name, estimatorNames);
  return classicalEstimator(name, k);
}
