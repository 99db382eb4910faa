/** The row of a run in the study of detection: what the analysis reads, and nothing else. */
import { datasetName } from '../../config/names.js';
import type { StudyRun } from '../../findings/types.js';
import type { DetectorRow, RunDocument } from '../../runs/documents.js';
import { portable, rounded } from '../rows.js';
import { NOT_ASKED } from './asked.js';

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

/** The row of a run that was judged. */
export function detectionRow(run: StudyRun, { version, dataHash }: RunDocument): DetectionRow {
  const { name, dataset, config, ...rest } = judgedRun(run);
  return { name, dataset, config, version, dataHash, ...rest };
}

/** A run that was judged, as the analysis reads it. */
export function judgedRun(run: StudyRun): JudgedRun {
  const { name, config, result } = run;
  const { detectors, spaces } = run.judged!;
  const { score, reason, p, kappa } = result.stealth;
  const { feature, parameter } = spaces;
  const target = config.attack === 'none' || detectors.target === null ? null : detectors.classes[detectors.target];
  const input = Object.fromEntries(Object.entries(spaces.input ?? {}).map(([measure, { mean }]) => [measure, mean]));
  const asked = detectors.detectors.map((row): DetectorResult => {
    const { name, threatModel, skipped, auroc, tprAt1, tpr, fpr, targets, seconds } = row;
    const targetFound = targets === null || target === null ? null : targets.includes(target);
    return { name, threatModel, skipped, auroc, tprAt1, tpr, fpr, targets, targetFound, seconds };
  });
  return rounded({
    name,
    dataset: datasetName(config),
    config: portable(config),
    stamp: spaces.stamp,
    accuracy: result.accuracy,
    asr: result.asr,
    poisonedShare: (detectors.poisoned ?? 0) / detectors.samples,
    groupSize: result.groupSize,
    seconds: result.seconds,
    stealth: { score, ...(reason === undefined ? {} : { reason }), p, kappa },
    spaces: {
      input,
      feature: { silhouette: feature.silhouette, cdbi: feature.cdbi, dswd: feature.dswd },
      parameter: { uclc: parameter.uclc, tac: parameter.tac, tup: parameter.tup },
    },
    detectors: asked.some((d) => d.name === 'NC') ? asked : [...asked, NOT_ASKED_ROW],
  });
}

const NOT_ASKED_ROW: DetectorResult = {
  name: 'NC',
  threatModel: 'D',
  skipped: NOT_ASKED,
  auroc: null,
  tprAt1: null,
  tpr: null,
  fpr: null,
  targets: null,
  targetFound: null,
  seconds: null,
};
