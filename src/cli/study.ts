/** `ibscope study`: many runs that answer one question, one command a study. */

import { type Command, Option } from 'commander';
import { duration } from '../base/duration.js';
import { UserError } from '../base/errors.js';
import { toResume } from '../base/progress.js';
import { shellWord } from '../base/shell.js';
import { flagOf, requestOf } from '../config/flags.js';
import type { RunConfig, RunRequest } from '../config/options.js';
import { detectorNames } from '../detection/request.js';
import { cellText } from '../report/cells.js';
import {
  type AttackChoice,
  type DetectionOptions,
  type Study,
  type StudyOptions,
  type Sweep,
  studies,
} from '../studies/index.js';
import { studyJobs } from '../studies/job-of.js';
import { parseAttacks, parseData, parseNumbers, parseSeeds } from '../studies/parse.js';
import type { StudyResult } from '../studies/study.js';
import { parseVary } from '../studies/vary.js';
import { costTable } from './cost.js';
import { addElsewhereOptions, elsewhereOf } from './elsewhere.js';
import { halve } from './halving.js';
import { addRunOptions, defaultOut, examples, HEADINGS, JSON_FLAG, wholeNumber } from './options.js';
import { runJob } from './run-job.js';
import { table } from './table.js';

/** Options of a run that every study varies. */
const VARIED = ['attack', 'attackOption', 'manifest', 'dataset', 'dataDir', 'poisonRate', 'seed'] as const;

export function addStudy(program: Command) {
  const command = program
    .command('study')
    .alias('experiment')
    .description('make the runs of a study and write its report; finished runs are reused')
    .addHelpText('after', examples(['npx ibscope study attacks --out runs/study --dry-run']));
  for (const study of studies) addOne(command, study);
}

/** The command of one study. */
function addOne(command: Command, study: Study) {
  const { defaults } = study;
  const one = command.command(study.name).description(study.summary);
  addRunOptions(one, variedBy(study))
    .optionsGroup(HEADINGS.data)
    .addOption(
      new Option('--data <set>', 'data set, as name[:dir][?option=value&…]; may be repeated')
        .argParser(collect)
        .default([], 'shapes10'),
    )
    .optionsGroup(HEADINGS.attack)
    .option(
      '--attacks <names>',
      `attacks, separated by commas, each as name[@rate][:option=value] (default ${defaults.attacks.map(attackText).join(',')})`,
    )
    .optionsGroup(HEADINGS.training)
    .option('--seeds <numbers>', `seeds (default ${shortList(defaults.seeds)})`);
  one.optionsGroup(HEADINGS.attack);
  if (study.sweeps) addSweepOptions(one);
  else one.option('--rates <shares>', `poison rates (default ${defaults.rates.join(',')})`);
  one.optionsGroup(HEADINGS.model);
  if (study.varies === 'noise') one.option('--noises <γ>', `values of γ (default ${defaults.noises!.join(',')})`);
  if (study.varies === 'model') one.option('--models <names>', `models (default ${defaults.models!.join(',')})`);
  if (study.detects) addDetectorOptions(one);
  addElsewhereOptions(one.optionsGroup(HEADINGS.output));
  one
    .option(
      '--out <dir>',
      `folder of the runs and the report; studies in one folder share runs (default runs/experiment-${study.name}-TIME)`,
    )
    .option('--jobs <n>', 'runs at a time (default one per core)')
    .option('--markdown <file>', 'Markdown file of the report, its figures in a folder beside it (default none)')
    .option('--rows <file>', 'file to which every finished run appends one line of JSON (default none)');
  if (study.fromRows)
    one.addOption(
      new Option(
        '--from-rows <file>',
        'write the report of the runs in this file of rows, without their folders, and make none; may be repeated (default none)',
      ).argParser(collect),
    );
  one
    .option(
      '--keep-probes',
      'keep probes and weights, here and in later studies in the folder (default: delete those of finished runs)',
    )
    .option('--resume', 'resume the study in the folder of --out, as the same command without it does')
    .option(
      '--plan <file>',
      'file to write the jobs to, and stop; `ibscope work` carries out each, on any machine (default: carry them out here)',
    )
    .option('--dry-run', 'print what is to be done and how long it takes, and do nothing')
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `${study.runs ? `\nDefaults of its runs: ${flagsOf(study.runs)}\n` : ''}${examples([`npx ibscope study ${study.name}${study.sweeps ? SWEEP_EXAMPLE : ''} --out runs/study --dry-run`])}`,
    )
    .action(async (values) => {
      const options = optionsOf(values, study);
      const out = values.out ?? defaultOut(`experiment-${study.name}`);
      if (values.fromRows !== undefined) {
        refuseBesideRows(one);
        const { fromRows, markdown } = values;
        printResult(
          await runJob(studyJobs('studyFromRowsJob'), { name: study.name, options, out, markdown, fromRows }),
          values,
        );
        return;
      }
      if (values.resume && values.out === undefined)
        throw new UserError('--resume: name the folder of the study with --out DIR');
      if (values.plan !== undefined && values.dryRun) throw new UserError('--plan: with --dry-run nothing is written');
      // Options that no run can have are refused before the worker starts.
      const configs = study.plan(options);
      const whole = (n: number) => Number.isInteger(n) && n >= 1;
      const jobs =
        values.jobs === undefined ? undefined : parseNumbers('--jobs', values.jobs, whole, 'whole numbers from 1')[0];
      if (values.leastPsnr !== undefined && !values.halving)
        throw new UserError(`--least-psnr ${values.leastPsnr}: it needs --halving`);
      if (values.halving) {
        await halve(values, options, { out, jobs });
        return;
      }
      const result = await runJob(
        studyJobs('studyJob'),
        {
          name: study.name,
          options,
          configs,
          out,
          jobs,
          dryRun: values.dryRun ?? false,
          plan: values.plan,
          elsewhere: await elsewhereOf(values),
          markdown: values.markdown,
          rows: values.rows,
          keepProbes: values.keepProbes,
        },
        // A study whose folder was not named gets a new one every time.
        toResume(values.out === undefined ? out : undefined, ''),
      );
      printResult(result, values);
    });
}

