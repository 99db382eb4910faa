/** The jobs of this room: `ibscope detect`, from a run or a set to a document and a table of samples; and a run of a study. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TRAINING } from '../audit/index.js';
import { findNamed } from '../base/errors.js';
import { type RunHooks, Stopped, toResume } from '../base/progress.js';
import { type Detector, detectors } from '../detectors/index.js';
import { limitThreads } from '../engine/index.js';
import type { WorkerContext } from '../execution/job.js';
import { hooksOf, type Message } from '../execution/messages.js';
import { writeAtomic, writingTo } from '../formats/files.js';
import { threeSpaces } from '../pipeline/three-spaces.js';
import { checkFolder, RunDirectory } from '../runs/directory.js';
import type { DetectorsDocument, ThreeSpacesDocument } from '../runs/documents.js';
import { askAll, askRun, DOCUMENT, documentOf, SAMPLES, writeTables } from './ask.js';
import { askedMoments, stampOf } from './run-subject.js';
import { setSubject } from './set-subject.js';
import type { SubjectRequest } from './subject.js';

export interface DetectJob extends SubjectRequest {
  /** Abbreviations of detectors. */
  names: string[];
  /** Whether `path` is a run; its folder gets the findings. */
  isRun: boolean;
  /** Folder of the findings about a set. */
  out: string;
  /** Resumes the training on a set. */
  resume: boolean;
}

export interface DetectOutcome {
  document: DetectorsDocument;
  /** Folder of the tables of samples. */
  samples: string;
}

/** Throws `UserError` for an unknown detector and for what cannot be read, and `Stopped` when asked to end. */
export function detectJob(job: DetectJob, context: WorkerContext<Message>): Promise<DetectOutcome> {
  limitThreads(0);
  return detectIn(job, hooksOf(context));
}

/** `detectJob` in this thread. */
export async function detectIn(job: DetectJob, hooks: RunHooks): Promise<DetectOutcome> {
  const asked = job.names.map((name) => findNamed('detector', name, detectors));
  hooks.progress?.({ phase: 'data', stage: 'samples', done: 0, total: 1, unit: 'set' });
  return job.isRun ? ofRun(job, asked, hooks) : ofSet(job, asked, hooks);
}

async function ofRun(job: DetectJob, asked: readonly Detector[], hooks: RunHooks): Promise<DetectOutcome> {
  // Findings are written beside what the run wrote, so nothing else may write there.
  const dir = await RunDirectory.open(job.path, true);
  try {
    const document = await askRun(dir, { ...job, stamp: await stampOf(dir) }, asked, hooks);
    return { document, samples: join(dir.path, SAMPLES) };
  } finally {
    dir.unlock();
  }
}

async function ofSet(job: DetectJob, asked: readonly Detector[], hooks: RunHooks): Promise<DetectOutcome> {
  const { out } = job;
  await checkFolder(out, job.resume);
  await writingTo(out, () => mkdir(out, { recursive: true }), '--out');
  const training = join(out, TRAINING);
  try {
    const subject = await setSubject(job, training, hooks);
    const judged = await askAll(asked, subject, hooks);
    const document = documentOf(subject, judged);
    await writeTables(out, subject, judged);
    await writeAtomic(join(out, DOCUMENT), `${JSON.stringify(document, null, 2)}\n`);
    await rm(training, { force: true });
    return { document, samples: join(out, SAMPLES) };
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    throw new Stopped(`stopped. ${toResume(out)}`);
  }
}

export interface JudgeRunJob {
  /** Folder of a finished run. */
  path: string;
  /** Detectors that the run is to be asked about, by their abbreviations. */
  names: string[];
  /** Those among them that are asked again, even if the run has their findings. */
  again: string[];
  threads: number;
}

/**
 * Findings of detectors about a finished run, and its stealth in three spaces, as far as they are missing or were made from other weights
 * or data. Returns the moments, in epochs, whose weights they were made from. Throws `UserError` for a run without weights.
 */
export async function judgeRunJob(job: JudgeRunJob, context: WorkerContext<Message>): Promise<number[]> {
  limitThreads(job.threads);
  const hooks = hooksOf(context);
  const dir = await RunDirectory.openOnceFree(job.path);
  try {
    const before = await dir.readDocument<DetectorsDocument>(DOCUMENT);
    const spaces = await dir.readDocument<ThreeSpacesDocument>('three-spaces.json');
    // Another study in the folder may have deleted the weights of a run that was judged before.
    const deleted = (await dir.checkpoints()).length === 0;
    const has = (name: string) => before?.detectors.some((row) => row.name === name) && !job.again.includes(name);
    if (deleted && spaces && spaces.stamp === before?.stamp && job.names.every(has)) return [];
    const stamp = await stampOf(dir);
    const open = detectors.filter(({ name }) => job.names.includes(name) && !(before?.stamp === stamp && has(name)));
    if (open.length > 0) await askRun(dir, { path: job.path, seed: 0, stamp, remember: true }, open, hooks);
    // A clean network that TUP is relative to may be there now.
    const lacksTup = spaces?.parameter.tac !== null && spaces?.parameter.tup === null;
    if (spaces?.stamp !== stamp || lacksTup)
      await dir.writeDocument('three-spaces.json', { stamp, ...(await threeSpaces(job.path, undefined, hooks)) });
    return askedMoments(dir);
  } finally {
    dir.unlock();
  }
}
