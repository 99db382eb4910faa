/** What the routes share: the run that a request names, the body of a request, and how a problem is answered. */

import type { Context } from 'hono';
import { UserError } from '../base/errors.js';
import type { RunList } from './run-list.js';
import type { RunViews } from './run-views.js';
import type { StartedRuns } from './started-runs.js';

/** What the routes answer from. */
export interface Sources {
  runs: RunList;
  views: RunViews;
  started: StartedRuns;
}

/** Largest body of a request, in characters: a form of a run has under 2 000. */
const MOST_BODY = 1 << 16;

/**
 * A handler of `…?id=RUN`, or of an audit by its `file`. The id stands in the query, because it is a path. Answers 404 where nothing has
 * that id.
 */
export function runHandler(runs: RunList, file = 'run.json') {
  return (act: (c: Context, path: string, id: string) => Promise<Response>) => async (c: Context) => {
    const id = c.req.query('id') ?? '';
    const path = await runs.resolve(id, file);
    const what = file === 'run.json' ? 'run' : 'audit';
    return path ? act(c, path, id) : c.json({ problem: `no ${what} is called ${id}` }, 404);
  };
}

/** The body of a request as a JSON object. Throws `UserError` for anything else. */
export async function bodyOf(c: Context): Promise<Record<string, unknown>> {
  const text = await c.req.text();
  if (text.length > MOST_BODY) throw new UserError('the request is too large');
  try {
    const value = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {}
  throw new UserError('the request is not a JSON object');
}

/** Answers an error: a `UserError` with its message, anything else as a defect, which the terminal shows. */
export function problem(c: Context, error: unknown) {
  if ((error as Error).name === 'UserError') return c.json({ problem: (error as Error).message }, 422);
  process.stderr.write(`ibscope view: ${(error as Error).stack}\n`);
  return c.json({ problem: 'this run cannot be read; the terminal of `ibscope view` says more' }, 500);
}
