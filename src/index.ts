/** Runs and analyses, registration of own attacks, data sets and models, and the rooms as namespaces. */

/** The schema library zod, with which an attack describes its options. */
export { z } from 'zod';
export type {
  AuditDocument,
  ClassDocument,
  ClassEvidence,
  ClassNote,
  ClassVerdict,
  Effort,
  Note,
  SideContent,
  Signal,
  Verdict,
} from './audit/index.js';
export type { CueDocument, TextAuditDocument, TextClassDocument } from './audit/texts/document.js';
export { UserError } from './base/errors.js';
export { type Phase as ProgressPhase, type Progress, type RunHooks, Stopped } from './base/progress.js';
export { Rng } from './base/random.js';
export type { Instrument, RunConfig, RunRequest } from './config/options.js';
export type { DetectRequest } from './detection/request.js';
export * as dynamics from './dynamics/index.js';
export * as engine from './engine/index.js';
export * as attacks from './library/attacks.js';
export {
  type AuditRequest,
  type AuditResult,
  audit,
  auditTexts,
  type TextAuditRequest,
  type TextAuditResult,
} from './library/audit.js';
export * as datasets from './library/datasets.js';
export { detect, stealth } from './library/detect.js';
export * as formats from './library/formats.js';
export type { RunOptions } from './library/hooks.js';
export * as information from './library/information.js';
export { registerAttack, registerDataset, registerModel } from './library/register.js';
export {
  type AnalyzeRequest,
  analyze,
  compare,
  type RunRecord,
  readRun,
  resolveConfig,
  run,
} from './library/runner.js';
export * as models from './models/index.js';
export * as perception from './perception/index.js';
export type { ThreeSpaces } from './pipeline/three-spaces.js';
export * as representation from './representation/index.js';
export type { DetectorRow, DetectorsDocument, RunResult, SpacesDocument } from './runs/documents.js';
export type { CompareResult } from './studies/compare.js';
export { VERSION } from './version.js';
