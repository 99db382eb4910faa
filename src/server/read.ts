/** Documents in the folder that the dashboard shows. It may hold anything, so what is read is checked first. */
import { lstatSync, readFileSync } from 'node:fs';

/** Largest document that is read: a thousand epochs of a hundred classes are about 5 MB. */
const MOST_BYTES = 64 << 20;

/** The text of a file; null where it is not there. Throws, without reading, for a link and for a file that is too large. */
export function readText(path: string): string | null {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return null;
  if (!found.isFile()) throw new Error('one of its documents is not a plain file');
  if (found.size > MOST_BYTES) throw new Error('is too large');
  return readFileSync(path, 'utf8');
}

/** The JSON document in a file; null where it is not there. Throws as `readText` does, and `SyntaxError` for other text. */
export function readJson<T>(path: string): T | null {
  const text = readText(path);
  return text === null ? null : (JSON.parse(text) as T);
}

/** Why a document could not be read. */
export const whyUnread = (error: unknown) =>
  error instanceof SyntaxError ? 'one of its documents is not JSON' : (error as Error).message;
