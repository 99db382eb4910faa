/** Pages that runs and studies wrote, at addresses in which their links to each other hold. */
import { join } from 'node:path';
import type { Context } from 'hono';
import { readText } from '../read.js';
import type { RunList } from '../run-list.js';
import { decoded } from './pages.js';

/** Where the pages are: `/reports/PATH/OF/THE/FOLDER/report.html`. */
export const REPORTS = '/reports/';

/**
 * A page may come from anywhere, so it is of no origin: its script reads no token of the dashboard, asks this server nothing, and loads
 * nothing.
 */
const POLICY =
  "sandbox allow-scripts allow-downloads; default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const reportPage = (runs: RunList) => async (c: Context) => {
  const path = decoded(c.req.path).slice(REPORTS.length);
  const at = path.lastIndexOf('/');
  const file = path.slice(at + 1);
  const folder = file.endsWith('.html') ? await runs.resolve(at < 0 ? '.' : path.slice(0, at), file) : null;
  const text = folder === null ? null : textOf(join(folder, file));
  if (text === null) return c.text('not found', 404);
  return c.body(text, 200, {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-cache',
    'Content-Security-Policy': POLICY,
    // Browsers refuse a sandboxed page that asks for a group of its own.
    'Cross-Origin-Opener-Policy': 'unsafe-none',
  });
};

/** Null for a link, which may lead out of the folder. */
function textOf(path: string): string | null {
  try {
    return readText(path);
  } catch {
    return null;
  }
}
