/** Options of the command line of a bench, with errors of one line. */
import { parseArgs } from 'node:util';
import { UserError } from '../../src/base/errors.js';

/** Values by name. `text`: options that take a value, with what stands when they are not given; `flags`: those that do not. */
export function readOptions<T extends string, F extends string>(
  args: string[],
  text: Record<T, string | undefined>,
  flags: readonly F[],
): Record<T, string | undefined> & Record<F, boolean> {
  const options = Object.fromEntries([
    ...Object.keys(text).map((name) => [name, { type: 'string' as const }]),
    ...flags.map((name) => [name, { type: 'boolean' as const }]),
  ]);
  try {
    const { values } = parseArgs({ args, options });
    const given = { ...Object.fromEntries(flags.map((name) => [name, false])), ...text, ...values };
    return given as Record<T, string | undefined> & Record<F, boolean>;
  } catch (error) {
    // Of a value that looks like an option, Node says that it is ambiguous, and how to insist on it in further lines.
    const [message] = (error as Error).message.split('\n');
    throw new UserError(message.replace(/ is ambiguous\.$/, ' missing, or it begins with a dash'));
  }
}

/** A number of at least `from`, whole or not. */
export function readNumber(name: string, text: string, from: number, whole: boolean): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= from && Number.isFinite(value) && (!whole || Number.isInteger(value)))
    return value;
  throw new UserError(`--${name} takes a ${whole ? 'whole ' : ''}number from ${from}, not "${text}"`);
}
