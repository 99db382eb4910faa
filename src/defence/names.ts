/** Ways to train on an untrusted set; apart from them, so that the command line can list them without loading the engine. */

/** What each does, a few words, and its paper. */
export const DEFENCES = {
  none: 'plain training',
  watch:
    'reads patterns, clusters and information while it trains, sets samples aside, and undoes what was learned of them',
  abl: 'isolates the 1 % of the samples that is learned first and unlearns it (Li et al., NeurIPS 2021, arXiv 2110.11571)',
  'fine-pruning':
    'cuts channels that --trusted samples leave dormant and trains on with these (Liu et al., RAID 2018, arXiv 1805.12185)',
  'audit-retrain': 'audits the set and trains again without the samples that the audit names',
  'information-pruning':
    'cuts channels that carry information about which samples are suspicious, and trains on without these',
} as const;
/** Name of a way to train. */
export type DefenceName = keyof typeof DEFENCES;
export const defences = Object.keys(DEFENCES) as DefenceName[];

/** Largest learning rate of the training after fine-pruning, unless another is asked for. */
export const TUNE_RATE = 0.01;
