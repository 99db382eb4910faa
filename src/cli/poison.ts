/** `ibscope poison`: writes the poisoned training set to files, and a contact sheet of triggered samples. */

import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { type Command, Option } from 'commander';
import { attacks, type ExportFormat, exportFormats } from '../attacks/index.js';
import { type TextFormat, textFormats } from '../attacks/texts/export.js';
import { textAttacks } from '../attacks/texts/index.js';
import { UserError, unknownWord } from '../base/errors.js';
import { toResume } from '../base/progress.js';
import { requestOf } from '../config/flags.js';
import { type RunConfig, runOptions } from '../config/options.js';
import { resolveConfig } from '../config/resolve.js';
import { isTextDataset } from '../datasets/texts/index.js';
import type { PoisonSummary } from '../poisoning/export.js';
import { poisoningJobs } from '../poisoning/job-of.js';
import { addRunOptions, examples, JSON_FLAG } from './options.js';
import { runJob } from './run-job.js';

/** The options of a run that determine the poisoned set. `poison` and `perceive` have no others. */
const POISONING = [
  'dataset',
  'dataDir',
  'textColumn',
  'labelColumn',
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

/** What of the command differs between images and texts. */
const KINDS = {
  images: { attacks, formats: exportFormats, preview: '.png', ending: { npz: ['.npz'] } },
  texts: {
    attacks: textAttacks,
    formats: textFormats,
    preview: '.html',
    ending: { csv: ['.csv', ''], jsonl: ['.jsonl', ''] },
  },
};

export function addPoison(program: Command) {
  const command = program
    .command('poison')
    .description('write the poisoned training set on which `run` trains')
    .addHelpText(
      'after',
      examples([
        'npx ibscope poison --attack badnets --train-limit 1000 --out poisoned.npz',
        'npx ibscope poison --attack all --preview attacks.png',
        'npx ibscope poison --dataset phrases10 --attack add-sentence --out texts.csv',
      ]),
    );
  addRunOptions(command, withoutTraining('testLimit'))
    .option('--out <path>', 'path of the file or folder to write, which must not exist (default: only the preview)')
    .addOption(
      new Option(
        '--format <name>',
        `format: one of ${exportFormats.join(', ')}; of texts ${textFormats.join(', ')} (default npz, of texts csv)`,
      ),
    )
    .option(
      '--preview <file>',
      'path of a contact sheet of triggered images (.png), or of a page of triggered texts (.html), with --attack all of every attack (default none)',
    )
    .option(...JSON_FLAG)
    .action(async (values) => {
      const { out, preview } = values as { out?: string; preview?: string };
      const texts = typeof values.dataset === 'string' && isTextDataset(values.dataset);
      const kind = KINDS[texts ? 'texts' : 'images'];
      const format: string = values.format ?? kind.formats[0];
      if (!kind.formats.some((name) => name === format)) throw unknownWord('format', format, kind.formats);
      if (out === undefined && preview === undefined) throw new UserError('--out or --preview is needed');
      const endings = (kind.ending as Record<string, string[]>)[format];
      if (out !== undefined && endings && !endings.includes(extname(out)))
        throw new UserError(
          `--out ${out}: a name that ends in ${endings[0]} is expected${endings.length > 1 ? ', or one without an ending for a folder' : ''}`,
        );
      if (preview !== undefined && !preview.endsWith(kind.preview))
        throw new UserError(`--preview ${preview}: a name that ends in ${kind.preview} is expected`);
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
      const all = kind.attacks.filter(({ name }) => !NOT_ALL.includes(name) && !(texts && name === 'relabel'));
      const names = every ? all.map(({ name }) => name) : [request.attack];
      const configs = names.map((attack) => resolveConfig({ ...request, attack }));
      const asked = { configs, out, preview };
      const summary = await (texts
        ? runJob(poisoningJobs('poisonTextsJob'), { ...asked, format: format as TextFormat }, toResume())
        : runJob(poisoningJobs('poisonJob'), { ...asked, format: format as ExportFormat }, toResume()));
      process.stdout.write(values.json ? `${JSON.stringify(summary)}\n` : describe(summary, every));
    });
}

/** What the columns of a contact sheet show. */
const SHEET = 'contact sheet; columns: clean, triggered, their difference × 10 (grey: none), and its spectrum';

function describe({ file, preview, images, texts, poisoned, cover, target }: PoisonSummary, every: boolean): string {
  const samples = texts === undefined ? `${images} images` : `${texts} texts`;
  const what = every
    ? ''
    : `${file === null ? '' : `${file}: `}${samples}, ${poisoned} poisoned${target === null ? '' : ` as ${target}`}, ${cover} cover${file === null ? '; only the preview is written (no --out)' : ''}\n`;
  return preview === null
    ? what
    : `${what}${preview}: ${texts === undefined ? SHEET : 'triggered texts, with what changed'}\n`;
}
