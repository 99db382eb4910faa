/** What went wrong by the user's hand: one line, exit code 2, no stack trace. Everything else is a defect and is loud. */
import leven from 'leven';

/** A mistake of whoever called, in one line for him: an option, a file, a shape. All other errors are defects. */
export class UserError extends Error {
  override name = 'UserError';
}

/** A name out of a file that anybody may have written: in quotes, on one line, no longer than a line. */
export const shown = (name: string) => JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);

/**
 * The candidate nearest to `word`: one that holds all of it, as webgpu does gpu, or else the nearest by edit distance, if
 * that is near enough to be a slip of the keys.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const said = word.toLowerCase();
  const ranked = candidates
    .map((c) => ({ c, d: leven(said, c.toLowerCase()), holds: said.length > 2 && c.toLowerCase().includes(said) }))
    .sort((a, b) => Number(b.holds) - Number(a.holds) || a.d - b.d || a.c.localeCompare(b.c));
  const best = ranked[0];
  return best && (best.holds || best.d <= Math.max(2, Math.floor(best.c.length / 3))) ? best.c : undefined;
}

/** `unknown attack "badnet": one of none, badnets, blend. Did you mean badnets?` */
export function unknownWord(what: string, got: string, allowed: readonly string[]): UserError {
  const near = nearest(got, allowed);
  return new UserError(
    `unknown ${what} "${got}": one of ${allowed.join(', ')}.${near ? ` Did you mean "${near}"?` : ''}`,
  );
}

/** The item of that name; throws `unknownWord` where there is none. */
export function findNamed<T extends { name: string }>(what: string, name: string, items: readonly T[]): T {
  const found = items.find((item) => item.name === name);
  if (found) return found;
  throw unknownWord(
    what,
    name,
    items.map((item) => item.name),
  );
}
