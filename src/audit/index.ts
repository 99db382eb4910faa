/** Whether an untrusted training set hides a backdoor. */
export { type AuditSettings, audit, auditTrace, settingsFor } from './audit.js';
export type { Checkpoint } from './checkpoint.js';
export type { SideContent } from './cluster-content.js';
export { checkNew, readFinished, TRAINING } from './findings-folder.js';
export { type Intervened, intervene, type JudgedOn, type Judgement } from './interventions/index.js';
export type { Keep } from './keep.js';
export {
  checkClasses,
  isOfTexts,
  loadTest,
  loadUntrusted,
  loadUntrustedImages,
  type Untrusted,
  type UntrustedImages,
  type UntrustedTexts,
} from './load.js';
export { type Effort, efforts, type Intervention, interventions, type Signal, signals } from './names.js';
export type { ClassEvidence } from './signals.js';
export {
  type Audit,
  type ClassVerdict,
  type Findings,
  LEVEL,
  type Note,
  poisonedCluster,
  type Verdict,
} from './verdict.js';
export type { Watched } from './watch.js';
export {
  type AuditDocument,
  auditDocument,
  type ClassDocument,
  type ClassNote,
  SHEET,
  type WholeDocument,
  wholeDocument,
  writeClean,
  writeFindings,
} from './write.js';
