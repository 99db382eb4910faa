/** What an audit leaves on disk: its findings in a folder, and the set without the named samples. */

import { copyFile, cp, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { UserError } from '../base/errors.js';
import { dataHash } from '../datasets/hash.js';
import { gather } from '../datasets/select.js';
import { csv } from '../formats/csv.js';
import { writeAtomic, writeFolderAtomic } from '../formats/files.js';
import { ndarray } from '../formats/npy.js';
import { writeNpz } from '../formats/npz.js';
import { VERSION } from '../version.js';
import type { AuditSettings } from './audit.js';
import type { Intervened } from './interventions/index.js';
import { sampleName, type Untrusted } from './load.js';
import { auditSheet } from './sheet.js';
import type { ClassEvidence } from './signals.js';
import { type Audit, type ClassVerdict, LEVEL, type Note, poisonedCluster, type Verdict } from './verdict.js';

/** One class in an audit's document. */
export interface ClassDocument extends Omit<ClassVerdict, 'evidence'> {
  /** The evidence: value and p-value of each signal. */
  signals: ClassEvidence;
}

/** A class that is not flagged and yet worth a look, and why. */
export interface ClassNote {
  /** Name of the class. */
  label: string;
  note: Note;
}

/** The document of an audit, for scripts: classes by their names, samples by their files or numbers. */
export interface AuditDocument {
  verdict: Verdict;
  /** Names of the flagged classes. */
  suspiciousClasses: string[];
  /** Classes that are outlying and not flagged, and why. They are no alarm. */
  notes: ClassNote[];
  classes: ClassDocument[];
  /** Samples taken for poisoned, highest log-odds first: their files, or their numbers from 0. */
  suspicious: (string | number)[];
  seconds: number;
}

/** Document of an audit. */
export function auditDocument(
  untrusted: Pick<Untrusted, 'set' | 'index'>,
  { verdict, classes, suspicious, seconds }: Audit,
): AuditDocument {
  return {
    verdict,
    suspiciousClasses: classes.filter((c) => c.suspicious).map((c) => c.label),
    notes: classes.flatMap(({ label, note }) => (note ? [{ label, note }] : [])),
    classes: classes.map(({ evidence, ...rest }) => ({ ...rest, signals: evidence })),
    suspicious: suspicious.map((i) => sampleName(untrusted, i)),
    seconds,
  };
}

/** Set and settings of an audit, by which its folder is recognised. */
const askedOf = ({ path, set }: Untrusted, { seed, effort }: AuditSettings) => ({
  set: path,
  images: set.n,
  sha256: dataHash(set),
  seed,
  effort,
  level: LEVEL,
  version: VERSION,
});

/** Document of an audit by the command line: with its set and settings, and the countermeasures with the files of their networks. */
export const wholeDocument = (
  untrusted: Untrusted,
  settings: AuditSettings,
  audit: Audit,
  interventions: readonly Intervened[],
) => ({
  ...auditDocument(untrusted, audit),
  asked: askedOf(untrusted, settings),
  interventions: interventions.map(({ model, ...rest }) => ({ ...rest, model: model && modelFile(rest.how) })),
});

/** What `audit.json` holds. */
export type WholeDocument = ReturnType<typeof wholeDocument>;

/** File of the network of a countermeasure. */
const modelFile = (how: Intervened['how']) => `model-${how}.onnx`;

/** File of the document in a folder of findings. */
const DOCUMENT = 'audit.json';

/** File of the picture in a folder of findings. */
export const SHEET = 'sheet.png';

/** File of the saved training in a folder of findings, until the audit is finished. */
export const TRAINING = 'training.safetensors';

/** Throws `UserError` if `path` exists; with `resume`, if it holds anything but a stopped or finished audit. */
export async function checkNew(flag: string, path: string, resume = false): Promise<void> {
  if (!(await stat(path).catch(() => null))) return;
  if (!resume)
    throw new UserError(
      `${flag} ${path}: it exists already; name another${flag === '--out' ? ', or resume it with --resume' : ''}`,
    );
  const inside = await readdir(path).catch(() => ['.']);
  if (inside.length > 0 && !inside.some((name) => name.startsWith(TRAINING) || name === DOCUMENT))
    throw new UserError(`${flag} ${path}: it holds no audit; name another`);
}

/**
 * The document of a finished audit; null if there is none, or if it was stopped before its end. Throws `UserError` for an audit of
 * another set or with other options.
 */
export async function readFinished(
  untrusted: Untrusted,
  settings: AuditSettings,
  folder: string,
): Promise<WholeDocument | null> {
  const inside: string[] = await readdir(folder).catch(() => []);
  if (!inside.includes(DOCUMENT) || inside.includes(TRAINING)) return null;
  const document: WholeDocument = JSON.parse(await readFile(join(folder, DOCUMENT), 'utf8'));
  const { sha256, seed, effort } = askedOf(untrusted, settings);
  const { asked } = document;
  if (asked?.sha256 !== sha256 || asked.seed !== seed || asked.effort !== effort)
    throw new UserError(`--resume: ${folder} is of another set or was made with other options`);
  const names = new Set([...untrusted.set.labels.keys()].map((i) => sampleName(untrusted, i)));
  if (!document.suspicious.every((name) => names.has(name)))
    throw new UserError(`--resume: ${folder} names samples by their paths in ${asked.set}; give the set by that path`);
  return document;
}

/**
 * Writes `audit.json`, `suspicious.txt` (one named sample per line, highest log-odds first), `samples.csv` (every sample with its score
 * and pointwise information), `sheet.png`, and the networks of countermeasures into a new folder.
 */
export async function writeFindings(
  untrusted: Untrusted,
  audit: Audit,
  document: WholeDocument,
  interventions: readonly Intervened[],
  folder: string,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeAtomic(join(folder, 'samples.csv'), samplesTable(untrusted, audit));
  await writeAtomic(join(folder, 'suspicious.txt'), document.suspicious.map((name) => `${name}\n`).join(''));
  for (const { how, model } of interventions) if (model) await writeAtomic(join(folder, modelFile(how)), model);
  await writeAtomic(join(folder, SHEET), await auditSheet(untrusted, audit));
  await writeAtomic(join(folder, DOCUMENT), `${JSON.stringify(document, null, 2)}\n`);
}

/** Every sample as a row of CSV. */
function samplesTable(untrusted: Untrusted, audit: Audit): string {
  const { set, classes } = untrusted;
  const { pointwise, logOdds } = audit.signals;
  const named = new Set(audit.suspicious);
  const number = (v: number) => (Number.isFinite(v) ? v.toFixed(4) : '');
  return csv(
    [...set.labels.keys()].map((i) => {
      const verdict = audit.classes[set.labels[i]];
      const poisoned = poisonedCluster(verdict);
      const cluster = Number(logOdds[i] > 0);
      const known = poisoned !== null;
      const side = known ? (cluster === poisoned ? 'payload' : 'rest') : cluster ? 'second' : 'first';
      return {
        sample: sampleName(untrusted, i),
        class: classes[set.labels[i]],
        suspicious: Number(named.has(i)),
        side: verdict.sides ? side : '',
        payload_log_odds_nats: known ? number(audit.scores[i]) : '',
        pointwise_I_X_T_nats: number(pointwise['I(X;T)'][i]),
        pointwise_I_T_Y_nats: number(pointwise['I(T;Ŷ)'][i]),
      };
    }),
  );
}

/**
 * Writes the set without the named samples, whole or not at all: copies of its files in the folders that the set has, or `DIR/train.npz`
 * for a set that has no file per image.
 * Where the set has `train/`, its `test/` is copied as it is. Returns the number of samples.
 */
export async function writeClean(untrusted: Untrusted, { suspicious }: AuditDocument, folder: string): Promise<number> {
  const { path, set, classes, kind } = untrusted;
  const named = new Set(suspicious);
  const rows = Int32Array.from([...set.labels.keys()].filter((i) => !named.has(sampleName(untrusted, i))));
  await writeFolderAtomic(folder, async (part) => {
    if (kind !== 'folder') {
      const { images, labels, n, height, width, channels } = gather(set, rows);
      await writeNpz(join(part, 'train.npz'), {
        images: ndarray(images, [n, height, width, channels]),
        labels: ndarray(BigInt64Array.from(labels, BigInt), [n]),
      });
      return;
    }
    // `train` where the set has it, else nothing.
    const top = relative(path, dirname(dirname(set.files![0])));
    const kept = new Set(rows.map((i) => set.labels[i]));
    for (const c of kept) await mkdir(join(part, top, classes[c]), { recursive: true });
    for (const i of rows)
      await copyFile(set.files![i], join(part, top, classes[set.labels[i]], basename(set.files![i])));
    const test = join(path, 'test');
    if (top !== '' && (await stat(test).catch(() => null))?.isDirectory())
      await cp(test, join(part, 'test'), { recursive: true, dereference: true });
  });
  return rows.length;
}
