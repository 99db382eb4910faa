/**
 * Cache of results that are expensive and depend on their inputs alone: the attacker's models, adversarial images and decoded data sets. The folder is
 * `$IBSCOPE_CACHE`, else `ibscope/` in `$XDG_CACHE_HOME`, `%LOCALAPPDATA%` or `~/.cache`. It may be deleted at any time.
 */

import { createHash } from 'node:crypto';
import { mkdir, rm, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunHooks, Stopped } from '../base/progress.js';
import { readSafetensors, type Tensor, writeSafetensors } from '../formats/safetensors.js';
import { type Lease, takeLease } from '../runs/lease.js';

/** Part of every key. It is raised when the same inputs give other results. */
const VERSION = 1;

/** Folder of the cache. */
export function cacheFolder(): string {
  const { IBSCOPE_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  return IBSCOPE_CACHE || join(XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), '.cache'), 'ibscope');
}

/** Milliseconds between looks for what another process makes. */
const LOOK = 500;

/**
 * The tensors that `make` computes from `inputs` (plain data): from the cache, or computed and stored if missing or damaged. Of processes that
 * need the same at the same time, on any machine that sees the cache, one computes it under a lease and the others wait. Throws `Stopped`.
 */
export async function cached(
  kind: 'models' | 'adversarial' | 'sets',
  inputs: unknown,
  make: () => Promise<Record<string, Tensor>>,
  hooks: RunHooks = {},
): Promise<Record<string, Tensor>> {
  const key = createHash('sha256')
    .update(JSON.stringify([VERSION, inputs]))
    .digest('hex')
    .slice(0, 32);
  const path = join(cacheFolder(), kind, `${key}.safetensors`);
  const making = join(cacheFolder(), kind, `${key}.making`);
  for (;;) {
    const found = await readSafetensors(path).catch(() => null);
    if (found) {
      // The time of its last use.
      await utimes(path, new Date(), new Date()).catch(() => {});
      return found.tensors;
    }
    await mkdir(making, { recursive: true });
    const lease = leaseOf(making);
    if (lease) {
      try {
        return await stored(path, make);
      } finally {
        // With the lock in it, so that nobody takes the lease of a folder that is about to go.
        await rm(making, { recursive: true, force: true });
        lease.release();
      }
    }
    const what = kind === 'sets' ? 'reads the data' : 'prepares the attack';
    if (hooks.shouldStop?.()) throw new Stopped(`stopped while another process ${what}`);
    hooks.progress?.({ phase: 'wait', stage: `another process ${what}`, done: 0, total: 1, unit: 'set' });
    await sleep(LOOK);
  }
}

/** The lease of a folder; null where another process has it, or has just ended with it. */
function leaseOf(folder: string): Lease | null {
  try {
    return takeLease(folder);
  } catch (error) {
    if (['HELD', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

/** Computes and stores, unless the process that had the lease before has just done so. */
async function stored(path: string, make: () => Promise<Record<string, Tensor>>) {
  const found = await readSafetensors(path).catch(() => null);
  if (found) return found.tensors;
  const tensors = await make();
  await writeSafetensors(path, tensors);
  return tensors;
}
