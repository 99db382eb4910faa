/** Detectors asked about a subject, and what they find as a document and tables of samples. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunHooks, Stopped } from '../base/progress.js';
import { type Detector, detectors } from '../detectors/index.js';
import { type CsvCell, csv } from '../formats/csv.js';
import { writeAtomic } from '../formats/files.js';
import { finish } from '../pipeline/result.js';
import type { RunDirectory } from '../runs/directory.js';
import type { DetectorsDocument } from '../runs/documents.js';
import { type Judged, judge } from './judge.js';
import { rememberedNetwork } from './remembered.js';
import { runSubject } from './run-subject.js';
import type { Subject, SubjectRequest } from './subject.js';

/** Files of the findings: the document, and a folder with a table of samples for each detector; and the answers of a run's network. */
export const DOCUMENT = 'detectors.json';
export const SAMPLES = 'detectors';
const ANSWERS = 'answers';

/** Asks the detectors one after another, and releases the network. */
export async function askAll(asked: readonly Detector[], subject: Subject, hooks: RunHooks): Promise<Judged[]> {
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

export function documentOf(subject: Subject, judged: readonly Judged[], stamp?: string): DetectorsDocument {
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
    ...(stamp === undefined ? {} : { stamp }),
    detectors: judged.map(({ row }) => row),
  };
}

/** A document with the rows of an earlier one that was asked in the same way, for detectors that were not asked again. */
export function together(before: DetectorsDocument | null, now: DetectorsDocument): DetectorsDocument {
  const asked = ({ detectors: _, of: __, ...rest }: DetectorsDocument) => JSON.stringify(rest);
  if (!before || asked(before) !== asked(now)) return now;
  const rows = new Map([...before.detectors, ...now.detectors].map((row) => [row.name, row]));
  return { ...now, detectors: detectors.flatMap(({ name }) => rows.get(name) ?? []) };
}

/** Per detector that judged the training set, every sample with its score and decision. */
export async function writeTables(folder: string, { set, classes, truth, nameOf }: Subject, judged: readonly Judged[]) {
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

/** Asks detectors about a run that is open, and writes what they find beside what the run wrote. `stamp`: `stampOf` of the run; `remember`: keeps the answers of its network. */
export async function askRun(
  dir: RunDirectory,
  request: SubjectRequest & { stamp: string; remember?: boolean },
  asked: readonly Detector[],
  hooks: RunHooks,
): Promise<DetectorsDocument> {
  const { stamp } = request;
  const subject = await runSubject(dir, request, hooks);
  if (request.remember) subject.network = rememberedNetwork(subject.network, join(dir.path, ANSWERS), stamp);
  const judged = await askAll(asked, subject, hooks);
  const before = await dir.readDocument<DetectorsDocument>(DOCUMENT);
  const document = together(before, documentOf(subject, judged, stamp));
  await writeTables(dir.path, subject, judged);
  await dir.writeDocument(DOCUMENT, document);
  // The report shows them.
  if (await dir.readDocument('result.json')) await finish(dir);
  return document;
}
