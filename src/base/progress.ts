/** How long-running work reports to its caller, and how the caller stops it. */
import { shellWord } from './shell.js';

/** Kind of work in progress, for programs; `Progress.stage` describes it in words. */
export type Phase =
  | 'data'
  | 'surrogate'
  | 'poison'
  | 'train'
  | 'probe'
  | 'estimate'
  | 'embed'
  | 'report'
  | 'plan'
  | 'runs'
  | 'signals'
  | 'detect'
  | 'wait'
  | 'fetch';

/** Progress of the work: its phase, a description, and how much is done. */
export interface Progress {
  phase: Phase;
  /** Epoch that is being trained or estimated, from 1. */
  epoch?: number;
  /** Description of the work in progress. */
  stage: string;
  /** Units done so far, and units in total. */
  done: number;
  total: number;
  unit: string;
  /** Machine that does the work, where it may be another one. */
  place?: string;
}

/** Callbacks of long-running work. All are optional. */
export interface RunHooks {
  /** Called after every step. */
  progress?(p: Progress): void;
  /** Called with a line for the log: an epoch's figures, a warning. */
  line?(text: string): void;
  /** Called between steps. If it returns true, the work saves what it can and rejects with `Stopped`. */
  shouldStop?(): boolean;
}

/** The work was stopped on request. The message says at which point. */
export class Stopped extends Error {
  override name = 'Stopped';
}

/** How the command line resumes stopped work; `out`: the folder that has to be named for it, with `flag` after it. */
export const toResume = (out?: string, flag = ' --resume'): string =>
  `To resume, give the same command${out === undefined ? '' : ` with --out ${shellWord(out)}${flag}`}.`;
