/** The help of commands, and the examples in it. */
import type { Command } from 'commander';
import { buildProgram } from '../../src/cli/program.js';

/** Every command with the words that call it. `study` and `data` are groups of commands. */
export const named = (program: Command): { name: string; command: Command }[] =>
  program.commands.flatMap((command) => [
    { name: command.name(), command },
    ...command.commands.map((inner) => ({ name: `${command.name()} ${inner.name()}`, command: inner })),
  ]);

/** What `--help` prints. */
export function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (more) => {
      text += more;
    },
  });
  command.outputHelp();
  return text;
}

/** Command lines under `Example:` or `Examples, after …:`, as a shell would split them, without redirection. */
export const examplesOf = (help: string): string[][] =>
  [...(help.split(/\nExamples?[^:\n]*:\n/)[1] ?? '').matchAll(/^ {2}((?:npx|node) .+)$/gm)].map(([, line]) =>
    [...line.replace(/ > .*$/, '').matchAll(/'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2]),
  );

/** The command that the parser finds in `words`, which does nothing; throws what the parser throws. */
export async function called(words: readonly string[]): Promise<string> {
  const program = await buildProgram();
  let found = '';
  for (const { name, command } of named(program))
    if (command.commands.length === 0)
      command.action(() => {
        found = name;
      });
  await program.parseAsync([...words], { from: 'user' });
  return found;
}
