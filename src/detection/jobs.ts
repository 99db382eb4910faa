/** The job of `ibscope detect`: from a run or a set to a document and a table of samples. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TRAINING } from '../audit/index.js';
import { findNamed } from '../base/errors.js';
import { type RunHooks, Stopped, toResume } from '../base/progress.js';
import { type Detector, detectors } from '../detectors/index.js';
import { limitThreads } from '../engine/index.js';
import type { WorkerContext } from '../execution/job.js';
import { hooksOf, type Message } from '../execution/messages.js';
import { type CsvCell, csv } from '../formats/csv.js';
import { writeAtomic, writingTo } from '../formats/files.js';
import { finish } from '../pipeline/result.js';
import { checkFolder, RunDirectory } from '../runs/directory.js';
import type { DetectorsDocument } from '../runs/documents.js';
import { type Judged, judge } from './judge.js';
import { runSubject } from './run-subject.js';
import { setSubject } from './set-subject.js';
import type { Subject, SubjectRequest } from './subject.js';

export interface DetectJob extends SubjectRequest {
  /** Abbreviations of detectors; empty for all. */
  names: string[];
  /** Whether `path` is a run; its folder gets the findings. */
  isRun: boolean;
  /** Folder of the findings about a set. */
  out: string;
  /** Resumes the training on a set. */
  resume: boolean;
}

/** Files of the findings: the document, and a folder with a table of samples for each detector. */
const DOCUMENT = 'detectors.json';
const SAMPLES = 'detectors';

export interface DetectOutcome {
  document: DetectorsDocument;
  /** Folder of the tables of samples. */
  samples: string;
}

/** Throws `UserError` for an unknown detector and for what cannot be read, and `Stopped` when asked to end. */
export async function detectJob(job: DetectJob, context: WorkerContext<Message>): Promise<DetectOutcome> {
  limitThreads(0);
  const hooks = hooksOf(context);
  const asked = job.names.length > 0 ? job.names.map((name) => findNamed('detector', name, detectors)) : detectors;
  hooks.progress?.({ phase: 'data', stage: 'images', done: 0, total: 1, unit: 'set' });
  return job.isRun ? ofRun(job, asked, hooks) : ofSet(job, asked, hooks);
}

async function ofRun(job: DetectJob, asked: readonly Detector[], hooks: RunHooks): Promise<DetectOutcome> {
  // Findings are written beside what the run wrote, so nothing else may write there.
  const dir = await RunDirectory.open(job.path, true);
  try {
    const subject = await runSubject(dir, job, hooks);
    const judged = await askAll(asked, subject, hooks);
    const before = await dir.readDocument<DetectorsDocument>(DOCUMENT);
    const document = together(before, documentOf(subject, judged));
    await writeTables(dir.path, subject, judged);
    await dir.writeDocument(DOCUMENT, document);
    // The report shows them.
    if (await dir.readDocument('result.json')) await finish(dir);
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

/** Asks the detectors one after another, and releases the network. */
async function askAll(asked: readonly Detector[], subject: Subject, hooks: RunHooks): Promise<Judged[]> {
  const all: Judged[] = [];
  try {
    for (const detector of asked) {
      const step = (share: number) => {
        if (hooks.shouldStop?.()) throw new Stopped('stopped');
        const done = Math.round(100 * share);
        hooks.progress?.({ phase: 'detect', stage: detector.name, done, total: 100, unit: '%' });
      };
      step(0);
      all.push(await judge(detector, subject, step));
    }
  } finally {
    await subject.network.release();
  }
  return all;
}

function documentOf(subject: Subject, judged: readonly Judged[]): DetectorsDocument {
  const { of, classes, target, set, truth, trusted, epsilon, seed } = subject;
  return {
    of,
    classes,
    target,
    samples: set.n,
    poisoned: truth?.poisoned.reduce((s, p) => s + p, 0) ?? null,
    trusted: typeof trusted === 'string' ? null : { samples: trusted.set.n, from: trusted.from },
    epsilon,
    seed,
    detectors: judged.map(({ row }) => row),
  };
}

/** A document with the rows of an earlier one that was asked in the same way, for detectors that were not asked again. */
function together(before: DetectorsDocument | null, now: DetectorsDocument): DetectorsDocument {
  const asked = ({ detectors: _, ...rest }: DetectorsDocument) => JSON.stringify(rest);
  if (!before || asked(before) !== asked(now)) return now;
  const rows = new Map([...before.detectors, ...now.detectors].map((row) => [row.name, row]));
  return { ...now, detectors: detectors.flatMap(({ name }) => rows.get(name) ?? []) };
}

/** Per detector that judged the training set, every sample with its score and decision. */
async function writeTables(folder: string, { set, classes, truth, nameOf }: Subject, judged: readonly Judged[]) {
  const known = truth?.poisoned.some((p) => p) ? truth : null;
  for (const { row, finding } of judged) {
    if (row.judged !== 'training set' || !finding?.scores) continue;
    const { scores, flagged } = finding;
    const rows = Array.from({ length: set.n }, (_, i) => ({
      sample: nameOf(i),
      class: classes[set.labels[i]],
      ...(known && { poisoned: known.poisoned[i], cover: known.cover[i] }),
      score: scores[i],
      flagged: flagged![i],
    }));
    await mkdir(join(folder, SAMPLES), { recursive: true });
    await writeAtomic(join(folder, SAMPLES, `${row.name}.csv`), csv<Record<string, CsvCell>>(rows));
  }
}
