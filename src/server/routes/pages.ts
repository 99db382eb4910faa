/** The built pages. */

import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context } from 'hono';

/** Folder that the build writes. */
const WEB = fileURLToPath(new URL('../../web/', import.meta.url));

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Serves a file of the built pages. There is one page: the views' addresses stand behind the #. */
export async function pageFile(c: Context) {
  const asked = c.req.path === '/' ? '/index.html' : decoded(c.req.path);
  const path = normalize(join(WEB, asked));
  if (!path.startsWith(WEB)) return c.text('not found', 404);
  const type = TYPES[extname(path)];
  const file = type ? await readFile(path).catch(() => null) : null;
  if (!file) return c.text('not found', 404);
  return c.body(new Uint8Array(file), 200, { 'Content-Type': type, 'Cache-Control': 'no-cache' });
}

/** A path without its escapes; `/` where it has an escape that is none. */
export function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '/';
  }
}
