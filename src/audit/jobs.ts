import { mkdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UserError } from '../base/errors.js';
import { Stopped } from '../base/progress.js';
import type { WorkerContext } from '../execution/job.js';
import { hooksOf, type Message } from '../execution/messages.js';
import { writingTo } from '../formats/files.js';
import {
  type Audit,
  audit,
  auditTrace,
  checkNew,
  type Effort,
  type Findings,
  type Intervened,
  type Intervention,
  intervene,
  type JudgedOn,
  loadJudged,
  loadUnvouched,
  readFinished,
  SHEET,
  settingsFor,
  TRAINING,
  type Watched,
  type WholeDocument,
  wholeDocument,
  writeClean,
  writeFindings,
} from './index.js';

export interface AuditJob {
  path: string;
  out: string;
  /** Folder of the set without its suspicious samples. */
  clean?: string;
  effort: Effort;
  seed: number;
  /** Goes on with one that was stopped. */
  resume: boolean;
  /** What is done about a suspicious set, and the images that is judged by. */
  interventions: Intervention[];
  test?: string;
  triggered?: string;
}

export interface AuditOutcome {
  document: WholeDocument;
  out: string;
  sheet: string;
  cleaned: { path: string; images: number } | null;
}

export async function auditJob(job: AuditJob, context: WorkerContext<Message>): Promise<AuditOutcome> {
  const clean = job.clean === undefined ? undefined : resolve(job.clean);
  if (clean === resolve(job.out))
    throw new UserError(`--write-clean ${job.clean}: --out is the same folder; name another`);
  await checkNew('--out', job.out, job.resume);
  if (job.clean !== undefined) await checkNew('--write-clean', job.clean);
  const hooks = hooksOf(context);
  hooks.progress?.({ phase: 'data', stage: 'images', done: 0, total: 1, unit: 'set' });
  const unvouched = await loadUnvouched(job.path);
  const { kind, set } = unvouched;
  if (kind === 'trace' && job.clean !== undefined)
    throw new UserError(`--write-clean ${job.clean}: ${job.path} is a run, and holds only some samples of its set`);
  if (kind === 'trace' && job.interventions.length > 0)
    throw new UserError(`--intervene: ${job.path} is a run; audit the set that it was trained on`);
  const judgedOn: JudgedOn = {};
  for (const which of ['test', 'triggered'] as const)
    if (job[which] !== undefined) judgedOn[which] = await loadJudged(`--${which}`, job[which], unvouched);
  // Before the training, so that nothing is lost to a place where nothing can be written.
  for (const [flag, path] of Object.entries({ '--out': job.out, '--write-clean': job.clean }))
    if (path !== undefined) await writingTo(path, () => mkdir(dirname(resolve(path)), { recursive: true }), flag);
  const sheet = join(job.out, SHEET);
  const without = async (document: WholeDocument) => {
    // A copy of the whole set would pass for a clean one.
    const writes = clean !== undefined && (document.suspicious.length > 0 || document.verdict === 'nothing found');
    return writes ? { path: job.clean!, images: await writeClean(unvouched, document, clean) } : null;
  };
  const finished = job.resume ? await readFinished(unvouched, job, job.out) : null;
  if (finished) {
    if (job.interventions.length > 0)
      throw new UserError(`--intervene: the audit in ${job.out} is finished, and its networks are gone; audit again`);
    return { document: finished, out: job.out, sheet, cleaned: await without(finished) };
  }
  const keep = join(job.out, TRAINING);
  let done: Intervened[] = [];
  const act = async (watched: Watched, findings: Findings) => {
    if (job.interventions.length === 0) return;
    const settings = settingsFor(set.n, job);
    done = await intervene(unvouched, watched, findings, job.interventions, settings, judgedOn, hooks);
  };
  let found: Audit;
  try {
    if (kind === 'trace') found = await auditTrace(unvouched, job, hooks);
    else found = await audit(unvouched, { ...job, keep }, hooks, act);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    throw new Stopped(
      kind === 'trace' ? 'stopped.' : `stopped. To go on, give the same command with --out ${job.out} --resume.`,
    );
  }
  const document = wholeDocument(unvouched, job, found, done);
  await writeFindings(unvouched, found, document, done, job.out);
  const cleaned = await without(document);
  await rm(keep, { force: true });
  return { document, out: job.out, sheet, cleaned };
}
