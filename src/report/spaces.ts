/** Stealth in three spaces, and what detectors found, as rows that pages and the command line share. */
import type { DetectorRow, DetectorsDocument, SpacesDocument } from '../runs/documents.js';

/** What the table of the three spaces shows. */
export const SPACES_INTRO =
  'How far the trigger shows in the images, the poisoned samples in T, and the backdoor in the weights of the trained network, which is asked without noise.';

export interface SpaceRow {
  space: 'input' | 'feature' | 'parameter';
  measure: string;
  value: number | null;
  /** Which values are stealthier. */
  stealthier: 'lower' | 'higher';
  what: string;
}

const MEASURES: Record<string, Omit<SpaceRow, 'value'>> = {
  silhouette: {
    space: 'feature',
    measure: 'silhouette',
    stealthier: 'lower',
    what: 'of poisoned samples against benign ones of the target class, in T',
  },
  cdbi: {
    space: 'feature',
    measure: 'CDBI',
    stealthier: 'higher',
    what: 'Davies–Bouldin index of the same, by source class',
  },
  dswd: {
    space: 'feature',
    measure: 'DSWD',
    stealthier: 'lower',
    what: 'shift of test features by the trigger, along the classifier’s rows',
  },
  uclc: {
    space: 'parameter',
    measure: 'UCLC',
    stealthier: 'lower',
    what: 'largest channel bound, in standard deviations of its layer',
  },
  tac: {
    space: 'parameter',
    measure: 'TAC',
    stealthier: 'lower',
    what: 'largest change of a channel of the last batch norm by the trigger',
  },
  tup: {
    space: 'parameter',
    measure: 'TUP',
    stealthier: 'lower',
    what: 'how far channel bounds follow TAC, relative to a clean network',
  },
};

/** The rows of feature and parameter space; `tup` only where it was asked for. */
export function spaceRows(
  {
    feature,
    parameter: { uclc, tac },
  }: Pick<SpacesDocument, 'feature'> & {
    parameter: Pick<SpacesDocument['parameter'], 'uclc' | 'tac'>;
  },
  tup?: number | null,
): SpaceRow[] {
  const values = { ...feature, uclc, tac, ...(tup !== undefined && { tup }) };
  return Object.entries(values).map(([name, value]) => ({ ...MEASURES[name], value }));
}

/** The rows of input space: means over samples by their names on pages. */
export function inputRows(perception: Record<string, number | null>): SpaceRow[] {
  return Object.entries(perception).map(([measure, value]) => ({
    space: 'input',
    measure,
    value,
    stealthier: /PSNR|SSIM/.test(measure) ? 'higher' : 'lower',
    what: 'between test samples and the same with the trigger',
  }));
}

/** What a detector judged, in words. */
export const judgedWords = ({ judged }: DetectorRow): string => (judged === 'inputs' ? 'test samples' : judged);

/** What a detector flags: a number of samples, or classes. */
export function foundWords({ flagged, n, targets }: DetectorRow): string {
  const classes = targets === null ? null : targets.length === 0 ? 'no class' : targets.join(', ');
  const samples = flagged === null ? null : `${flagged} of ${n} samples`;
  return [samples, classes].filter((w) => w !== null).join('; ');
}

/** What the rates of detectors are, in one sentence; what cannot be known is left out. */
export const detectorWords = ({ trusted, epsilon }: DetectorsDocument): string =>
  `TPR and FPR are the shares of poisoned and of other samples that the detector’s own rule flags; an AUROC of 0.5 is chance. SS, ABL and SPECTRE flag a fixed share of every set. Samples known to be clean: ${trusted ? `${trusted.from} (${trusted.samples})` : 'none'}. Expected rate: ${epsilon}.`;
