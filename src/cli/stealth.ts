/** `ibscope stealth`: the stealth of a run's backdoor in input, feature and parameter space, beside its score. */
import type { Command } from 'commander';
import { measures } from '../perception/index.js';
import { pipelineJobs } from '../pipeline/job-of.js';
import type { ThreeSpaces } from '../pipeline/three-spaces.js';
import { examples, HEADINGS, JSON_FLAG } from './options.js';
import { runJob } from './run-job.js';
import { table } from './table.js';

export function addStealth(program: Command) {
  program
    .command('stealth')
    .description('measure the stealth of a run’s backdoor in input, feature and parameter space')
    .argument('<dir>', 'folder of a run')
    .optionsGroup(HEADINGS.measurement)
    .option(
      '--clean <dir>',
      'run of attack none of the same setting, for TUP (default: one beside the run that keeps its weights)',
    )
    .optionsGroup(HEADINGS.output)
    .option(...JSON_FLAG)
    .addHelpText('after', examples(['npx ibscope stealth runs/blend'], 'run'))
    .action(async (path: string, values: { clean?: string; json?: boolean }) => {
      const found = await runJob(pipelineJobs('stealthJob'), { path, clean: values.clean });
      process.stdout.write(`${values.json ? JSON.stringify(found) : words(found)}\n`);
    });
}

/** Measures of the other two spaces: name, what it is, and what is stealthier. */
const OF_NETWORK = {
  silhouette: ['silhouette', 'of poisoned samples against benign ones of the target class, in T', 'lower'],
  cdbi: ['CDBI', 'Davies–Bouldin index of the same, by source class', 'higher'],
  dswd: ['DSWD', 'shift of test features by the trigger, along the classifier’s rows', 'lower'],
  uclc: ['UCLC', 'largest channel bound, in standard deviations of its layer', 'lower'],
  tac: ['TAC', 'largest change of a channel of the last batch norm by the trigger', 'lower'],
  tup: ['TUP', 'how far channel bounds follow TAC, relative to a clean network', 'lower'],
} as const;

const value = (v: number | null | undefined) =>
  v === null || v === undefined || !Number.isFinite(v) ? '–' : v.toPrecision(4);

function words({ of, attack, score, input, feature, parameter, samples }: ThreeSpaces): string {
  const rows = (space: string, values: Partial<Record<keyof typeof OF_NETWORK, number | null>>) =>
    Object.entries(values).map(([key, v]) => {
      const [name, what, stealthier] = OF_NETWORK[key as keyof typeof OF_NETWORK];
      return [space, name, value(v), stealthier, what];
    });
  const seen = measures
    .filter(({ name }) => input?.[name] && input[name].n > 0)
    .map(({ name, summary, unchanged }) => {
      const stealthier = unchanged === 0 ? 'lower' : 'higher';
      return ['input', name, value(input![name].mean), stealthier, summary];
    });
  const { uclc, tac, tup, clean } = parameter;
  const S = score === null ? 'not scored yet' : `S ${value(score.score)}, p ${value(score.p)}`;
  return [
    `${of}: attack ${attack}, ${S}`,
    '',
    table(
      ['space', 'measure', 'value', 'stealthier', ''],
      [...seen, ...rows('feature', feature), ...rows('parameter', { uclc, tac, tup })],
    ),
    '',
    `of ${samples.poisoned} poisoned and ${samples.benign} benign samples and ${samples.test} test images; the network without noise`,
    'run' in clean ? `clean network: ${clean.run}` : `TUP has no value: ${clean.missing}`,
  ].join('\n');
}
