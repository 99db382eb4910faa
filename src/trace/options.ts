/** Options of a run that `ibscope analyze` takes. */

/** Options that an analysis takes; all others belong to the training. */
export const ANALYSIS_OPTIONS = [
  'instrument',
  'probeSize',
  'nullSplits',
  'critic',
  'view',
  'beta',
  'window',
  'score',
  'seed',
] as const;

/** Options of a run that say which data the checkpoints are run on, and with what noise. */
export const DATA_OPTIONS = [
  'dataset',
  'dataDir',
  'manifest',
  'target',
  'trainLimit',
  'testLimit',
  'noise',
  'draws',
] as const;
