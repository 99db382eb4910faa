/** `ibscope stealth`: the stealth of a run's backdoor in input, feature and parameter space, beside its score. */
import type { Command } from 'commander';
import { measures } from '../perception/index.js';
import { pipelineJobs } from '../pipeline/job-of.js';
import type { ThreeSpaces } from '../pipeline/three-spaces.js';
import { spaceRows } from '../report/spaces.js';
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

const value = (v: number | null | undefined) =>
  v === null || v === undefined || !Number.isFinite(v) ? '–' : v.toPrecision(4);

function words({ of, attack, score, input, feature, parameter, samples }: ThreeSpaces): string {
  const seen = measures
    .filter(({ name }) => input?.[name] && input[name].n > 0)
    .map(({ name, summary, unchanged }) => {
      const stealthier = unchanged === 0 ? 'lower' : 'higher';
      return ['input', name, value(input![name].mean), stealthier, summary];
    });
  const { tup, clean } = parameter;
  const rows = spaceRows({ feature, parameter }, tup).map((r) => [
    r.space,
    r.measure,
    value(r.value),
    r.stealthier,
    r.what,
  ]);
  const S = score === null ? 'not scored yet' : `S ${value(score.score)}, p ${value(score.p)}`;
  return [
    `${of}: attack ${attack}, ${S}`,
    '',
    table(['space', 'measure', 'value', 'stealthier', 'what it is'], [...seen, ...rows], [0, 1, 3, 4]),
    '',
    `of ${samples.poisoned} poisoned and ${samples.benign} benign samples and ${samples.test} test images; the network without noise`,
    'run' in clean ? `clean network: ${clean.run}` : `TUP has no value: ${clean.missing}`,
  ].join('\n');
}
