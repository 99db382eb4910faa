/** An audit of the folder, and its picture. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Context, Hono } from 'hono';
import { conclusion } from '../../audit/words.js';
import { SHEET, type WholeDocument } from '../../audit/write.js';
import { UserError } from '../../base/errors.js';
import { AUDIT_FILE, readAudit } from '../audit-list.js';
import { runHandler } from '../handler.js';
import { whyUnread } from '../read.js';
import type { RunList } from '../run-list.js';

/** Suspicious samples that the page lists; the folder has all. */
const LISTED = 200;

/** An audit as its page has it: the first suspicious samples, and how many there are. */
export interface AuditView extends Omit<WholeDocument, 'interventions'> {
  id: string;
  /** What the command line says first: the flagged classes, and why. */
  conclusion: string;
  suspiciousSamples: number;
}

export function auditRoutes(runs: RunList): Hono {
  const app = new Hono();
  const withAudit = runHandler(runs, AUDIT_FILE);
  app.get('/audit', withAudit(view));
  app.get('/audit-sheet', withAudit(sheet));
  return app;
}

async function view(c: Context, path: string, id: string) {
  try {
    const { interventions: _, ...document } = readAudit(path);
    const { suspicious } = document;
    const answer: AuditView = {
      ...document,
      id,
      conclusion: conclusion(document),
      suspicious: suspicious.slice(0, LISTED),
      suspiciousSamples: suspicious.length,
    };
    return c.json(answer);
  } catch (error) {
    throw new UserError(`${id}: ${whyUnread(error)}`);
  }
}

/** The picture of suspicious samples. */
async function sheet(c: Context, path: string) {
  const bytes = await readFile(join(path, SHEET)).catch(() => null);
  if (!bytes) return c.json({ problem: 'this audit has no picture' }, 404);
  return c.body(new Uint8Array(bytes), 200, { 'Content-Type': 'image/png' });
}
