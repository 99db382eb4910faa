/** The job of `ibscope audit`: from the path of a set to findings on disk. */
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../base/errors.js';
import { type RunHooks, Stopped, toResume } from '../base/progress.js';
import type { TextColumns } from '../datasets/types.js';
import type { WorkerContext } from '../execution/job.js';
import { hooksOf, type Message } from '../execution/messages.js';
import { writingTo } from '../formats/files.js';
import {
  type Audit,
  audit,
  auditTrace,
  checkNew,
  type Effort,
  type Intervened,
  type Intervention,
  intervene,
  isOfTexts,
  type JudgedOn,
  loadTest,
  loadUntrusted,
  readFinished,
  SHEET,
  settingsFor,
  TRAINING,
  type UntrustedImages,
  type UntrustedTexts,
  type WholeDocument,
  wholeDocument,
  writeClean,
  writeFindings,
} from './index.js';
import { auditTexts } from './texts/audit.js';
import { type WholeTextDocument, wholeTextDocument } from './texts/document.js';
import { TEXT_PAGE, writeCleanTexts, writeTextFindings } from './texts/write.js';

export interface AuditJob {
  path: string;
  /** Columns of a table of texts. */
  columns?: TextColumns;
  out: string;
  /** Folder for the set without its named samples. */
  clean?: string;
  effort: Effort;
  seed: number;
  /** Resumes a stopped audit. */
  resume: boolean;
  /** Countermeasures to take, and the images on which their networks are evaluated. */
  interventions: Intervention[];
  test?: string;
  triggered?: string;
}

export interface AuditOutcome {
  document: WholeDocument | WholeTextDocument;
  out: string;
  /** The picture of images, or the page of texts. */
  sheet: string;
  cleaned: { path: string; samples: number } | null;
  /** Peak memory of the process, MB; null where a finished audit was read. */
  peakMemory: number | null;
}

export async function auditJob(job: AuditJob, context: WorkerContext<Message>): Promise<AuditOutcome> {
  const hooks = hooksOf(context);
  const { untrusted, judgedOn } = await loadAll(job, hooks);
  if (isOfTexts(untrusted)) return ofTexts(job, untrusted, hooks);
  const sheet = join(job.out, SHEET);
  const finished = job.resume ? await readFinished<WholeDocument>(untrusted, job, job.out) : null;
  if (finished) {
    if (job.interventions.length > 0)
      throw new UserError(`--intervene: the audit in ${job.out} is finished, and its networks are gone; audit again`);
    return {
      document: finished,
      out: job.out,
      sheet,
      cleaned: await writeCleaned(job, untrusted, finished),
      peakMemory: null,
    };
  }
  const { found, done } = await carryOut(job, untrusted, judgedOn, hooks);
  const document = wholeDocument(untrusted, job, found, done);
  await writeFindings(untrusted, found, document, done, job.out);
  const cleaned = await writeCleaned(job, untrusted, document);
  await rm(join(job.out, TRAINING), { force: true });
  // The system counts in KiB.
  return { document, out: job.out, sheet, cleaned, peakMemory: process.resourceUsage().maxRSS / 1024 };
}

/** The audit of texts, which takes seconds. */
async function ofTexts(job: AuditJob, untrusted: UntrustedTexts, hooks: RunHooks): Promise<AuditOutcome> {
  let document = job.resume ? await readFinished<WholeTextDocument>(untrusted, job, job.out) : null;
  if (!document) {
    const found = auditTexts(untrusted.set, untrusted.classes, hooks);
    document = wholeTextDocument(untrusted, job, found);
    await writeTextFindings(untrusted, found, document, job.out);
  }
  const cleaned = await writeCleaned(job, untrusted, document);
  return { document, out: job.out, sheet: join(job.out, TEXT_PAGE), cleaned, peakMemory: null };
}

/** Checks the paths of a job and reads its sets. Throws `UserError` for anything that would only fail after the training. */
async function loadAll(
  job: AuditJob,
  hooks: RunHooks,
): Promise<{ untrusted: UntrustedImages | UntrustedTexts; judgedOn: JudgedOn }> {
  if (job.clean !== undefined && resolve(job.clean) === resolve(job.out))
    throw new UserError(`--write-clean ${job.clean}: --out is the same folder; name another`);
  await checkNew('--out', job.out, job.resume);
  if (job.clean !== undefined) await checkNew('--write-clean', job.clean);
  hooks.progress?.({ phase: 'data', stage: 'samples', done: 0, total: 1, unit: 'set' });
  const untrusted = await loadUntrusted(job.path, job.columns);
  for (const note of untrusted.notes ?? []) hooks.line?.(note);
  if (untrusted.kind === 'trace' && job.clean !== undefined)
    throw new UserError(`--write-clean ${job.clean}: ${job.path} is a run, and holds only some samples of its set`);
  if (untrusted.kind === 'trace' && job.interventions.length > 0)
    throw new UserError(`--intervene: ${job.path} is a run; audit the set that it was trained on`);
  if (isOfTexts(untrusted) && job.interventions.length > 0)
    throw new UserError(
      `--intervene: ${job.path} holds texts, whose audit trains no network; --write-clean leaves the named ones out`,
    );
  const judgedOn: JudgedOn = {};
  for (const which of ['test', 'triggered'] as const)
    if (job[which] !== undefined && !isOfTexts(untrusted))
      judgedOn[which] = await loadTest(`--${which}`, job[which], untrusted);
  for (const [flag, path] of Object.entries({ '--out': job.out, '--write-clean': job.clean }))
    if (path !== undefined) await writingTo(path, () => mkdir(dirname(resolve(path)), { recursive: true }), flag);
  return { untrusted, judgedOn };
}

/** Audits the set and takes the countermeasures. Throws `Stopped`, which says how to resume. */
async function carryOut(
  job: AuditJob,
  untrusted: UntrustedImages,
  judgedOn: JudgedOn,
  hooks: RunHooks,
): Promise<{ found: Audit; done: Intervened[] }> {
  const isTrace = untrusted.kind === 'trace';
  let done: Intervened[] = [];
  try {
    if (isTrace) return { found: await auditTrace(untrusted, job, hooks), done };
    const settings = { ...job, save: join(job.out, TRAINING) };
    const found = await audit(untrusted, settings, hooks, async (watched, findings) => {
      if (job.interventions.length === 0) return;
      const audited = { labelled: untrusted, watched, found: findings, settings: settingsFor(untrusted.set.n, job) };
      done = await intervene(audited, job.interventions, judgedOn, hooks);
    });
    return { found, done };
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    throw new Stopped(isTrace ? 'stopped' : `stopped. ${toResume(job.out)}`);
  }
}

/** Writes the set without its named samples, if that was asked for. Of a flagged class without named samples nothing is written: a copy of the whole set would pass for a clean one. */
async function writeCleaned(
  { clean }: AuditJob,
  untrusted: UntrustedImages | UntrustedTexts,
  document: WholeDocument | WholeTextDocument,
): Promise<AuditOutcome['cleaned']> {
  if (clean === undefined || (document.suspicious.length === 0 && document.verdict !== 'nothing found')) return null;
  const folder = resolve(clean);
  const samples = isOfTexts(untrusted)
    ? await writeCleanTexts(untrusted, document, folder)
    : await writeClean(untrusted, document, folder);
  return { path: clean, samples };
}
