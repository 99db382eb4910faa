/** `ibscope work`: one job of a planned study, in a child process. */
import type { Command } from 'commander';
import { UserError } from '../base/errors.js';
import { toResume } from '../base/progress.js';
import { inChild } from '../execution/child.js';
import { forgetFailure, isOwnFault, writeFailure } from '../runs/failures.js';
import { checkedJob, checkVersion, readPlan, runFolder } from '../runs/study-plan.js';
import { studyJobs } from '../studies/job-of.js';
import { examples, JSON_FLAG, wholeNumber } from './options.js';
import { runJob } from './run-job.js';
import { runTable } from './table.js';

export function addWork(program: Command) {
  program
    .command('work <plan>')
    .description('carry out one job of a study that --plan wrote; the run is in the folder of the study')
    .requiredOption('--job <n>', 'number of the job in the plan, from 0')
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      examples(['npx ibscope work plan.json --job 0'], 'study attacks --out runs/study --plan plan.json'),
    )
    .action(async (file: string, values) => {
      const { version, out, alternatives, jobs } = await readPlan(file);
      checkVersion(file, version);
      const n = wholeNumber('--job', values.job, 0);
      if (n >= jobs.length)
        throw new UserError(`--job ${n}: ${file} has ${jobs.length} jobs, numbered from 0 to ${jobs.length - 1}`);
      const { name, config } = checkedJob(`${file}, job ${n}`, jobs[n]);
      const job = { config, path: runFolder(out, name), alternatives };
      const result = await runJob(studyJobs('workJob'), job, toResume(), inChild).catch(async (error) => {
        if (isOwnFault(error)) await writeFailure(out, { name, kind: error.name, why: error.message });
        throw error;
      });
      await forgetFailure(out, name);
      process.stdout.write(
        values.json ? `${JSON.stringify(result)}\n` : `${runTable([result])}\n\nrun: ${result.dir}\n`,
      );
    });
}
