export { type AuditSettings, audit, auditTrace, settingsFor } from './audit.js';
export { activationClustering } from './baselines/activation-clustering.js';
export { lossIsolation } from './baselines/loss-isolation.js';
export { spectralSignatures } from './baselines/spectral-signatures.js';
export { strip } from './baselines/strip.js';
/** Whether a training set that nobody vouches for hides a backdoor. */
export { type Audit, type ClassVerdict, type Findings, LEVEL } from './examine.js';
export { type Intervened, intervene, type JudgedOn, type Judgement } from './intervene.js';
export { checkClasses, loadJudged, loadUnvouched, type Unvouched } from './load.js';
export { type Effort, efforts, type Intervention, interventions, type Signal, signals } from './names.js';
export type { SideContent } from './sides.js';
export type { ClassEvidence } from './signals.js';
export type { Watched } from './watch.js';
export {
  type AuditDocument,
  auditDocument,
  type ClassDocument,
  checkNew,
  readFinished,
  SHEET,
  TRAINING,
  type WholeDocument,
  wholeDocument,
  writeClean,
  writeFindings,
} from './write.js';
