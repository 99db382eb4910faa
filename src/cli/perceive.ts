/** `ibscope perceive`: stealth of an attack in input space (PSNR, SSIM, LPIPS and others). */
import { type Command, Option } from 'commander';
import { unknownWord } from '../base/errors.js';
import { requestOf } from '../config/flags.js';
import { resolveConfig } from '../config/resolve.js';
import { isTextDataset } from '../datasets/texts/index.js';
import { measures } from '../perception/index.js';
import { textMeasures } from '../perception/texts.js';
import { poisoningJobs } from '../poisoning/job-of.js';
import type { PerceiveRequest } from '../poisoning/perceive.js';
import { addRunOptions, examples, HEADINGS, JSON_FLAG } from './options.js';
import { withoutTraining } from './poison.js';
import { runJob } from './run-job.js';

const SPLITS = ['test', 'train'] as const;

export function addPerceive(program: Command) {
  const command = program
    .command('perceive')
    .description('measure how visible the trigger of an attack is, as means over samples')
    .addHelpText(
      'after',
      examples([
        'npx ibscope perceive --attack wanet --test-limit 500',
        'npx ibscope perceive --dataset phrases10 --attack add-sentence',
      ]),
    );
  addRunOptions(command, withoutTraining('testLimit'))
    .optionsGroup(HEADINGS.measurement)
    .addOption(
      new Option(
        '--split <name>',
        'samples to measure: test (test samples under the trigger of test time) or train (the triggered training samples)',
      ).default('test'),
    )
    .option(
      '--lpips <file.onnx>',
      'network for LPIPS, with two inputs [n,3,h,w] in [-1,1] and one value per pair (default: LPIPS is not computed)',
    )
    .optionsGroup(HEADINGS.output)
    .option(...JSON_FLAG)
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
        const about =
          [...measures, ...textMeasures].find((m) => m.name === name)?.summary ?? 'learned perceptual distance';
        const value = n ? `${mean.toPrecision(4)} ± ${s.toPrecision(2)}` : '–';
        return `${name.padEnd(12)}${value.padEnd(22)}${about}`;
      });
      process.stdout.write(
        `${about.attack} on ${about.dataset}, ${about.samples} ${split} ${isTextDataset(request.config.dataset) ? 'texts' : 'images'}, mean ± standard deviation\n${lines.join('\n')}\n`,
      );
    });
}