const printResult = (result: StudyResult, { json }: Values) =>
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${textOf(result)}\n`);

/** Beside a file of rows there is nothing to choose: its runs are what they are. Throws `UserError`. */
function refuseBesideRows(command: Command) {
  const other = command.options.find(
    (o) => !BESIDE_ROWS.includes(o.attributeName()) && command.getOptionValueSource(o.attributeName()) === 'cli',
  );
  if (other) throw new UserError(`${other.long}: with --from-rows the runs are those of the file`);
}

const BESIDE_ROWS = ['fromRows', 'out', 'markdown', 'json'];

const SWEEP_EXAMPLE = ' --vary alpha=0.05:0.5 --vary poison-rate=0.03,0.1';

/** Options of a run that are no options of the study. */
function variedBy({ varies, sweeps }: Study): (keyof RunConfig)[] {
  if (sweeps) return VARIED.filter((key) => key !== 'poisonRate');
  return varies ? [...VARIED, varies] : [...VARIED];
}

function addSweepOptions(command: Command) {
  command
    .addOption(
      new Option(
        '--vary <name=values>',
        'option of a run or of an attack with its values, as a,b,c, low:high or low:high:log; may be repeated (default none)',
      ).argParser(collect),
    )
    .option(
      '--trials <n>',
      'number of random trials, drawn from ranges and lists (default: the grid of all values, four of a range)',
    )
    .option('--sweep-seed <n>', 'seed of the random trials (default 0)')
    .option(
      '--halving',
      'judge all trials by short runs, and keep the better third for runs three times as long, up to --epochs (default: every trial runs whole)',
    )
    .option('--least-psnr <dB>', 'with --halving: prefer trials that are no more visible than this (default none)');
}

function addDetectorOptions(command: Command) {
  command
    .optionsGroup(HEADINGS.measurement)
    .option(
      '--detectors <names>',
      'detectors to ask about every run, comma-separated, as `ibscope detect` names them (default all)',
    )
    .option(
      '--rejudge <names>',
      'detectors to ask again about finished runs, because their rule changed; or all (default none)',
    );
}

/** An attack as `parseAttacks` reads it. */
const attackText = ({ attack, rate, attackOption = [] }: AttackChoice) =>
  [rate === undefined ? attack : `${attack}@${rate}`, ...attackOption].join(':');

/** Options of a run as a user writes them: `--model resnet10 --width 8`. */
const flagsOf = (request: RunRequest) =>
  Object.entries(request)
    .map(([key, value]) => `${flagOf(key as keyof RunConfig)} ${value}`)
    .join(' ');

/** The options of a study from the values of its command. Throws `UserError`. */
export function optionsOf(values: Values, study: Study): StudyOptions {
  const { defaults } = study;
  const { attacks, rates, seeds, noises, models } = values as Record<string, string | undefined>;
  const data = values.data.length > 0 ? values.data.map(parseData) : [{ request: { dataset: 'shapes10' } }];
  const chosen = attacks ? parseAttacks(attacks) : defaults.attacks;
  return {
    base: requestOf(values),
    data,
    attacks: chosen,
    rates: rates
      ? parseNumbers('--rates', rates, (n) => n > 0 && n <= 1, 'shares above 0 and at most 1')
      : defaults.rates,
    seeds: seeds ? parseSeeds(seeds) : defaults.seeds,
    noises: noises
      ? parseNumbers('--noises', noises, (n) => n >= 0 && Number.isFinite(n), 'numbers from 0')
      : (defaults.noises ?? []),
    models: models ? models.split(',').map((n) => n.trim()) : (defaults.models ?? []),
    ...(study.detects ? { detection: askedOf(values) } : {}),
    ...(study.sweeps ? { sweep: sweepOf(values, [...chosen, ...data.flatMap((d) => d.attacks ?? [])]) } : {}),
  };
}

/** The detectors that a study asks, from the values of its command. Throws `UserError`. */
function askedOf({ detectors, rejudge }: Values): DetectionOptions {
  const names = detectorNames(detectors ?? 'all');
  const again = rejudge === undefined ? [] : detectorNames(rejudge);
  const other = rejudge?.toLowerCase() === 'all' ? undefined : again.find((name) => !names.includes(name));
  if (other) throw new UserError(`--rejudge ${rejudge}: ${other} is not among --detectors ${detectors}`);
  return { names, again };
}

/** What a sweep varies, from the values of its command. Throws `UserError`. */
function sweepOf({ vary = [], trials, sweepSeed }: Values, attacks: readonly AttackChoice[]): Sweep {
  const names = [...new Set(attacks.map((a) => a.attack))];
  return {
    vary: vary.map((text) => parseVary(text, names)),
    ...(trials === undefined ? {} : { trials: wholeNumber('--trials', trials, 1) }),
    seed: sweepSeed === undefined ? 0 : wholeNumber('--sweep-seed', sweepSeed, 0),
  };
}

/** Values of the options of a study's command. */
type Values = Record<string, unknown> & { data: string[]; vary?: string[]; trials?: string; sweepSeed?: string } & {
  detectors?: string;
  rejudge?: string;
};

const collect = (value: string, all: string[] = []) => [...all, value];
const shortList = (seeds: readonly number[]) =>
  seeds.length > 4 ? `${seeds[0]} … ${seeds[seeds.length - 1]}` : seeds.join(',');

/** What is left to be done of a study on Slurm. */
function submittedWords({ script, commands, arrays }: NonNullable<StudyResult['submitted']>): string {
  const report = 'Once the jobs have ended, give this command again for the report; it submits what is missing.';
  if (commands.length > 0)
    return `${script}: written, and not submitted, because sbatch is not on this machine. Submit it on the cluster:\n${commands.map((c) => `  ${c}`).join('\n')}\n${report}`;
  const jobs = arrays.length > 0 ? `submitted to Slurm as job ${arrays.join(', ')}` : 'all jobs are with Slurm already';
  return `${jobs}. ${report}`;
}

/** The result of a study for a reader: after a dry run the plan and its costs, else tables and findings. */
function textOf(r: StudyResult): string {
  if (!r.summary) {
    if (r.submitted) return submittedWords(r.submitted);
    if (r.plan !== undefined)
      return `${r.plan}: ${r.runs} jobs, numbered from 0, ${r.done} of them done; about ${duration(r.secondsOfWork)} of work on this machine\ncarry out each: npx ibscope work ${shellWord(r.plan)} --job N`;
    return `${r.runs} runs, ${r.done} of them done; about ${duration(r.secondsPlanned)} at ${r.atOnce} at a time\n\n${costTable(r.costs)}`;
  }
  const parts = [r.summary.lede].flat();
  for (const section of r.summary.sections) {
    const inTerminal = section.blocks.some((b) => b.kind === 'table' && b.inTerminal);
    if (inTerminal && section.intro) parts.push(section.intro);
    for (const block of section.blocks) {
      if (block.kind === 'table' && block.inTerminal)
        parts.push(
          table(
            block.head,
            block.rows.map((row) => row.map(cellText)),
          ),
        );
      if (block.kind === 'command' || (block.kind === 'text' && block.inTerminal)) parts.push(block.text);
      if (block.kind === 'findings')
        parts.push(block.findings.map((f) => `${f.verdict}: ${f.claim}\n  ${f.evidence}`).join('\n'));
    }
  }
  for (const { name, why } of r.failed ?? []) parts.push(`failed: ${name}: ${why}`);
  return `${parts.join('\n\n')}\n\nreport: ${r.report}`;
}
