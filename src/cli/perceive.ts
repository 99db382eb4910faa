/** `ibscope perceive`: how visible an attack is. */
import { type Command, Option } from 'commander';
import { unknownWord } from '../base/errors.js';
import { requestOf } from '../config/flags.js';
import { resolveConfig } from '../config/resolve.js';
import { measures } from '../perception/index.js';
import { poisoningJobs } from '../poisoning/job-of.js';
import type { PerceiveRequest } from '../poisoning/perceive.js';
import { addRunOptions } from './options.js';
import { withoutTraining } from './poison.js';
import { runJob } from './run-job.js';

const SPLITS = ['test', 'train'] as const;

export function addPerceive(program: Command) {
  const command = program
    .command('perceive')
    .description('measure how visible an attack is: means over the images it is judged on')
    .addHelpText('after', '\nExample:\n  ibscope perceive --attack wanet --test-limit 500');
  addRunOptions(command, withoutTraining('testLimit'))
    .addOption(
      new Option(
        '--split <name>',
        'test: the trigger of test time on test images; train: the poisoned training samples',
      ).default('test'),
    )
    .option('--lpips <file.onnx>', 'network for LPIPS: two inputs [n,3,h,w] in [-1,1], one value per pair')
    .option('--json', 'print one JSON document on stdout and nothing else there')
    .action(async (values) => {
      const split = values.split as PerceiveRequest['split'];
      if (!SPLITS.includes(split)) throw unknownWord('split', split, SPLITS);
      const request: PerceiveRequest = { config: resolveConfig(requestOf(values)), split, lpips: values.lpips };
      const { measures: found, ...about } = await runJob(poisoningJobs('perceiveJob'), request);
      const means = Object.fromEntries(Object.entries(found).map(([k, v]) => [k, v.n ? v.mean : null]));
      const standardDeviation = Object.fromEntries(
        Object.entries(found).map(([k, v]) => [k, v.n ? v.standardDeviation : null]),
      );
      if (values.json) {
        process.stdout.write(`${JSON.stringify({ ...about, ...means, standardDeviation })}\n`);
        return;
      }
      const lines = Object.entries(found).map(([name, { mean, standardDeviation: s, n }]) => {
        const about = measures.find((m) => m.name === name)?.summary ?? 'learned perceptual distance';
        const value = n ? `${mean.toPrecision(4)} ± ${s.toPrecision(2)}` : '–';
        return `${name.padEnd(10)}${value.padEnd(22)}${about}`;
      });
      process.stdout.write(
        `${about.attack} on ${about.dataset}, ${about.samples} ${split} images, mean ± standard deviation\n${lines.join('\n')}\n`,
      );
    });
}
