/** `ibscope train`: trains a network on an untrusted image set, with a defence that acts during training. */
import type { Command } from 'commander';
import { counted } from '../audit/words.js';
import { UserError, unknownWord } from '../base/errors.js';
import { defenceJobs } from '../defence/job-of.js';
import type { TrainJob } from '../defence/jobs.js';
import { REASONS } from '../defence/methods/types.js';
import { DEFENCES, type DefenceName, defences, TUNE_RATE } from '../defence/names.js';
import type { TrainDocument } from '../defence/types.js';
import { defaultOut, examples, HEADINGS, JSON_FLAG, wholeNumber } from './options.js';
import { runJob } from './run-job.js';
import { table } from './table.js';
import { besideTrain, checkThere } from './untrusted-set.js';

export function addTrain(program: Command) {
  program
    .command('train')
    .description('train a network on an untrusted image set; --defend sets poisoned samples aside')
    .argument(
      '<set>',
      'data set as `ibscope audit` takes it: class folders (or train/ with them), .npz, Parquet, a release of CIFAR',
    )
    .optionsGroup(HEADINGS.data)
    .option('--test <set>', 'clean test images (default test/ beside train/)')
    .option(
      '--triggered <set>',
      'triggered test images with the label the attacker wants (default test-triggered/ beside train/)',
    )
    .optionsGroup(HEADINGS.model)
    .option('--width <n>', 'width of the network, a ResNet-10 (default 8)')
    .optionsGroup(HEADINGS.training)
    .option(
      '--defend',
      'watch the training, set samples aside and undo what was learned of them: --defence watch (default: plain training)',
    )
    .option('--defence <name>', `another defence, or none: ${defences.join(', ')}`)
    .option('--trusted <set>', 'samples that are known to be clean, for fine-pruning')
    .option('--tune-rate <n>', `learning rate of the training after fine-pruning (default ${TUNE_RATE})`)
    .option('--epochs <n>', 'epochs of training (default 10, more for fewer than 3000 images)')
    .option('--seed <n>', 'seed of everything random (default 0)')
    .optionsGroup(HEADINGS.output)
    .option('--out <dir>', 'folder for the network and the report (default runs/train-…)')
    .option('--resume', 'resume the stopped training in --out; a finished one is printed again')
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `\n${table(
        ['defence', 'what it does'],
        Object.entries(DEFENCES).map((row) => [...row]),
        [0, 1],
      )}\n${examples([
        'npx ibscope poison --attack badnets --train-limit 600 --test-limit 100 --format folder --out poisoned',
        'npx ibscope train poisoned --defend --width 4 --epochs 3 --out runs/defended',
      ])}`,
    )
    .action(async (path: string, values: TrainOptions) => {
      const document = await runJob(defenceJobs('trainJob'), await trainJobOf(path, values));
      process.stdout.write(`${values.json ? JSON.stringify(document) : words(document)}\n`);
    });
}

type TrainOptions = { defend?: boolean; resume?: boolean; json?: boolean } & {
  [K in 'test' | 'triggered' | 'defence' | 'trusted' | 'tuneRate' | 'width' | 'epochs' | 'seed' | 'out']?: string;
};

/** The defence that `--defend` and `--defence` name. Throws `UserError`. */
function defenceOf({ defend, defence }: TrainOptions): DefenceName {
  if (defence === undefined) return defend ? 'watch' : 'none';
  const found = defences.find((name) => name === defence);
  if (!found) throw unknownWord('defence', defence, defences);
  if (defend && found !== 'watch')
    throw new UserError(`--defend is --defence watch; leave it out with --defence ${defence}`);
  return found;
}

/** The learning rate of `--tune-rate`; undefined without. Throws `UserError`. */
function tuneRateOf({ tuneRate, defence }: TrainOptions): number | undefined {
  if (tuneRate === undefined) return undefined;
  if (defence !== 'fine-pruning') throw new UserError('--tune-rate is an option of --defence fine-pruning');
  const rate = Number(tuneRate);
  if (!(rate > 0 && rate <= 1)) throw new UserError(`--tune-rate ${tuneRate}: a number above 0, at most 1, is allowed`);
  return rate;
}

/** The job that the options describe. Throws `UserError`. */
async function trainJobOf(path: string, values: TrainOptions): Promise<TrainJob> {
  if (values.resume && values.out === undefined)
    throw new UserError('--resume: name the training to resume with --out DIR');
  const job = {
    path,
    out: values.out ?? defaultOut('train'),
    defence: defenceOf(values),
    trusted: values.trusted,
    tuneRate: tuneRateOf(values),
    width: wholeNumber('--width', values.width ?? '8', 1),
    epochs: values.epochs === undefined ? undefined : wholeNumber('--epochs', values.epochs, 1),
    seed: wholeNumber('--seed', values.seed ?? '0', 0),
    resume: values.resume === true,
    test: values.test ?? (await besideTrain(path, 'test')),
    triggered: values.triggered ?? (await besideTrain(path, 'test-triggered')),
    threads: 0,
  };
  await checkThere(path);
  return job;
}

function words(d: TrainDocument): string {
  const share = (v: number | null) => (v === null ? '–' : v.toFixed(3));
  const aside = d.setAside.map(
    (s) => `"${s.label}": ${counted(s.samples, 'sample')} set aside, by its ${s.by}: ${REASONS[s.why]}`,
  );
  return [
    `clean accuracy ${share(d.accuracy)}, ASR ${share(d.asr)}; ${Number(d.epochs.toFixed(1))} epochs of training, ${Math.round(d.seconds)} s`,
    ...(d.defence !== 'none' ? [...aside, d.answer] : []),
    `network: ${d.model}`,
    `report: ${d.report}`,
  ].join('\n');
}
