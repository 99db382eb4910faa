/**
 * Cache of results that are expensive and depend on their inputs alone: the attacker's models and adversarial images. The folder is
 * `$IBSCOPE_CACHE`, else `ibscope/` in `$XDG_CACHE_HOME`, `%LOCALAPPDATA%` or `~/.cache`. It may be deleted at any time.
 */

import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { readSafetensors, type Tensor, writeSafetensors } from '../formats/safetensors.js';

/** Part of every key. It is raised when the same inputs give other results. */
const VERSION = 1;

/** Folder of the cache. */
export function cacheFolder(): string {
  const { IBSCOPE_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  return IBSCOPE_CACHE || join(XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), '.cache'), 'ibscope');
}

/** The tensors that `make` computes from `inputs` (plain data): from the cache, or computed and stored if missing or damaged. */
export async function cached(
  kind: 'models' | 'adversarial',
  inputs: unknown,
  make: () => Promise<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const key = createHash('sha256')
    .update(JSON.stringify([VERSION, inputs]))
    .digest('hex')
    .slice(0, 32);
  const path = join(cacheFolder(), kind, `${key}.safetensors`);
  const found = await readSafetensors(path).catch(() => null);
  if (found) return found.tensors;
  const tensors = await make();
  await mkdir(dirname(path), { recursive: true });
  await writeSafetensors(path, tensors);
  return tensors;
}
