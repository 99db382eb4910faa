/** Writes a person's note and tags into the folder of a run. Needs the token, as every change does. */

import { Hono } from 'hono';
import { parseNotes, writeNotes } from '../../runs/notes.js';
import { bodyOf, runHandler } from '../handler.js';
import type { RunList } from '../run-list.js';

export function noteRoutes(runs: RunList): Hono {
  const app = new Hono();
  app.post(
    '/notes',
    runHandler(runs)(async (c, path) => {
      const notes = parseNotes(await bodyOf(c));
      await writeNotes(path, notes);
      return c.json(notes);
    }),
  );
  return app;
}
