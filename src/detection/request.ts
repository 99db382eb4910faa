/** What the command line and callers of the library ask detectors about. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError, unknownWord } from '../base/errors.js';
import { detectors } from '../detectors/index.js';
import type { DetectJob } from './jobs.js';

/** Abbreviations of all detectors. */
export const DETECTORS: readonly string[] = detectors.map((d) => d.name);

/** Abbreviations as the field writes them, from words in any case. Throws `UserError`. */
export function namesOfDetectors(words: readonly string[]): string[] {
  return words.map((word) => {
    const found = DETECTORS.find((name) => name.toLowerCase() === word.trim().toLowerCase());
    if (found === undefined) throw unknownWord('detector', word, [...DETECTORS, 'all']);
    return found;
  });
}

/** The same from comma-separated words; `all` stands for all. */
export const detectorNames = (text: string): string[] =>
  text.toLowerCase() === 'all' ? [...DETECTORS] : namesOfDetectors(text.split(','));

/** A run or a data set, and how detectors are asked about it. */
export interface DetectRequest {
  /** Folder of a run, or a data set as `audit` takes it. */
  path: string;
  /** Abbreviations of detectors, such as `AC`. Default all. */
  detectors?: readonly string[];
  /** Folder or `.npz` of samples that are known to be clean. Default of a run: 30 test images of each class; of a set: none. */
  trusted?: string;
  /** Largest share of the set that may be poisoned. Default of a run: its poison rate; of a set: 0.05. */
  expectedRate?: number;
  /** Seed of everything random. Default 0. */
  seed?: number;
  /** Folder for the findings about a data set; those about a run go into its own. */
  out?: string;
  /** Whether the stopped training on the data set in `out` is resumed. Default false. */
  resume?: boolean;
}

/** The job of a request. `place`: the folder where a data set has none. Throws `UserError`, which names options by their flags. */
export async function detectJobOf(request: DetectRequest, place?: string): Promise<DetectJob> {
  const { path, detectors: words, trusted, expectedRate: rate, seed = 0, out, resume = false } = request;
  const names = words === undefined ? [...DETECTORS] : namesOfDetectors(words);
  if (!(await stat(path).catch(() => null))) throw new UserError(`${path}: no such file or folder`);
  const isRun = Boolean(await stat(join(path, 'run.json')).catch(() => null));
  if (isRun && out !== undefined)
    throw new UserError(`--out ${out}: ${path} is a run, and its findings go into its folder`);
  if (isRun && resume) throw new UserError(`--resume: ${path} is a run, and there is no training to resume`);
  if (resume && out === undefined)
    throw new UserError('--resume: name the folder of the stopped training with --out DIR');
  const folder = out ?? place;
  if (!isRun && folder === undefined) throw new UserError(`out: a folder for the findings about ${path} is expected`);
  if (rate !== undefined && !(rate > 0 && rate <= 0.5))
    throw new UserError(`--expected-rate ${rate}: a share above 0 and up to 0.5 is allowed`);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new UserError(`--seed ${seed}: a whole number from 0 is allowed`);
  return { path, names, isRun, out: folder ?? '', resume, trusted, epsilon: rate, seed };
}
