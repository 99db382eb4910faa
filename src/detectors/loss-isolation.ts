/**
 * The isolation stage of Anti-Backdoor Learning (Li et al. 2021): payload is learned before the rest, so the samples with the lowest
 * loss part of the way through training are isolated. The paper holds losses near a threshold by local gradient ascent and trains a network for that alone.
 * This reads the audit's own training, which in the trial that docs/audit.md tells of told payload apart better than ascent did.
 */
import type { Look } from '../look.js';

/** Score of every sample, [n]: its loss at a look, nats, negated. */
export const lossIsolation = ({ loss }: Look): Float64Array => Float64Array.from(loss, (v) => -v);
