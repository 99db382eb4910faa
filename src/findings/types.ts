import type { RunConfig } from '../config/options.js';
import type { EstimateRow } from '../dynamics/index.js';
import type { RunReport } from '../report/index.js';
import type { RunResult } from '../runs/documents.js';

/** What a run's score and success are judged by. */
export interface ScoredRun {
  config: RunConfig;
  result: Pick<RunResult, 'asr'>;
  report: Pick<RunReport, 'stealth'> & Partial<Pick<RunReport, 'perception' | 'samples'>>;
}

/** A finished run of a study. */
export interface StudyRun extends ScoredRun {
  name: string;
  result: RunResult;
  report: RunReport;
  /** Estimates besides those of the report: at other layers, by other estimators. */
  others: EstimateRow[];
  /** Those of the report as they would be without recomputed statistics of batch norm; empty where there are none. */
  running: EstimateRow[];
}
