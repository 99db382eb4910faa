/** What an audit leaves on disk: its findings in a folder, and the set without the named samples. */

import { copyFile, cp, mkdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { gather } from '../datasets/select.js';
import { csv } from '../formats/csv.js';
import { writeAtomic, writeFolderAtomic } from '../formats/files.js';
import { ndarray } from '../formats/npy.js';
import { writeNpz } from '../formats/npz.js';
import type { AuditSettings } from './audit.js';
import { askedOf, writeDocument, writeNames } from './findings-folder.js';
import type { Intervened } from './interventions/index.js';
import { sampleName, type Untrusted, type UntrustedImages } from './load.js';
import { auditSheet } from './sheet.js';
import type { ClassEvidence } from './signals.js';
import { type Audit, type ClassVerdict, type Note, poisonedCluster, type Verdict } from './verdict.js';

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
  samples: 'images';
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
    samples: 'images',
    suspiciousClasses: classes.filter((c) => c.suspicious).map((c) => c.label),
    notes: classes.flatMap(({ label, note }) => (note ? [{ label, note }] : [])),
    classes: classes.map(({ evidence, ...rest }) => ({ ...rest, signals: evidence })),
    suspicious: suspicious.map((i) => sampleName(untrusted, i)),
    seconds,
  };
}

/** Document of an audit by the command line: with its set and settings, and the countermeasures with the files of their networks. */
export const wholeDocument = (
  untrusted: UntrustedImages,
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

/** File of the picture in a folder of findings. */
export const SHEET = 'sheet.png';

/**
 * Writes `audit.json`, `suspicious.txt` (one named sample per line, highest log-odds first), `samples.csv` (every sample with its score
 * and pointwise information), `sheet.png`, and the networks of countermeasures into a new folder.
 */
export async function writeFindings(
  untrusted: UntrustedImages,
  audit: Audit,
  document: WholeDocument,
  interventions: readonly Intervened[],
  folder: string,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeAtomic(join(folder, 'samples.csv'), samplesTable(untrusted, audit));
  await writeNames(document, folder);
  for (const { how, model } of interventions) if (model) await writeAtomic(join(folder, modelFile(how)), model);
  await writeAtomic(join(folder, SHEET), await auditSheet(untrusted, audit));
  await writeDocument(document, folder);
}

/** Every sample as a row of CSV. */
function samplesTable(untrusted: UntrustedImages, audit: Audit): string {
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
      const side = known ? (cluster === poisoned ? 'poisoned' : 'rest') : cluster ? 'second' : 'first';
      return {
        sample: sampleName(untrusted, i),
        class: classes[set.labels[i]],
        suspicious: Number(named.has(i)),
        side: verdict.sides ? side : '',
        poisoned_log_odds_nats: known ? number(audit.scores[i]) : '',
        pointwise_I_X_T_nats: number(pointwise['I(X;T)'][i]),
        pointwise_I_T_Y_nats: number(pointwise['I(T;Ŷ)'][i]),
      };
    }),
  );
}

/**
 * Copies the files of some samples into `into`, in the class folders that the set has; where these stand in a folder of their own, such as `train`, the folder `test`
 * beside it is copied as it is.
 */
export async function copyRows(
  { path, set, classes }: Pick<Untrusted, 'path' | 'set' | 'classes'>,
  rows: ArrayLike<number>,
  into: string,
  test = 'test',
): Promise<void> {
  const top = relative(path, dirname(dirname(set.files![0])));
  const place = (i: number) => join(into, top, classes[set.labels[i]]);
  for (const folder of new Set(Array.from(rows, place))) await mkdir(folder, { recursive: true });
  for (const i of Array.from(rows)) await copyFile(set.files![i], join(place(i), basename(set.files![i])));
  const beside = join(path, test);
  if (top !== '' && (await stat(beside).catch(() => null))?.isDirectory())
    await cp(beside, join(into, test), { recursive: true, dereference: true });
}

/**
 * Writes the set without the named samples, whole or not at all: copies of its files in the folders that the set has, or `DIR/train.npz`
 * for a set that has no file per image.
 * Where the set has `train/`, its `test/` is copied as it is. Returns the number of samples.
 */
export async function writeClean(
  untrusted: UntrustedImages,
  { suspicious }: Pick<AuditDocument, 'suspicious'>,
  folder: string,
): Promise<number> {
  const { set, kind } = untrusted;
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
    await copyRows(untrusted, rows, part);
  });
  return rows.length;
}
