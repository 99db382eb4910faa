/** How long work speaks to whoever started it. */

/** What kind of work is being done, for programs; `stage` says the same in words. */
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
  | 'wait'
  | 'fetch';

export interface Progress {
  phase: Phase;
  /** The epoch that is trained or estimated, from 1. */
  epoch?: number;
  /** What is being done, in words. */
  stage: string;
  /** Units done and in all. */
  done: number;
  total: number;
  unit: string;
}

/** What hears of the work as it proceeds, and may end it. */
export interface RunHooks {
  /** Called after every step. */
  progress?(p: Progress): void;
  /** A line worth keeping: an epoch's figures, a warning. */
  line?(text: string): void;
  /** Asked between steps; when true the work saves what it can and ends with `Stopped`. */
  shouldStop?(): boolean;
}

/** The work was asked to stop; the message says where it was and how to resume. */
export class Stopped extends Error {
  override name = 'Stopped';
}
