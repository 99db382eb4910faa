/** An audit of the folder, and its picture. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Context, Hono } from 'hono';
import type { WholeTextDocument } from '../../audit/texts/document.js';
import type { ShownTexts } from '../../audit/texts/page.js';
import { type ClassCue, clearestCues, textConclusion } from '../../audit/texts/words.js';
import { SHOWN_TEXTS } from '../../audit/texts/write.js';
import { conclusion } from '../../audit/words.js';
import { SHEET, type WholeDocument } from '../../audit/write.js';
import { UserError } from '../../base/errors.js';
import { AUDIT_FILE, readAudit } from '../audit-list.js';
import { runHandler } from '../handler.js';
import { whyUnread } from '../read.js';
import type { RunList } from '../run-list.js';

/** Suspicious samples that the page lists, and cues that its table has at most; the folder has all. */
const [LISTED, CUES] = [200, 12];

export type { ShownTexts };

/** What the page of an audit has besides its document, which lists the first suspicious samples: how many there are. */
interface Viewed {
  id: string;
  /** What the command line says first: the flagged classes, and why. */
  conclusion: string;
  suspiciousSamples: number;
}

/** An audit of images or of texts, as its page has it. */
export type AuditView = Viewed &
  (Omit<WholeDocument, 'interventions'> | (WholeTextDocument & { clearest: ClassCue[] }));

export function auditRoutes(runs: RunList): Hono {
  const app = new Hono();
  const withAudit = runHandler(runs, AUDIT_FILE);
  app.get('/audit', withAudit(view));
  app.get('/audit-sheet', withAudit(sheet));
  app.get('/audit-texts', withAudit(texts));
  return app;
}

async function view(c: Context, path: string, id: string) {
  try {
    const document = readAudit(path);
    const all = document.suspicious;
    const viewed = { id, suspicious: all.slice(0, LISTED), suspiciousSamples: all.length };
    if (document.samples === 'texts')
      return c.json({
        ...document,
        ...viewed,
        conclusion: textConclusion(document),
        clearest: clearestCues(document.classes, 5, CUES),
      } satisfies AuditView);
    const { interventions: _, ...rest } = document;
    return c.json({ ...rest, ...viewed, conclusion: conclusion(document) } satisfies AuditView);
  } catch (error) {
    throw new UserError(`${id}: ${whyUnread(error)}`);
  }
}

/** The suspicious texts with their cues. */
async function texts(c: Context, path: string) {
  const text = await readFile(join(path, SHOWN_TEXTS), 'utf8').catch(() => null);
  if (text === null) return c.json({ problem: 'this audit shows no texts' }, 404);
  return c.body(text, 200, { 'Content-Type': 'application/json' });
}

/** The picture of suspicious samples. */
async function sheet(c: Context, path: string) {
  const bytes = await readFile(join(path, SHEET)).catch(() => null);
  if (!bytes) return c.json({ problem: 'this audit has no picture' }, 404);
  return c.body(new Uint8Array(bytes), 200, { 'Content-Type': 'image/png' });
}
