/**
 * Results that are dear to make and the same for the same inputs: models of the attacker's, and adversarial images.
 * They lie in `$IBSCOPE_CACHE`, else in `ibscope/` of `$XDG_CACHE_HOME`, `%LOCALAPPDATA%` or `~/.cache`, and may be deleted
 * at any time.
 */

import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { readSafetensors, type Tensor, writeSafetensors } from '../formats/safetensors.js';

/** Raised when what is cached would come out differently. */
const VERSION = 1;

export function cacheFolder(): string {
  const { IBSCOPE_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  return IBSCOPE_CACHE || join(XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), '.cache'), 'ibscope');
}

/** The tensors of `kind` that were made from `inputs` (plain data), made now where they are not there or damaged. */
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
