/**
 * `data fetch`: downloads official files to a folder for `--data-dir`.
 *
 * During the work all files are in `OUT.download`: the downloads, then the unpacked set in `set`, which one rename makes `OUT`. So `OUT` is
 * complete or absent. Unlike the folder of `writeFolderAtomic`, `OUT.download` stays after a failure, and the next command resumes with it.
 */

import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../base/errors.js';
import { type CatalogueEntry, downloadBytes, type Remote } from '../catalogue.js';
import { download } from './download.js';
import { FetchError, inWords } from './errors.js';
import { unpack } from './unpack.js';

export interface FetchRequest {
  entry: CatalogueEntry;
  /** Folder of the set. */
  out: string;
  /** Address in place of the publisher's; file names and hashes are the same. */
  mirror?: string;
  /** If aborted, the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  progress?(p: { stage: string; done: number; total: number; unit: string }): void;
  /** Waits between attempts; tests replace it. */
  wait?(seconds: number, signal: AbortSignal): Promise<void>;
}

export interface FetchResult {
  /** The folder for `--data-dir`. */
  path: string;
  /** Whether the complete set existed already. */
  already: boolean;
}

/**
 * Downloads, checks and unpacks a data set. Throws `UserError` for a set without a download, an `out` with other content, and an invalid
 * `mirror`; throws `FetchError` for a failed download. `out` is then unchanged.
 */
export async function fetchDataset(request: FetchRequest): Promise<FetchResult> {
  const { entry, out, mirror } = request;
  const { remote } = entry;
  if (!remote) {
    throw new UserError(
      `data set "${entry.name}": there is nothing to fetch (${entry.what}); --data-dir: ${entry.dataDir}`,
    );
  }
  const base = baseAddress(mirror ?? remote.base);
  if (await isComplete(out, remote)) return { path: out, already: true };
  const work = `${resolve(out)}.download`;
  try {
    await mkdir(work, { recursive: true });
    await downloadAll(base, remote, work, request);
    await unpackAll(remote, work, request);
    await mkdir(dirname(resolve(out)), { recursive: true });
    // Windows does not rename onto an empty folder.
    await rmdir(out).catch(() => {});
    await rename(join(work, 'set'), out);
    await rm(work, { recursive: true, force: true });
  } catch (error) {
    // The first error is reported, whether or not the cleanup succeeds.
    await rm(join(work, 'set'), { recursive: true, force: true }).catch(() => {});
    throw inWords(error);
  }
  return { path: out, already: false };
}

function baseAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new UserError(`--mirror ${text}: an address is expected, such as https://example.org/datasets/`);
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/** Whether `out` is the complete set. Throws `UserError` if it exists and is neither the set nor empty. */
async function isComplete(out: string, remote: Remote): Promise<boolean> {
  const there = await stat(out).catch(() => null);
  if (!there) return false;
  if (!there.isDirectory()) throw new UserError(`--out ${out}: there is a file of that name`);
  const missing = await firstMissing(out, remote);
  if (missing === null) return true;
  if ((await readdir(out)).length === 0) return false;
  throw new UserError(`--out ${out}: it holds something, but ${missing}; name another folder, or remove this one`);
}

/** The first file that `folder` lacks for a complete set, in words; null if it is complete. */
async function firstMissing(folder: string, { holds }: Remote): Promise<string | null> {
  for (const [path, bytes] of Object.entries(holds)) {
    const found = await stat(join(folder, path)).catch(() => null);
    if (!found) return `no ${path}`;
    if (bytes !== null && found.size !== bytes) return `${path} has ${found.size} bytes instead of ${bytes}`;
  }
  return null;
}

async function downloadAll(base: URL, { files }: Remote, work: string, request: FetchRequest): Promise<void> {
  const { entry, signal = new AbortController().signal, progress } = request;
  const wait = request.wait ?? ((seconds, stop) => sleep(seconds * 1000, undefined, { signal: stop }));
  const total = downloadBytes(entry) ?? 0;
  let before = 0;
  for (const file of files) {
    await download(new URL(file.name, base), file, join(work, file.name), {
      signal,
      wait,
      progress: (bytes) =>
        progress?.({ stage: `fetching ${entry.name}`, done: (before + bytes) / 1e6, total: total / 1e6, unit: 'MB' }),
    });
    before += file.bytes;
  }
}

async function unpackAll(remote: Remote, work: string, request: FetchRequest): Promise<void> {
  const { signal = new AbortController().signal, progress } = request;
  const set = join(work, 'set');
  await rm(set, { recursive: true, force: true });
  await mkdir(set);
  for (const file of remote.files) {
    await unpack(join(work, file.name), file, set, {
      signal,
      progress: (done, total, unit) => progress?.({ stage: `unpacking ${file.name}`, done, total, unit }),
    });
  }
  const missing = await firstMissing(set, remote);
  if (missing) throw new FetchError(`${request.entry.name}: the archives are not the expected ones: ${missing}`);
}

export { FetchError } from './errors.js';
