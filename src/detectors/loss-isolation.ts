/**
 * The isolation stage of Anti-Backdoor Learning (ABL): poisoned samples are learned first, so the samples with the lowest loss part
 * of the way through training are isolated.
 *
 * Li et al., "Anti-Backdoor Learning: Training Clean Models on Poisoned Data", NeurIPS 2021 (arXiv 2110.11571). The paper holds
 * losses near a threshold by local gradient ascent, in a training made for that alone; this file reads the loss of an ordinary one.
 */
import type { Detector } from './types.js';

/** The score is the loss, nats, negated. */
export const lossIsolation: Detector<'loss'> = {
  name: 'ABL',
  score: async ({ loss }) => Float64Array.from(loss, (v) => -v),
};
