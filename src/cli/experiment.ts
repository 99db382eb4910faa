/** `ibscope experiment`: the paper's experiments, one command each. */
import type { Command } from 'commander';
import { requestOf } from '../config/flags.js';
import { hours } from '../report/format.js';
import { type AttackChoice, type StudyOptions, studies } from '../studies/index.js';
import { studyJobs } from '../studies/job-of.js';
import { parseAttacks, parseData, parseNumbers, parseSeeds } from '../studies/parse.js';
import type { ExperimentResult } from '../studies/study.js';
import { addRunOptions, defaultOut } from './options.js';
import { runJob } from './run-job.js';

import { table } from './table.js';

/** Options of a run that an experiment varies. */
const VARIED = ['attack', 'attackOption', 'manifest', 'dataset', 'dataDir', 'poisonRate', 'seed'] as const;

export function addExperiment(program: Command) {
  const command = program
    .command('experiment')
    .description('run one of the paper’s experiments and write its report; what is there already is not done again');
  for (const study of studies) {
    const { defaults } = study;
    const one = command.command(study.name).description(study.summary);
    addRunOptions(one, study.varies ? [...VARIED, study.varies] : VARIED)
      .option(
        '--data <set>',
        'data set, as name[:dir][?option=value&…]; may be repeated (default shapes10)',
        collect,
        [],
      )
      .option(
        '--attacks <names>',
        `attacks, separated by commas, each as name[@rate][:option=value] (default ${defaults.attacks!.map((a) => a.attack).join(',')})`,
      )
      .option('--rates <shares>', `poison rates (default ${defaults.rates!.join(',')})`)
      .option('--seeds <numbers>', `seeds (default ${shortList(defaults.seeds!)})`);
    if (study.varies === 'noise') one.option('--noises <γ>', `values of γ (default ${defaults.noises!.join(',')})`);
    if (study.varies === 'model') one.option('--models <names>', `models (default ${defaults.models!.join(',')})`);
    one
      .option('--out <dir>', 'folder of the runs and the report; experiments in one folder share runs')
      .option('--jobs <n>', 'runs at a time (default: one per core)')
      .option('--markdown <file>', 'write the report as Markdown too, with its figures beside it')
      .option('--dry-run', 'say what there is to do and how long it takes, and do nothing')
      .option('--json', 'print one JSON document on stdout and nothing else there')
      .addHelpText('after', `\nExample:\n  ibscope experiment ${study.name} --out runs/study --dry-run`)
      .action(async (values) => {
        const options: StudyOptions = {
          base: requestOf(values),
          data: values.data.length > 0 ? values.data.map(parseData) : [{ request: { dataset: 'shapes10' } }],
          attacks: values.attacks ? parseAttacks(values.attacks) : (defaults.attacks as AttackChoice[]),
          rates: values.rates
            ? parseNumbers('--rates', values.rates, (n) => n > 0 && n <= 1, 'shares above 0 and at most 1')
            : defaults.rates!,
          seeds: values.seeds ? parseSeeds(values.seeds) : defaults.seeds!,
          noises: values.noises
            ? parseNumbers('--noises', values.noises, (n) => n >= 0 && Number.isFinite(n), 'numbers from 0')
            : (defaults.noises ?? []),
          models: values.models ? values.models.split(',').map((n: string) => n.trim()) : (defaults.models ?? []),
        };
        // What no run can have is refused before the worker starts.
        study.plan(options);
        const jobs =
          values.jobs === undefined ? undefined : parseNumbers('--jobs', values.jobs, whole, 'whole numbers from 1')[0];
        const out = values.out ?? defaultOut(`experiment-${study.name}`);
        const result = await runJob(studyJobs('experimentJob'), {
          name: study.name,
          options,
          out,
          jobs,
          dryRun: values.dryRun ?? false,
          markdown: values.markdown,
        });
        process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${words(result)}\n`);
      });
  }
}

const whole = (n: number) => Number.isInteger(n) && n >= 1;
const collect = (value: string, all: string[]) => [...all, value];
const shortList = (seeds: readonly number[]) =>
  seeds.length > 4 ? `${seeds[0]} … ${seeds[seeds.length - 1]}` : seeds.join(',');

function words(r: ExperimentResult): string {
  if (!r.summary) {
    const tera = (flops: number) => (flops / 1e12).toPrecision(3);
    const rows = r.costs.map((c) => [
      c.like,
      String(c.runs),
      tera(c.trainingFlops),
      tera(c.criticFlops),
      ((c.trainingSeconds + c.probeSeconds) / 3600).toFixed(2),
      (c.criticSeconds / 3600).toFixed(2),
    ]);
    const head = ['one run like', 'runs', 'training TFLOP', 'critic TFLOP', 'training h', 'critics h'];
    return `${r.runs} runs, ${r.done} of them done; about ${hours(r.secondsPlanned)} at ${r.atOnce} at a time\n\n${table(head, rows)}`;
  }
  const parts = [r.summary.lede];
  for (const section of r.summary.sections)
    for (const block of section.blocks) {
      if (block.kind === 'table' && block.inTerminal)
        parts.push(
          table(
            block.head,
            block.rows.map((row) => row.map((cell) => (cell === null ? '–' : String(cell)))),
          ),
        );
      if (block.kind === 'findings')
        parts.push(block.findings.map((f) => `${f.verdict}: ${f.claim}\n  ${f.evidence}`).join('\n'));
    }
  for (const { name, why } of r.failed ?? []) parts.push(`failed: ${name}: ${why}`);
  return `${parts.join('\n\n')}\n\nreport: ${r.report}`;
}
