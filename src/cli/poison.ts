/** `ibscope poison`: writes the poisoned training set to files, and a contact sheet of triggered samples. */

import { stat } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { attacks, exportFormats } from '../attacks/index.js';
import { UserError, unknownWord } from '../base/errors.js';
import { toResume } from '../base/progress.js';
import { requestOf } from '../config/flags.js';
import { type RunConfig, runOptions } from '../config/options.js';
import { resolveConfig } from '../config/resolve.js';
import type { PoisonRequest, PoisonSummary } from '../poisoning/export.js';
import { poisoningJobs } from '../poisoning/job-of.js';
import { addRunOptions, examples, JSON_FLAG } from './options.js';
import { runJob } from './run-job.js';

/** The options of a run that determine the poisoned set. `poison` and `perceive` have no others. */
const POISONING = [
  'dataset',
  'dataDir',
  'attack',
  'attackOption',
  'poisonRate',
  'target',
  'rule',
  'source',
  'trainLimit',
  'seed',
] as const satisfies readonly (keyof RunConfig)[];

/** All options of a run but those of the poisoned set and `more`. */
export function withoutTraining(...more: (keyof RunConfig)[]): (keyof RunConfig)[] {
  const kept: readonly (keyof RunConfig)[] = [...POISONING, ...more];
  return (Object.keys(runOptions.shape) as (keyof RunConfig)[]).filter((key) => !kept.includes(key));
}

/** Attacks that `--attack all` omits: `patch` and `learned` need a file, `none` changes nothing. */
const NOT_ALL = ['none', 'patch', 'learned'];

export function addPoison(program: Command) {
  const command = program
    .command('poison')
    .description('write the poisoned training set on which `run` trains')
    .addHelpText(
      'after',
      examples([
        'npx ibscope poison --attack badnets --train-limit 1000 --out poisoned.npz',
        'npx ibscope poison --attack all --preview attacks.png',
      ]),
    );
  addRunOptions(command, withoutTraining('testLimit'))
    .option('--out <path>', 'path of the file or folder to write, which must not exist (default: only the preview)')
    .addOption(new Option('--format <name>', `format: one of ${exportFormats.join(', ')}`).default('npz'))
    .option(
      '--preview <file.png>',
      'path of a contact sheet of triggered samples, with --attack all of every attack (default none)',
    )
    .option(...JSON_FLAG)
    .action(async (values) => {
      const { out, preview, format } = values as { out?: string; preview?: string; format: PoisonRequest['format'] };
      if (!exportFormats.includes(format)) throw unknownWord('format', format, exportFormats);
      if (out === undefined && preview === undefined) throw new UserError('--out or --preview is needed');
      if (out !== undefined && format === 'npz' && !out.endsWith('.npz'))
        throw new UserError(`--out ${out}: a name that ends in .npz is expected`);
      if (preview !== undefined && !preview.endsWith('.png'))
        throw new UserError(`--preview ${preview}: a name that ends in .png is expected`);
      for (const [flag, path] of [
        ['--out', out],
        ['--preview', preview],
      ])
        if (path !== undefined && (await stat(path).catch(() => null)))
          throw new UserError(`${flag} ${path}: it exists already`);
      const request = requestOf(values);
      const every = request.attack === 'all';
      if (every && out !== undefined) throw new UserError('--attack all: only --preview draws all attacks at once');
      if (every && request.attackOption) throw new UserError('--attack all: --attack-option needs one attack');
      const names = every ? attacks.map((a) => a.name).filter((n) => !NOT_ALL.includes(n)) : [request.attack];
      const configs = names.map((attack) => resolveConfig({ ...request, attack }));
      const summary = await runJob(
        poisoningJobs('poisonJob'),
        {
          configs,
          out,
          format,
          preview,
        } satisfies PoisonRequest,
        toResume(),
      );
      process.stdout.write(values.json ? `${JSON.stringify(summary)}\n` : describe(summary, every));
    });
}

/** What the columns of a contact sheet show. */
const SHEET = 'contact sheet; columns: clean, triggered, their difference × 10 (grey: none), and its spectrum';

function describe({ file, preview, images, poisoned, cover, target }: PoisonSummary, every: boolean): string {
  const what = every
    ? ''
    : `${file === null ? '' : `${file}: `}${images} images, ${poisoned} poisoned${target === null ? '' : ` as ${target}`}, ${cover} cover${file === null ? '; only the preview is written (no --out)' : ''}\n`;
  return preview === null ? what : `${what}${preview}: ${SHEET}\n`;
}
