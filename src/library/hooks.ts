/** How a caller listens to work and stops it. */

import { UserError } from '../base/errors.js';
import { type RunHooks, Stopped } from '../base/progress.js';
import { checkKeys } from './check.js';

/** What hears of the work, and what ends it: everything may be left out. */
export interface RunOptions extends RunHooks {
  /**
   * Once aborted, the work saves what it can after the step in progress and ends with `Stopped`. The event loop turns between
   * steps, so that timers and signals are heard.
   */
  signal?: AbortSignal;
}

/** The hooks of the work; throws `Stopped` where it is to end before it has begun. */
export function hooksOf(options: RunOptions): RunHooks {
  checkKeys('option', options, ['progress', 'line', 'shouldStop', 'signal']);
  const { signal, progress, line, shouldStop } = options;
  if (signal !== undefined && typeof signal?.aborted !== 'boolean')
    throw new UserError('signal: an AbortSignal is expected, such as controller.signal');
  if (signal?.aborted) throw new Stopped('stopped before it began.');
  return { progress, line, shouldStop: () => signal?.aborted === true || shouldStop?.() === true };
}
