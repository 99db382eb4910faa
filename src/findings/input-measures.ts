/** How visible a trigger is, by the measures that reports name: of images and of texts. */
import type { RunReport } from '../report/index.js';
import type { ScoredRun } from './types.js';

export interface InputMeasure {
  /** In `RunReport.perception`. */
  name: string;
  /** In sentences and names of files. */
  word: string;
  /** At the head of a column. */
  head: string;
  digits: number;
  unit?: string;
  /** Where of two triggers the plainer one is. */
  plainer: 'lower' | 'higher';
}

const IMAGES: readonly InputMeasure[] = [
  { name: 'PSNR (dB)', word: 'PSNR', head: 'PSNR, dB', digits: 1, unit: ' dB', plainer: 'lower' },
  { name: 'SSIM', word: 'SSIM', head: 'SSIM', digits: 3, plainer: 'lower' },
];
const TEXTS: readonly InputMeasure[] = [
  { name: 'words changed', word: 'the share of words changed', head: 'words changed', digits: 3, plainer: 'higher' },
  {
    name: 'rise in ln perplexity',
    word: 'the rise in ln perplexity',
    head: 'rise in ln perplexity',
    digits: 2,
    plainer: 'higher',
  },
];

/** Whether runs of one setting read texts. */
export const readTexts = ([{ runs }]: readonly { runs: readonly Pick<ScoredRun, 'report'>[] }[]): boolean =>
  runs[0].report.samples === 'texts';

/** Two measures of the samples that runs of one setting read. */
export const inputMeasures = (attacks: Parameters<typeof readTexts>[0]): readonly InputMeasure[] =>
  readTexts(attacks) ? TEXTS : IMAGES;

/** The measure of a run; undefined where it has none. */
export const measured = (
  { perception }: Partial<Pick<RunReport, 'perception'>>,
  { name }: InputMeasure,
): number | undefined => perception?.[name] ?? undefined;
