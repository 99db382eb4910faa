/** `ibscope embed`: a two-dimensional embedding of T at every checkpoint of a run. */
import { type Command, Option } from 'commander';
import { UserError } from '../base/errors.js';
import { pipelineJobs } from '../pipeline/job-of.js';
import type { EmbedJob } from '../pipeline/jobs.js';
import { type EmbeddingMethod, embeddingMethods } from '../representation/index.js';
import { examples, JSON_FLAG, wholeNumber } from './options.js';
import { runJob } from './run-job.js';

export function addEmbed(program: Command) {
  program
    .command('embed')
    .description('embed T of a run in two dimensions at every checkpoint, and write its report anew')
    .argument('<dir>', 'folder of a run')
    .addOption(
      new Option('--method <name>', `method: ${embeddingMethods.join(' or ')} (default tsne; every run computes umap)`),
    )
    .option('--seed <n>', 'seed of the embedding', '0')
    .option(...JSON_FLAG)
    .addHelpText('after', examples(['npx ibscope embed runs/blend --method tsne'], 'run'))
    .action(async (path: string, values) => {
      const method = (values.method ?? 'tsne') as EmbeddingMethod;
      if (!embeddingMethods.includes(method))
        throw new UserError(`--method ${method}: one of ${embeddingMethods.join(', ')} is allowed`);
      const job: EmbedJob = { path, method, seed: wholeNumber('--seed', values.seed, 0) };
      const { report } = await runJob(pipelineJobs('embedJob'), job);
      process.stdout.write(values.json ? `${JSON.stringify({ report })}\n` : `${report}\n`);
    });
}
