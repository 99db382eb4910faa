/** Trainings of audits, and what follows them, kept in files, so that a changed rule judges the same sets in seconds. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { AuditSettings } from '../src/audit/index.js';

/** Settings by which the audit of the set `name` keeps its results in the folder; none without a folder. */
export function keptIn(folder: string | undefined, name: string): Pick<AuditSettings, 'save' | 'keep'> {
  if (folder === undefined) return {};
  const base = join(folder, name.replace(/[^\w-]+/g, '-'));
  return {
    save: `${base}.safetensors`,
    keep: async (what, compute) => {
      const file = `${base}.${createHash('sha256').update(what).digest('hex').slice(0, 12)}`;
      if (existsSync(file)) return deserialize(readFileSync(file));
      const value = await compute();
      writeFileSync(file, serialize(value));
      return value;
    },
  };
}
