/** The folder of an audit's findings: how it is recognised, and what audits of images and of texts both write. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import { dataHash } from '../datasets/hash.js';
import { writeAtomic } from '../formats/files.js';
import { VERSION } from '../version.js';
import type { AuditSettings } from './audit.js';
import { sampleName, type Untrusted } from './load.js';
import { LEVEL } from './verdict.js';

/** What every document of an audit has. */
export interface FoundDocument {
  asked: ReturnType<typeof askedOf>;
  suspicious: (string | number)[];
}

/** Set and settings of an audit, by which its folder is recognised. */
export const askedOf = ({ path, set }: Untrusted, { seed, effort }: AuditSettings) => ({
  set: path,
  images: 'texts' in set ? undefined : set.n,
  texts: 'texts' in set ? set.n : undefined,
  sha256: dataHash(set),
  seed,
  effort,
  level: LEVEL,
  version: VERSION,
});

/** File of the document in a folder of findings. */
const DOCUMENT = 'audit.json';

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
export async function readFinished<D extends FoundDocument>(
  untrusted: Untrusted,
  settings: AuditSettings,
  folder: string,
): Promise<D | null> {
  const inside: string[] = await readdir(folder).catch(() => []);
  if (!inside.includes(DOCUMENT) || inside.includes(TRAINING)) return null;
  const document: D = JSON.parse(await readFile(join(folder, DOCUMENT), 'utf8'));
  const { sha256, seed, effort } = askedOf(untrusted, settings);
  const { asked } = document;
  if (asked?.sha256 !== sha256 || asked.seed !== seed || asked.effort !== effort)
    throw new UserError(`--resume: ${folder} is of another set or was made with other options`);
  const names = new Set([...untrusted.set.labels.keys()].map((i) => sampleName(untrusted, i)));
  if (!document.suspicious.every((name: string | number) => names.has(name)))
    throw new UserError(`--resume: ${folder} names samples by their paths in ${asked.set}; give the set by that path`);
  return document;
}

/** Writes `suspicious.txt`. */
export const writeNames = ({ suspicious }: FoundDocument, folder: string): Promise<void> =>
  writeAtomic(join(folder, 'suspicious.txt'), suspicious.map((name) => `${name}\n`).join(''));

/** Writes `audit.json`, which comes last: a folder that has it is finished. */
export const writeDocument = (document: FoundDocument, folder: string): Promise<void> =>
  writeAtomic(join(folder, DOCUMENT), `${JSON.stringify(document, null, 2)}\n`);
