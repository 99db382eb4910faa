/** The estimators, by name. A new one is one line here. */
import { unknownWord } from '../base/errors.js';
import { cca } from './cca.js';
import { infonce } from './infonce.js';
import { ksg } from './ksg.js';
import { gao, ross } from './mixed.js';
import { plugin } from './plugin.js';
import type { DirectEstimator, Estimator } from './types.js';

export { cca } from './cca.js';
export { infonce } from './infonce.js';
export { ksg } from './ksg.js';
export { gao, ross } from './mixed.js';
export { type PairwiseBounds, pairwiseBounds } from './pairwise.js';
export { plugin } from './plugin.js';
export { samples } from './samples.js';
export type { DirectEstimator, Estimate, EstimateOptions, Estimator, Samples } from './types.js';

const classical = { ksg, cca, plugin, ross, gao };

export const classicalNames = Object.keys(classical) as (keyof typeof classical)[];

/** The estimator of that name with its default settings; a `UserError` with the nearest name where there is none. */
export function classicalEstimator(name: string): DirectEstimator {
  const make = classical[name as keyof typeof classical];
  if (!make) throw unknownWord('estimator', name, classicalNames);
  return make();
}

export const estimatorNames: readonly string[] = ['infonce', ...classicalNames];

/** Any estimator by name; the preset matters to those with a critic. */
export function estimator(name: string, preset: 'quick' | 'paper' = 'quick'): Estimator {
  return name === 'infonce' ? infonce({ preset }) : classicalEstimator(name);
}
