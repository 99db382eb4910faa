/** The command line. Exit codes: 0 done, 1 the work failed, 2 the command was wrong, 3 an audit found something, 130 stopped. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command, CommanderError } from 'commander';
import { systemWords } from '../base/errors.js';
import { loadedPlugins, loadPlugins, pluginsIn } from '../base/plugins.js';
import { VERSION } from '../version.js';
import { addOutputChecks } from './outputs.js';

type Add = (program: Command) => void;

/** What plugins import as `ibscope`. The library stands beside the rooms, and no room imports it. */
const LIBRARY = pathToFileURL(join(import.meta.dirname, '..', 'index.js')).href;
/** `--plugin` of the program and of every command. `main` loads the files before it builds the program. */
const PLUGIN_FLAG = [
  '--plugin <file>',
  'file that registers attacks, data sets or models of your own; may be repeated (default none)',
] as const;

/** Heading of each command in `--help`; the others are tools. */
const HEADING_OF: Record<string, string> = {
  ...Object.fromEntries(
    ['run', 'compare', 'study', 'work', 'worker', 'analyze', 'trace'].map((name) => [name, 'Runs:']),
  ),
  ...Object.fromEntries(
    ['data', 'attacks', 'poison', 'perceive', 'adapt', 'audit', 'detect', 'train'].map((name) => [
      name,
      'Data and attacks:',
    ]),
  ),
  ...Object.fromEntries(['stealth', 'report', 'view', 'export', 'embed'].map((name) => [name, 'Results:'])),
};

/** Commands that read a data set whose classes can be named. */
const TAKES_CLASSES = ['run', 'compare', 'poison', 'perceive', 'adapt'];

/** The commands in the order of `--help`. Each loads its module when it is asked for, so that no command waits for what others need. */
const COMMANDS: { names: string[]; load: () => Promise<Add> }[] = [
  { names: ['run'], load: async () => (await import('./run.js')).addRun },
  { names: ['compare'], load: async () => (await import('./compare.js')).addCompare },
  { names: ['analyze'], load: async () => (await import('./analyze.js')).addAnalyze },
  { names: ['trace'], load: async () => (await import('./analyze.js')).addTrace },
  { names: ['study', 'experiment'], load: async () => (await import('./study.js')).addStudy },
  { names: ['work'], load: async () => (await import('./work.js')).addWork },
  { names: ['worker'], load: async () => (await import('./worker.js')).addWorker },
  { names: ['embed'], load: async () => (await import('./embed.js')).addEmbed },
  { names: ['view'], load: async () => (await import('./view.js')).addView },
  { names: ['adapt'], load: async () => (await import('./adapt.js')).addAdapt },
  { names: ['audit'], load: async () => (await import('./audit.js')).addAudit },
  { names: ['detect'], load: async () => (await import('./detect.js')).addDetect },
  { names: ['train'], load: async () => (await import('./train.js')).addTrain },
  { names: ['attacks'], load: async () => (await import('./attacks.js')).addAttacks },
  { names: ['poison'], load: async () => (await import('./poison.js')).addPoison },
  { names: ['perceive'], load: async () => (await import('./perceive.js')).addPerceive },
  { names: ['mi'], load: async () => (await import('./mi.js')).addMi },
  { names: ['stealth'], load: async () => (await import('./stealth.js')).addStealth },
  { names: ['report'], load: async () => (await import('./report.js')).addReport },
  { names: ['export'], load: async () => (await import('./export.js')).addExport },
  { names: ['data'], load: async () => (await import('./data.js')).addData },
  { names: ['doctor'], load: async () => (await import('./doctor.js')).addDoctor },
];

/** The commands that the words of a command line need: the one they name, none for `--version`, else all. */
function neededBy(argv: readonly string[]) {
  const words = argv.filter((word, i) => !/^--plugin(=|$)/.test(word) && argv[i - 1] !== '--plugin');
  if (['--version', '-V'].includes(words[0])) return [];
  const named = COMMANDS.filter(({ names }) => names.includes(words[0]));
  return named.length > 0 ? named : COMMANDS;
}

/** The program, with the commands that `argv` needs; without `argv`, all. */
export async function buildProgram(argv: readonly string[] = []): Promise<Command> {
  const program = new Command('ibscope')
    .description(
      'Measure how a neural network learns a backdoor: information over training, training phases, and a stealth score.',
    )
    .version(VERSION)
    .option(...PLUGIN_FLAG)
    .showSuggestionAfterError()
    .exitOverride()
    // `main` prints all errors, each in one line.
    .configureOutput({ outputError: () => {} });
  for (const add of await Promise.all(neededBy(argv).map(({ load }) => load()))) add(program);
  const takesConfig = (c: Command) => ['run', 'compare'].includes(c.name()) || c.parent?.name() === 'study';
  const takesClasses = (c: Command) => TAKES_CLASSES.includes(c.name()) || c.parent?.name() === 'study';
  const all = program.commands.flatMap((c) => [c, ...c.commands]);
  if (all.some(takesConfig)) {
    const { addConfigFile } = await import('./config-file.js');
    for (const command of all.filter(takesConfig)) addConfigFile(command);
  }
  // After `--config`, which may name them.
  const analyzes = (c: Command) => c.name() === 'analyze';
  if (all.some((c) => takesClasses(c) || analyzes(c))) {
    const { addClassWords } = await import('./class-words.js');
    for (const command of all)
      if (takesClasses(command)) addClassWords(command);
      else if (analyzes(command)) addClassWords(command, null);
  }
  addOutputChecks(program);
  for (const command of program.commands) command.helpGroup(HEADING_OF[command.name()] ?? 'Tools:');
  program.commandsGroup('Tools:');
  for (const command of all)
    command
      .option(...PLUGIN_FLAG)
      .exitOverride()
      .configureOutput({ outputError: () => {} })
      .showSuggestionAfterError();
  return program;
}

/** Runs the command line and returns its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    // Before the program is built: its help lists what plugins register.
    await loadPlugins(pluginsIn(argv, LIBRARY));
    const program = await buildProgram(argv);
    await program.parseAsync(argv as string[], { from: 'user' });
    // A command that ends normally may have set an exit code, such as 3 of an audit.
    return Number(process.exitCode ?? 0);
  } catch (thrown) {
    const error = thrown as Error;
    if (error instanceof CommanderError) {
      if (error.exitCode === 0 || error.code === 'commander.help') return error.exitCode === 0 ? 0 : 2;
      say(error.message.replace(/^error: /, '').replace(/\n\((.*)\)$/, '. $1'));
      return 2;
    }
    if (error.name === 'UserError') {
      say(error.message);
      return 2;
    }
    if (error.name === 'Stopped') {
      say(error.message);
      return 130;
    }
    if (['DivergedError', 'StudyError', 'FetchError', 'MachineError'].includes(error.name)) {
      say(error.message);
      return 1;
    }
    const words = systemWords(error);
    if (words !== null) {
      say(words);
      return 1;
    }
    const whose =
      loadedPlugins().files.length > 0
        ? 'a defect of a plugin or of ibscope'
        : 'a defect of ibscope; please report it with these lines';
    process.stderr.write(`ibscope: this is ${whose}\n${error.stack}\n`);
    return 1;
  }
}

function say(message: string) {
  process.stderr.write(`ibscope: ${message}\n`);
}
