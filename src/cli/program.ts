/** The command line. Exit codes: 0 done, 1 the work failed, 2 the command was wrong, 3 an audit found something, 130 stopped. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command, CommanderError } from 'commander';
import { systemWords } from '../base/errors.js';
import { loadedPlugins, loadPlugins, pluginsIn } from '../base/plugins.js';
import { VERSION } from '../version.js';
import { addAdapt } from './adapt.js';
import { addAnalyze, addTrace } from './analyze.js';
import { addAttacks } from './attacks.js';
import { addAudit } from './audit.js';
import { addClassWords } from './class-words.js';
import { addCompare } from './compare.js';
import { addConfigFile } from './config-file.js';
import { addData } from './data.js';
import { addDetect } from './detect.js';
import { addDoctor } from './doctor.js';
import { addEmbed } from './embed.js';
import { addExport } from './export.js';
import { addMi } from './mi.js';
import { PLUGIN_FLAG } from './options.js';
import { addOutputChecks } from './outputs.js';
import { addPerceive } from './perceive.js';
import { addPoison } from './poison.js';
import { addReport } from './report.js';
import { addRun } from './run.js';
import { addStealth } from './stealth.js';
import { addStudy } from './study.js';
import { addTrain } from './train.js';
import { addView } from './view.js';
import { addWork } from './work.js';
import { addWorker } from './worker.js';

/** What plugins import as `ibscope`. The library stands beside the rooms, and no room imports it. */
const LIBRARY = pathToFileURL(join(import.meta.dirname, '..', 'index.js')).href;
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

export function buildProgram(): Command {
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
  for (const add of [
    addRun,
    addCompare,
    addAnalyze,
    addTrace,
    addStudy,
    addWork,
    addWorker,
    addEmbed,
    addView,
    addAdapt,
    addAudit,
    addDetect,
    addTrain,
    addAttacks,
    addPoison,
    addPerceive,
    addMi,
    addStealth,
    addReport,
    addExport,
    addData,
    addDoctor,
  ])
    add(program);
  for (const command of program.commands.flatMap((c) => (c.name() === 'study' ? c.commands : c)))
    if (['run', 'compare'].includes(command.name()) || command.parent?.name() === 'study') addConfigFile(command);
  // After `--config`, which may name them.
  for (const command of program.commands.flatMap((c) => [c, ...c.commands]))
    if (TAKES_CLASSES.includes(command.name()) || command.parent?.name() === 'study') addClassWords(command);
    else if (command.name() === 'analyze') addClassWords(command, null);
  addOutputChecks(program);
  for (const command of program.commands) command.helpGroup(HEADING_OF[command.name()] ?? 'Tools:');
  program.commandsGroup('Tools:');
  for (const command of program.commands.flatMap((c) => [c, ...c.commands]))
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
    await buildProgram().parseAsync(argv as string[], { from: 'user' });
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
