/** `ibscope compare`: several attacks on the same data, by one seed or several. */

import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { duration } from '../base/duration.js';
import { UserError } from '../base/errors.js';
import { toResume } from '../base/progress.js';
import { requestOf } from '../config/flags.js';
import { resolveConfig } from '../config/resolve.js';
import { pipelineJobs } from '../pipeline/job-of.js';
import { secondsOf } from '../pipeline/run-cost.js';
import type { RunResult } from '../runs/documents.js';
import type { Compared } from '../studies/compare.js';
import { studyJobs } from '../studies/job-of.js';
import type { CompareJob } from '../studies/jobs.js';
import { parseAttacks, parseSeeds } from '../studies/parse.js';
import { runsAtOnce, threadsOf } from '../studies/plan.js';
import { costWords } from './cost.js';
import { addRunOptions, examples, HEADINGS, JSON_FLAG } from './options.js';
import { OUT, place, print, RESUME, startedWith } from './run.js';
import { runJob } from './run-job.js';
import { runTable } from './table.js';

export function addCompare(program: Command) {
  const command = program
    .command('compare')
    .description('run several attacks on the same data, and say which is stealthier')
    .addHelpText(
      'after',
      examples(['npx ibscope compare --attacks badnets,wanet@0.2:s=1 --seeds 0-4 --out runs/compare']),
    );
  addRunOptions(command, ['attack', 'attackOption', 'manifest'])
    .optionsGroup(HEADINGS.attack)
    .requiredOption('--attacks <names>', 'attacks, separated by commas, each as name[@rate][:option=value]')
    .optionsGroup(HEADINGS.training)
    .option('--seeds <numbers>', 'seeds, such as 0-4 or 0,7: with several, differences are tested over them')
    .optionsGroup(HEADINGS.output)
    .option(...OUT)
    .option(...RESUME)
    .option('--dry-run', 'print the cost of the comparison on this machine, and stop')
    .option(...JSON_FLAG)
    .action(async (values) => {
      if (values.seed !== undefined && values.seeds !== undefined)
        throw new UserError(`--seed: it means one seed, --seeds ${values.seeds} several`);
      const seeds = values.seeds === undefined ? undefined : parseSeeds(values.seeds);
      if (values.resume && values.out) await checkStarted(values.out);
      const compared = comparedOf(values.attacks, requestOf(values), seeds);
      const [{ config }] = compared;
      if (values.dryRun) return dryRun(compared, values.json === true);
      const path = place(values.out, values.resume, `compare-${config.dataset}`);
      const job: CompareJob = { compared, path, resume: values.resume ?? false };
      if (seeds === undefined || seeds.length === 1) {
        const result = await runJob(studyJobs('compareJob'), job, toResume(path));
        print(values.json, result, textOf(result.rows, result.verdict), result, ' of work over all runs');
        return;
      }
      const result = await runJob(studyJobs('compareSeedsJob'), job, toResume(path));
      // A run that failed has no row.
      const rows = result.rows.map((row) => ({ ...row, attack: basename(row.dir) }));
      print(values.json, result, textOf(rows, result.verdict), result, ' of work over all runs');
    });
}

const textOf = (rows: RunResult[], verdict: readonly string[]) => `${runTable(rows)}\n\n${verdict.join('\n')}`;

/** Throws `UserError` where a run of a comparison that is resumed was made with a plugin that is not loaded. */
async function checkStarted(out: string): Promise<void> {
  for (const folder of [out, join(out, 'runs')])
    for (const name of await readdir(folder).catch(() => [])) await startedWith(join(folder, name));
}

/** The runs of a comparison, all seeds of an attack together. Throws `UserError` for an attack that is named twice. */
function comparedOf(text: string, request: ReturnType<typeof requestOf>, seeds?: readonly number[]): Compared[] {
  const terms = text.split(',').map((term) => term.trim());
  const twice = terms.find((term, i) => terms.indexOf(term) !== i);
  if (twice !== undefined) throw new UserError(`--attacks ${text}: "${twice}" is named twice`);
  const choices = parseAttacks(text);
  return choices.flatMap(({ attack, rate, attackOption }, i): Compared[] => {
    // A folder is named after its attack, and after all that was asked where an attack comes more than once.
    const name = choices.filter((c) => c.attack === attack).length === 1 ? attack : terms[i].replaceAll(/[@:=]/g, '-');
    const of = (seed?: number) =>
      resolveConfig({
        ...request,
        attack,
        ...(attackOption && { attackOption }),
        ...(rate !== undefined && { poisonRate: rate }),
        ...(seed !== undefined && { seed }),
      });
    if (seeds === undefined) return [{ name, config: of() }];
    if (seeds.length === 1) return [{ name, config: of(seeds[0]) }];
    return seeds.map((seed) => ({ name: `${name}-seed-${seed}`, config: of(seed) }));
  });
}

/** The cost of one run and of all. Runs of a comparison differ in the attack, whose own work is not counted. */
async function dryRun(compared: readonly Compared[], json: boolean) {
  const configs = compared.map((c) => c.config);
  const runs = configs.length;
  const atOnce = Math.min(runs, runsAtOnce(configs));
  const cost = await runJob(pipelineJobs('costJob'), {
    config: configs[0],
    threads: atOnce > 1 ? threadsOf(configs) : 0,
  });
  process.stdout.write(
    json
      ? `${JSON.stringify({ runs, atOnce, ...cost })}\n`
      : `one run:\n${costWords(cost)}\n\n${runs} runs like this one, ${atOnce} at a time: about ${duration(secondsOf(cost) * Math.ceil(runs / atOnce))} in all\n`,
  );
}
