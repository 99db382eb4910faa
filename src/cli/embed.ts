/** `ibscope embed`: draws T of a run in two dimensions. */
import { type Command, Option } from 'commander';
import { UserError } from '../base/errors.js';
import { pipelineJobs } from '../pipeline/job-of.js';
import type { EmbedJob } from '../pipeline/jobs.js';
import { type EmbeddingMethod, embeddingMethods } from '../representation/index.js';
import { runJob } from './run-job.js';

export function addEmbed(program: Command) {
  program
    .command('embed')
    .description('draw T of a run in two dimensions at every checkpoint, and its report again')
    .argument('<dir>', 'folder of a run')
    .addOption(
      new Option('--method <name>', `${embeddingMethods.join(' or ')} (default tsne; a run makes umap itself)`),
    )
    .option('--seed <n>', 'seed of the picture', '0')
    .option('--json', 'print one JSON document on stdout and nothing else there')
    .addHelpText('after', '\nExample:\n  ibscope embed runs/start/blend --method tsne')
    .action(async (path: string, values) => {
      const method = (values.method ?? 'tsne') as EmbeddingMethod;
      if (!embeddingMethods.includes(method))
        throw new UserError(`--method ${method}: one of ${embeddingMethods.join(', ')} is allowed`);
      const seed = Number(values.seed);
      if (!Number.isInteger(seed) || seed < 0)
        throw new UserError(`--seed ${values.seed}: a whole number from 0 is allowed`);
      const job: EmbedJob = { path, method, seed };
      const { report } = await runJob(pipelineJobs('embedJob'), job);
      process.stdout.write(values.json ? `${JSON.stringify({ report })}\n` : `${report}\n`);
    });
}
