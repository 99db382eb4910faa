/** Options by the names that users see: key of the schema ↔ flag of the command line ↔ field of the dashboard's form. */
import { UserError } from '../base/errors.js';
import { type MomentRequest, parseMoment } from '../training/moments.js';
import { type RunRequest, runOptions } from './options.js';

/** Options whose flag differs from their key. `view` is `--critic-view`, because `--view` of `ibscope run` opens the dashboard. */
const NAMED: Record<string, string> = { view: 'criticView' };

/** Name of an option as users see it, in camel case: `trainLimit`, `criticView`. */
export const nameOf = (key: string) => NAMED[key] ?? key;

/** `trainLimit` → `--train-limit`. */
export const flagOf = (key: string) => `--${nameOf(key).replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;

/**
 * The part of `values` (by flag name) that belongs to a run's configuration; lists given as text are split at commas.
 * Throws `UserError` for a list that holds anything but numbers.
 */
export function requestOf(values: Record<string, unknown>): RunRequest {
  const request: Record<string, unknown> = {};
  for (const key of Object.keys(runOptions.shape))
    if (values[nameOf(key)] !== undefined) request[key] = values[nameOf(key)];
  if (typeof request.checkpoints === 'string') request.checkpoints = moments(request.checkpoints);
  if (typeof request.source === 'string') request.source = numbers('--source', request.source, 'class numbers');
  if (typeof request.instrument === 'string')
    request.instrument = request.instrument.split(',').map((name) => name.trim());
  if (typeof request.layer === 'string') request.layer = request.layer.split(',').map((name) => name.trim());
  if (typeof request.attackOption === 'string') request.attackOption = [request.attackOption];
  return request as RunRequest;
}

function moments(text: string): MomentRequest[] {
  return text.split(',').map((part) => {
    const moment = parseMoment(part);
    if (moment === null)
      throw new UserError(
        `--checkpoints ${text}: epochs above 0, steps from 1, or log are expected, such as 0.1,0.25,1,5, or 20s, or log,1,5`,
      );
    return moment;
  });
}

function numbers(flag: string, text: string, what: string): number[] {
  return text.split(',').map((part) => {
    const n = Number(part);
    if (part.trim() === '' || !Number.isFinite(n))
      throw new UserError(`${flag} ${text}: ${what} are expected, such as 1,5`);
    return n;
  });
}

/** `trainLimit` → `train-limit`. */
export const kebab = (key: string) => flagOf(key).slice(2);
