/** What the study of detection keeps of a run. */
import type { DetectorRow } from '../../runs/documents.js';

/** What one detector found. */
export interface DetectorResult
  extends Pick<
    DetectorRow,
    'name' | 'threatModel' | 'skipped' | 'auroc' | 'tprAt1' | 'tpr' | 'fpr' | 'targets' | 'seconds'
  > {
  /** Whether its own rule takes the target class for one; null where it judges samples only, and without an attack. */
  targetFound: boolean | null;
}

/** One line of the file. Numbers are rounded to six digits. */
export interface DetectionRow {
  /** Name of the run's folder. */
  name: string;
  dataset: string;
  /** Options of the run by name, sorted, without the folder of the data. */
  config: Record<string, unknown>;
  version: string;
  dataHash: string;
  /** SHA-256 of the weights and data that detectors were shown. */
  stamp: string;
  accuracy: number;
  asr: number | null;
  /** Poisoned samples as a share of the training set: the rate of a clean-label attack is a share of the target class. */
  poisonedShare: number;
  groupSize: number;
  seconds: number;
  stealth: { score: number | null; reason?: string; p: number | null; kappa: Record<string, unknown> };
  /** Measures by name; null where one has no meaning. */
  spaces: Record<'input' | 'feature' | 'parameter', Record<string, number | null>>;
  detectors: DetectorResult[];
}

/** What the analysis reads of a row. */
export type JudgedRun = Omit<DetectionRow, 'version' | 'dataHash'>;
