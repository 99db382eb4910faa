/** The row of a run in the study of detection: what the analysis reads, and nothing else. */
import { datasetName } from '../../config/names.js';
import type { StudyRun } from '../../findings/types.js';
import type { DetectorsDocument, RunDocument, ThreeSpacesDocument } from '../../runs/documents.js';
import { portable, rounded } from '../rows.js';
import type { MadeRun } from '../types.js';
import { NOT_ASKED } from './asked.js';
import type { DetectionRow, DetectorResult, JudgedRun } from './types.js';

/** The row of a run that was judged. */
export function detectionRow({ judged }: MadeRun, { version, dataHash }: RunDocument): DetectionRow {
  const { name, dataset, config, ...rest } = judged!;
  return { name, dataset, config, version, dataHash, ...rest };
}

/** A run that was judged, as the analysis reads it: `detectors.json` and `three-spaces.json` of its folder beside its result. */
export function judgedRun(
  { name, config, result }: Pick<StudyRun, 'name' | 'config' | 'result'>,
  { detectors, spaces }: { detectors: DetectorsDocument; spaces: ThreeSpacesDocument },
): JudgedRun {
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
