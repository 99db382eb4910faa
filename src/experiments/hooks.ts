/** How long work speaks to whoever started it. */

export interface Progress {
  /** What is being done, in words. */
  stage: string;
  /** Units done and in all. */
  done: number;
  total: number;
  unit: string;
}

/** What hears of the work as it goes on, and may end it. */
export interface RunHooks {
  /** Called after every step. */
  progress?(p: Progress): void;
  /** A line worth keeping: an epoch's figures, a warning. */
  line?(text: string): void;
  /** Asked between steps; when true the work saves what it can and ends with `Stopped`. */
  shouldStop?(): boolean;
}

/** The work was asked to stop; the message says where it was and how to go on. */
export class Stopped extends Error {
  override name = 'Stopped';
}
