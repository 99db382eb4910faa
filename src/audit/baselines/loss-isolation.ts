/**
 * The isolation stage of Anti-Backdoor Learning (Li et al. 2021): payload is learned first, so the samples with the lowest loss early in
 * training are isolated. The paper's local gradient ascent, which holds losses near a threshold, is left out: the loss after the
 * first epochs is what it amplifies.
 */
import type { Look } from '../watch.js';

/** Score of every sample, [n]: its loss at the first look, nats, negated. */
export const lossIsolation = ({ loss }: Look): Float64Array => Float64Array.from(loss, (v) => -v);
