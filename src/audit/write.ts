/** What an audit leaves on disk: its findings in a folder, and the set without what it found. */

import { copyFile, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../base/errors.js';
import { dataHash } from '../datasets/hash.js';
import { gather } from '../datasets/select.js';
import { writeAtomic } from '../formats/files.js';
import { ndarray } from '../formats/npy.js';
import { writeNpz } from '../formats/npz.js';
import { VERSION } from '../version.js';
import type { AuditSettings } from './audit.js';
import { type Audit, type ClassVerdict, LEVEL } from './examine.js';
import type { Intervened } from './intervene.js';
import { nameOf, type Unvouched } from './load.js';
import { auditSheet } from './sheet.js';
import type { ClassEvidence } from './signals.js';

/** What a script reads of one class. */
export interface ClassDocument extends Omit<ClassVerdict, 'evidence'> {
  /** What its verdict rests on. */
  signals: ClassEvidence;
}

/** What a script reads of an audit: names of classes, paths or places of samples. */
export interface AuditDocument {
  verdict: 'suspicious' | 'nothing found';
  /** Names of the classes that stand out. */
  suspiciousClasses: string[];
  classes: ClassDocument[];
  /** Samples taken for payload, the surest first: their files, or their places from 0. */
  suspicious: (string | number)[];
  seconds: number;
}

/** The document of an audit. */
export function auditDocument(
  unvouched: Pick<Unvouched, 'set' | 'index'>,
  { verdict, classes, suspicious, seconds }: Audit,
): AuditDocument {
  return {
    verdict,
    suspiciousClasses: classes.filter((c) => c.suspicious).map((c) => c.label),
    classes: classes.map(({ evidence, ...rest }) => ({ ...rest, signals: evidence })),
    suspicious: suspicious.map((i) => nameOf(unvouched, i)),
    seconds,
  };
}

/** What an audit was asked, so that its folder says what it is of. */
const askedOf = ({ path, set }: Unvouched, { seed, effort }: AuditSettings) => ({
  set: path,
  images: set.n,
  sha256: dataHash(set),
  seed,
  effort,
  level: LEVEL,
  version: VERSION,
});

/** The document of an audit by the command line: what it was asked, and the networks that something was done to, by their files. */
export const wholeDocument = (
  unvouched: Unvouched,
  settings: AuditSettings,
  audit: Audit,
  interventions: readonly Intervened[],
) => ({
  ...auditDocument(unvouched, audit),
  asked: askedOf(unvouched, settings),
  interventions: interventions.map(({ model, ...rest }) => ({ ...rest, model: model && modelFile(rest.how) })),
});

/** What `audit.json` holds. */
export type WholeDocument = ReturnType<typeof wholeDocument>;

/** File of a network that something was done to. */
const modelFile = (how: Intervened['how']) => `model-${how}.onnx`;

/** The document in a folder of findings. */
const DOCUMENT = 'audit.json';

/** The picture in a folder of findings. */
export const SHEET = 'sheet.png';

/** The training in a folder of findings, while it goes on. */
export const TRAINING = 'training.safetensors';

/** Throws `UserError` where something lies already; with `resume`, anything but an audit that was stopped or is finished. */
export async function checkNew(flag: string, path: string, resume = false): Promise<void> {
  if (!(await stat(path).catch(() => null))) return;
  if (!resume)
    throw new UserError(
      `${flag} ${path}: it exists already; name another${flag === '--out' ? ', or go on with it by --resume' : ''}`,
    );
  const inside = await readdir(path).catch(() => ['.']);
  if (inside.length > 0 && !inside.some((name) => name.startsWith(TRAINING) || name === DOCUMENT))
    throw new UserError(`${flag} ${path}: it holds no audit; name another`);
}

/**
 * The document of an audit that is finished, null where there is none, or it is still to go on. Throws `UserError` for one of another
 * set or with other options.
 */
export async function readFinished(
  unvouched: Unvouched,
  settings: AuditSettings,
  folder: string,
): Promise<WholeDocument | null> {
  const inside: string[] = await readdir(folder).catch(() => []);
  if (!inside.includes(DOCUMENT) || inside.includes(TRAINING)) return null;
  const document: WholeDocument = JSON.parse(await readFile(join(folder, DOCUMENT), 'utf8'));
  const { sha256, seed, effort } = askedOf(unvouched, settings);
  const { asked } = document;
  if (asked?.sha256 !== sha256 || asked.seed !== seed || asked.effort !== effort)
    throw new UserError(`--resume: ${folder} is of another set, or was made with other options`);
  const names = new Set([...unvouched.set.labels.keys()].map((i) => nameOf(unvouched, i)));
  if (!document.suspicious.every((name) => names.has(name)))
    throw new UserError(`--resume: ${folder} names samples as ${asked.set} has them; give the set as that`);
  return document;
}

/**
 * Writes `audit.json`, `suspicious.txt` (a named sample a line, the surest first), `samples.csv` (every sample with its score and
 * pointwise information), `sheet.png`, and the networks that something was done to, into a new folder.
 */
export async function writeFindings(
  unvouched: Unvouched,
  audit: Audit,
  document: WholeDocument,
  interventions: readonly Intervened[],
  folder: string,
): Promise<void> {
  const { set, classes } = unvouched;
  await mkdir(folder, { recursive: true });
  const { pointwise, odds } = audit.signals;
  const taken = new Set(audit.suspicious);
  const cell = (v: string | number) => (/[",\n]/.test(String(v)) ? `"${String(v).replaceAll('"', '""')}"` : String(v));
  const number = (v: number) => (Number.isFinite(v) ? v.toFixed(4) : '');
  const lines = [...set.labels.keys()].map((i) => {
    const { sides } = audit.classes[set.labels[i]];
    const second = Number(odds[i] > 0);
    const known = sides !== null && sides.payload !== null;
    const side = !sides ? '' : known ? (second === sides.payload ? 'payload' : 'rest') : second ? 'second' : 'first';
    return [
      cell(nameOf(unvouched, i)),
      cell(classes[set.labels[i]]),
      Number(taken.has(i)),
      side,
      known ? number(audit.scores[i]) : '',
      number(pointwise['I(X;T)'][i]),
      number(pointwise['I(T;Ŷ)'][i]),
    ].join(',');
  });
  await writeAtomic(
    join(folder, 'samples.csv'),
    `sample,class,suspicious,side,payload_log_odds_nats,pointwise_I_X_T_nats,pointwise_I_T_Y_nats\n${lines.join('\n')}\n`,
  );
  await writeAtomic(join(folder, 'suspicious.txt'), document.suspicious.map((name) => `${name}\n`).join(''));
  for (const { how, model } of interventions) if (model) await writeAtomic(join(folder, modelFile(how)), model);
  await writeAtomic(join(folder, SHEET), await auditSheet(unvouched, audit));
  await writeAtomic(join(folder, DOCUMENT), `${JSON.stringify(document, null, 2)}\n`);
}

/** Writes the set without its suspicious samples: `DIR/<class>/…` as the files are, or `DIR/train.npz`. Whole or not at all. */
export async function writeClean(unvouched: Unvouched, { suspicious }: AuditDocument, folder: string): Promise<number> {
  const { set, classes, kind } = unvouched;
  const out = new Set(suspicious);
  const rows = Int32Array.from([...set.labels.keys()].filter((i) => !out.has(nameOf(unvouched, i))));
  const beside = `${folder}.${process.pid}.part`;
  await mkdir(beside, { recursive: true });
  try {
    if (kind === 'npz') {
      const { images, labels, n, height, width, channels } = gather(set, rows);
      await writeNpz(join(beside, 'train.npz'), {
        images: ndarray(images, [n, height, width, channels]),
        labels: ndarray(BigInt64Array.from(labels, BigInt), [n]),
      });
    } else {
      const kept = new Set(rows.map((i) => set.labels[i]));
      for (const c of kept) await mkdir(join(beside, classes[c]), { recursive: true });
      for (const i of rows)
        await copyFile(set.files![i], join(beside, classes[set.labels[i]], basename(set.files![i])));
    }
    await mkdir(dirname(folder), { recursive: true });
    await rename(beside, folder);
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
  return rows.length;
}
