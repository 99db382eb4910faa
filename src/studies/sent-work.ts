/** A job of a study as it is sent to another machine: plain data, and what a machine accepts of it. */
import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { MachineError, shown, UserError } from '../base/errors.js';
import { pluginsOf } from '../config/plugins.js';
import { checkedJob, checkVersion, type PlannedJob, runFolder } from '../runs/study-plan.js';
import { VERSION } from '../version.js';
import type { WorkJob } from './work.js';

/** What is sent. Paths are relative to the folder that all machines see, except that of a user's own data. */
interface SentWork extends Omit<PlannedJob, 'seconds'> {
  version: string;
  /** Folder of the study, with `/`. */
  out: string;
  alternatives: boolean;
}

/** The study's folder as a path from `root`, with `/`. Throws `UserError` where it is not in it. */
export function fromRoot(out: string, root: string): string {
  const path = relative(resolve(root), resolve(out));
  if (path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path))
    throw new UserError(`--out ${out}: it is not in ${root}, the folder of --root that all machines see`);
  return path.split(sep).join('/');
}

/** The data of a job of the study in `out`, a path from the root. */
export function sentWork(
  { name, config }: Pick<PlannedJob, 'name' | 'config'>,
  out: string,
  alternatives: boolean,
): SentWork {
  // A relative folder of data is relative to the folder in which the study was started.
  const placed = config.dataDir === undefined ? config : { ...config, dataDir: resolve(config.dataDir) };
  return { version: VERSION, out, name, config: placed, plugins: pluginsOf(config), alternatives };
}

/** Identity of a job: work of one version on one folder. */
export const identity = (out: string, name: string): string =>
  createHash('sha256').update(`${VERSION}\n${out}\n${name}`).digest('hex').slice(0, 32);

/**
 * The work that was sent, checked: version, schema, and that every path lies in `root`. Throws `UserError` for work that no machine may do, and
 * `MachineError` where this machine does not see the study.
 */
export async function receivedWork(data: unknown, root: string): Promise<WorkJob & { name: string }> {
  const { version, out, alternatives, name, config, plugins } = (data ?? {}) as Partial<SentWork>;
  const what = `job ${shown(String(name))}`;
  checkVersion(what, version);
  if (typeof out !== 'string' || typeof alternatives !== 'boolean')
    throw new UserError(`${what}: it is not a job of ibscope`);
  const job = checkedJob(what, { name, config, plugins });
  const folder = await insideRoot(what, root, out);
  for (const path of pathsIn(job.config)) await insideRoot(what, root, path);
  if (!(await stat(folder).catch(() => null))?.isDirectory())
    throw new MachineError(`${what}: no folder ${out} in ${root}; start the worker with the --root of the study`);
  return { name: job.name, config: job.config, path: runFolder(folder, job.name), alternatives };
}

/** Files and folders that a configuration names. */
function pathsIn({ dataDir, manifest, tokenizer, attackOption }: PlannedJob['config']): string[] {
  const values = attackOption.map((text) => text.slice(text.indexOf('=') + 1)).filter((value) => /[\\/]/.test(value));
  return [dataDir, manifest, tokenizer, ...values].filter((path) => path !== undefined);
}

/** The path, resolved from `root`. Throws `UserError` where it, or what its links lead to, is outside. */
export async function insideRoot(what: string, root: string, path: string): Promise<string> {
  const place = resolve(root, path);
  const top = await realpath(root);
  let there = place;
  let real: string | null = null;
  // The nearest folder that exists tells where links lead.
  while (real === null) {
    real = await realpath(there).catch(() => null);
    if (real === null) there = dirname(there);
  }
  const within = (folder: string, inner: string) => inner === folder || inner.startsWith(folder + sep);
  if (!within(resolve(root), place) && !within(top, place))
    throw new UserError(`${what}: ${shown(path)} is outside of ${root}, the root of this worker`);
  if (!within(top, real)) throw new UserError(`${what}: ${shown(path)} leads out of ${root}, the root of this worker`);
  return place;
}
