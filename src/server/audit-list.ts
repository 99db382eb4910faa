/** Audits in the folder, as the dashboard lists them beside runs. An audit is a folder with an `audit.json`. */

import { basename, join } from 'node:path';
import type { WholeTextDocument } from '../audit/texts/document.js';
import type { AuditDocument, WholeDocument } from '../audit/write.js';
import { readJson, whyUnread } from './read.js';

export interface AuditSummary {
  /** Path from the folder, with `/`. */
  id: string;
  /** Why the audit cannot be shown. */
  problem?: string;
  verdict?: AuditDocument['verdict'];
  /** Names of the flagged classes. */
  flagged?: string[];
  /** Number of samples taken for poisoned. */
  suspicious?: number;
  /** Name of the audited set. */
  set?: string;
  images?: number;
  texts?: number;
  seed?: number;
}

/** File that makes a folder an audit's. */
export const AUDIT_FILE = 'audit.json';

/** The document of an audit. Throws where it is no audit's. */
export function readAudit(path: string): WholeDocument | WholeTextDocument {
  const document = readJson<WholeDocument | WholeTextDocument>(join(path, AUDIT_FILE));
  if (!Array.isArray(document?.classes) || !Array.isArray(document.suspicious) || !document.verdict)
    throw new Error(`${AUDIT_FILE} is not an audit’s`);
  return document;
}

export function summariseAudit(path: string, id: string): AuditSummary {
  try {
    const { verdict, suspiciousClasses, suspicious, asked } = readAudit(path);
    return {
      id,
      verdict,
      flagged: suspiciousClasses,
      suspicious: suspicious.length,
      set: asked && basename(asked.set),
      images: asked?.images,
      texts: asked?.texts,
      seed: asked?.seed,
    };
  } catch (error) {
    return { id, problem: whyUnread(error) };
  }
}
