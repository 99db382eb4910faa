/** Callbacks and stop signal of a caller's long-running call. */

import { UserError } from '../base/errors.js';
import { type RunHooks, Stopped } from '../base/progress.js';
import { checkKeys } from './check.js';

/** Callbacks of a long-running call, and a signal that stops it. All are optional. */
export interface RunOptions extends RunHooks {
  /**
   * If aborted, the call saves its state after the step in progress and rejects with `Stopped`. The event loop runs between steps, so
   * timers and signal handlers work.
   */
  signal?: AbortSignal;
}

/** Checked hooks of a call. Throws `UserError` for unknown options, and `Stopped` if the signal is already aborted. */
export function checkedHooks(options: RunOptions): RunHooks {
  checkKeys('option', options, ['progress', 'line', 'shouldStop', 'signal']);
  const { signal, progress, line, shouldStop } = options;
  if (signal !== undefined && typeof signal?.aborted !== 'boolean')
    throw new UserError('signal: an AbortSignal is expected, such as controller.signal');
  if (signal?.aborted) throw new Stopped('stopped before the start');
  return { progress, line, shouldStop: () => signal?.aborted === true || shouldStop?.() === true };
}
