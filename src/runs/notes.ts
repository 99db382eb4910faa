/** What a person remarks on a run: `notes.json`, which no stage of a run reads. */

import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../base/errors.js';
import { writeAtomic } from '../formats/files.js';

/** File of the notes in the folder of a run. */
export const NOTES_FILE = 'notes.json';

const MOST_TAGS = 20;
const LONGEST_TAG = 40;
const LONGEST_NOTE = 4000;

const schema = z.strictObject({
  note: z.string().max(LONGEST_NOTE, `note: at most ${LONGEST_NOTE} characters are allowed`).default(''),
  tags: z
    .array(
      z
        .string()
        .regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u, 'a tag is one word of letters, digits, ".", "-" and "_"')
        .max(LONGEST_TAG, `a tag has at most ${LONGEST_TAG} characters`),
    )
    .max(MOST_TAGS, `at most ${MOST_TAGS} tags are allowed`)
    .default([]),
});

/** A note, and tags to find the run by. */
export type Notes = z.infer<typeof schema>;

/** Checks notes from outside; each tag is kept once. Throws `UserError` with what is allowed. */
export function parseNotes(value: unknown): Notes {
  const result = schema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const given = issue.path.reduce<unknown>((v, key) => (v as Record<PropertyKey, unknown>)?.[key], value);
    const which =
      issue.path[0] === 'tags' && typeof given === 'string' ? `tag ${JSON.stringify(given.slice(0, 60))}: ` : '';
    throw new UserError(`${which}${issue.message}`);
  }
  return { note: result.data.note.trim(), tags: [...new Set(result.data.tags)] };
}

/** Replaces the notes of the run in `path`. */
export const writeNotes = (path: string, notes: Notes): Promise<void> =>
  writeAtomic(join(path, NOTES_FILE), `${JSON.stringify(notes, null, 2)}\n`);
