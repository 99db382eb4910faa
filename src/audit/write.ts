/** What an audit leaves on disk: its findings in a folder, and the set without what it found. */
import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../base/errors.js';
import { gather } from '../datasets/select.js';
import { writeAtomic } from '../formats/files.js';
import { ndarray } from '../formats/npy.js';
import { writeNpz } from '../formats/npz.js';
import type { Audit, ClassVerdict } from './audit.js';
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
  verdict: Audit['verdict'];
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

/** The same with the networks that something was done to, by their files. */
export const wholeDocument = (unvouched: Unvouched, audit: Audit, interventions: readonly Intervened[]) => ({
  ...auditDocument(unvouched, audit),
  interventions: interventions.map(({ model, ...rest }) => ({ ...rest, model: model && modelFile(rest.how) })),
});

/** File of a network that something was done to. */
const modelFile = (how: Intervened['how']) => `model-${how}.onnx`;

/** The training in a folder of findings, while it goes on. */
export const TRAINING = 'training.safetensors';

/** Throws `UserError` where something lies already; with `resume`, anything but a training that was stopped. */
export async function checkNew(flag: string, path: string, resume = false): Promise<void> {
  if (!(await stat(path).catch(() => null))) return;
  if (!resume) throw new UserError(`${flag} ${path}: it exists already; name another`);
  const inside = await readdir(path).catch(() => ['.']);
  // What a run that failed later wrote beside its training is written again.
  if (inside.length > 0 && !inside.some((name) => name.startsWith(TRAINING)))
    throw new UserError(`${flag} ${path}: it holds no audit that was stopped; name another`);
}

/**
 * Writes `audit.json`, `suspicious.txt` (a named sample a line, the surest first), `samples.csv` (every sample with its score and
 * pointwise information), `sheet.png`, and the networks that something was done to, into a new folder.
 */
export async function writeFindings(
  unvouched: Unvouched,
  audit: Audit,
  interventions: readonly Intervened[],
  folder: string,
): Promise<{ sheet: string }> {
  const { set, classes } = unvouched;
  await mkdir(folder, { recursive: true });
  const { pointwise, odds } = audit.signals;
  const taken = new Set(audit.suspicious);
  const cell = (v: string | number) => (/[",\n]/.test(String(v)) ? `"${String(v).replaceAll('"', '""')}"` : String(v));
  const number = (v: number) => (Number.isFinite(v) ? v.toFixed(4) : '');
  const lines = [...set.labels.keys()].map((i) =>
    [
      cell(nameOf(unvouched, i)),
      cell(classes[set.labels[i]]),
      Number(taken.has(i)),
      number(audit.scores[i]),
      audit.classes[set.labels[i]].sides ? (odds[i] > 0 ? 2 : 1) : '',
      number(pointwise['I(X;T)'][i]),
      number(pointwise['I(T;Ŷ)'][i]),
    ].join(','),
  );
  await writeAtomic(
    join(folder, 'samples.csv'),
    `sample,class,suspicious,score,side,pointwise I(X;T) (nats),pointwise I(T;Ŷ) (nats)\n${lines.join('\n')}\n`,
  );
  const named = audit.suspicious.map((i) => `${nameOf(unvouched, i)}\n`);
  await writeAtomic(join(folder, 'suspicious.txt'), named.join(''));
  await writeAtomic(
    join(folder, 'audit.json'),
    `${JSON.stringify(wholeDocument(unvouched, audit, interventions), null, 2)}\n`,
  );
  for (const { how, model } of interventions) if (model) await writeAtomic(join(folder, modelFile(how)), model);
  const sheet = join(folder, 'sheet.png');
  await writeAtomic(sheet, await auditSheet(unvouched, audit));
  return { sheet };
}

/** Writes the set without its suspicious samples: `DIR/<class>/…` as the files are, or `DIR/train.npz`. Whole or not at all. */
export async function writeClean(unvouched: Unvouched, { suspicious }: Audit, folder: string): Promise<number> {
  const { set, classes, kind } = unvouched;
  const out = new Set(suspicious);
  const rows = Int32Array.from([...set.labels.keys()].filter((i) => !out.has(i)));
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
