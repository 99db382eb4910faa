/** `ibscope study sweep --halving`: the black-box adversary, who searches the options of a published attack by short runs. */

import type { SearchDocument } from '../adaptive/halving.js';
import { adaptiveJobs } from '../adaptive/job-of.js';
import { UserError } from '../base/errors.js';
import { toResume } from '../base/progress.js';
import { kebab } from '../config/flags.js';
import { resolveConfig } from '../config/resolve.js';
import type { StudyOptions } from '../studies/index.js';
import { runJob } from './run-job.js';
import { table } from './table.js';

/** Options of `study sweep` that a search does not have. */
const NOT_HERE = ['plan', 'dryRun', 'executor', 'markdown', 'rows', 'keepProbes'] as const;

/** Searches and prints. Throws `UserError` for options that do not go together. */
export async function halve(
  values: Record<string, unknown>,
  options: StudyOptions,
  { out, jobs }: { out: string; jobs?: number },
): Promise<void> {
  for (const key of NOT_HERE)
    if (values[key] !== undefined && values[key] !== 'local')
      throw new UserError(`--${kebab(key)}: it does not go with --halving`);
  const { attacks, data, sweep } = options;
  if (attacks.length !== 1 || data.length !== 1)
    throw new UserError('--halving: one attack (--attacks) and one data set (--data) are searched at a time');
  if (sweep!.vary.some((v) => v.key === 'epochs' || v.key === 'seed'))
    throw new UserError('--vary epochs: with --halving, --epochs says how long the longest runs are');
  const text = values.leastPsnr as string | undefined;
  const leastPsnr = text === undefined ? undefined : Number(text);
  if (leastPsnr !== undefined && !(leastPsnr > 0 && leastPsnr < 100))
    throw new UserError(`--least-psnr ${text}: decibels above 0 and below 100 are allowed`);
  const { epochs } = resolveConfig({ ...options.base, ...data[0].request });
  const job = { options, epochs, leastPsnr, out, jobs };
  const found = await runJob(adaptiveJobs('searchJob'), job, toResume(out, ''));
  process.stdout.write(`${values.json ? JSON.stringify(found) : words(found, out)}\n`);
}

function words({ rungs, best, budget }: SearchDocument, out: string): string {
  const number = (v: number | null, digits: number) => (v === null ? '–' : v.toFixed(digits));
  const tables = rungs.map(({ epochs, candidates }) =>
    [
      `${epochs} epochs`,
      table(
        ['candidate', ...Object.keys(best.values), 'ASR', 'clean accuracy', 'S', 'p', 'PSNR, dB', ''],
        candidates.map((c) => [
          String(c.candidate),
          ...Object.values(c.values).map((v) => v ?? '–'),
          number(c.asr, 3),
          c.accuracy.toFixed(3),
          number(c.score, 3),
          number(c.p, 3),
          number(c.psnr, 1),
          c.kept ? 'kept' : '',
        ]),
      ),
    ].join('\n'),
  );
  return [
    ...tables,
    `best: candidate ${best.candidate}; ${budget.runs} runs, ${budget.epochs} epochs of training in all\n${best.command}\nrows: ${out}/search.json`,
  ].join('\n\n');
}
