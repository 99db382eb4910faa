/** `ibscope adapt`: an adversary that optimises a trigger against the stealth score. */
import type { Command } from 'commander';
import { adaptiveJobs } from '../adaptive/job-of.js';
import type { AdaptOutcome } from '../adaptive/jobs.js';
import { type AdaptSettings, BOUNDS, EARLY, formNames } from '../adaptive/types.js';
import { UserError, unknownWord } from '../base/errors.js';
import { toResume } from '../base/progress.js';
import { shellWord } from '../base/shell.js';
import { requestOf } from '../config/flags.js';
import type { RunConfig } from '../config/options.js';
import { resolveConfig } from '../config/resolve.js';
import { addRunOptions, examples, HEADINGS, JSON_FLAG, wholeNumber } from './options.js';
import { runJob } from './run-job.js';
import { table } from './table.js';

/** Options of a run that an adversary does not choose, that say how a run is reported, or whose default differs here. */
const NOT_HERE = [
  'manifest',
  'attack',
  'attackOption',
  'rule',
  'source',
  'conceal',
  'layer',
  'checkpoints',
  'nullSplits',
  'minimumGroup',
  'control',
  'instrument',
  'critic',
  'view',
  'window',
  'score',
  'device',
] as const satisfies readonly (keyof RunConfig)[];

/** Moments of a surrogate without --checkpoints: every one costs a gradient pass a step. */
const MOMENTS = [0.5, 1, 2, 4, 8, 16];

export function addAdapt(program: Command) {
  const command = program
    .command('adapt')
    .description('optimise a trigger that succeeds on surrogates and flows like clean samples');
  addRunOptions(command, NOT_HERE)
    .optionsGroup(HEADINGS.attack)
    .option('--form <name>', `what the trigger is made of: ${formNames.join(', ')} (default additive)`)
    .option(
      '--epsilon <x>',
      'its bound. additive: largest change of a pixel of [0, 1] (default 0.06); mask: largest opacity (0.1); warp: largest offset in pixels (1)',
    )
    .option(
      '--lambda <x>',
      'weight of the deviation D of resolved information against the loss of triggered images (default 1)',
    )
    .option(
      '--late <x>',
      'weight of a term by which the trigger is not learned in the first third of the training (slow poisoning; default 0)',
    )
    .option('--cover <share>', 'share of the triggered samples that keep their label (default 0)')
    .optionsGroup(HEADINGS.training)
    .option(
      '--rounds <n>',
      'times that new surrogates are trained on the pattern and it is optimised on them (default 3)',
    )
    .option('--steps <n>', 'gradient steps of a round (default 60)')
    .option('--surrogates <n>', 'surrogates of a round, each with its own seed (default 2)')
    .optionsGroup(HEADINGS.measurement)
    .option(
      '--checkpoints <moments>',
      `moments of a surrogate at which D is measured: epochs such as 0.5,1,5 or steps such as 20s (default ${MOMENTS.join(', ')} as far as there are epochs, and the last one)`,
    )
    .optionsGroup(HEADINGS.output)
    .option(
      '--out <file.npz>',
      'path of the trigger file; the folder of that name beside it holds the page and the state',
    )
    .option('--resume', 'resume the stopped adaptation of --out; a finished one is printed again')
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `
The adversary sees the data and trains surrogates; it does not see the seed of the victim. docs/adaptive.md has the objective.
${examples([
  'npx ibscope adapt --model resnet10 --width 2 --epochs 1 --train-limit 500 --rounds 1 --steps 4 --surrogates 1 --out runs/trigger.npz',
  'npx ibscope poison --attack learned --attack-option trigger=runs/trigger.npz --preview runs/trigger.png',
])}`,
    )
    .action(async (values: Values) => {
      const { config, settings } = asked(values);
      const { out } = values;
      if (out === undefined) throw new UserError('--out: name the trigger file, such as trigger.npz');
      if (!/[^/\\]\.npz$/.test(out)) throw new UserError(`--out ${out}: a name that ends in .npz is expected`);
      const job = { config, settings, out, resume: values.resume === true, threads: 0 };
      const outcome = await runJob(adaptiveJobs('adaptJob'), job, toResume(out));
      process.stdout.write(`${values.json ? JSON.stringify(outcome.document) : words(outcome)}\n`);
    });
}

type Values = Record<string, unknown> & { out?: string; resume?: boolean; json?: boolean } & {
  [K in 'form' | 'epsilon' | 'lambda' | 'late' | 'cover' | 'rounds' | 'steps' | 'surrogates']?: string;
};

/** Configuration and settings from the options. Throws `UserError`. */
function asked(values: Values): { config: RunConfig; settings: AdaptSettings } {
  const real = (flag: string, text: string | undefined, fallback: number, low: number, high: number) => {
    const x = text === undefined ? fallback : Number(text);
    if (text?.trim() === '' || !(x >= low && x <= high))
      throw new UserError(`--${flag} ${text}: a number from ${low} to ${high} is allowed`);
    return x;
  };
  const whole = (flag: 'rounds' | 'steps' | 'surrogates', fallback: number, least: number) =>
    wholeNumber(`--${flag}`, values[flag] ?? String(fallback), least);
  const form = formNames.find((name) => name === (values.form ?? 'additive'));
  if (!form) throw unknownWord('form', values.form!, formNames);
  const { epsilon, least, most } = BOUNDS[form];
  const settings: AdaptSettings = {
    form,
    epsilon: real('epsilon', values.epsilon, epsilon, least, most),
    lambda: real('lambda', values.lambda, 1, 0, 1000),
    late: real('late', values.late, 0, 0, 1000),
    rounds: whole('rounds', 3, 0),
    steps: whole('steps', 60, 1),
    surrogates: whole('surrogates', 2, 1),
  };
  const cover = real('cover', values.cover, 0, 0, 0.9);
  const request = requestOf(values);
  const { epochs } = resolveConfig(request);
  const config = resolveConfig({
    ...request,
    attack: 'learned',
    attackOption: [`cover=${cover}`],
    instrument: ['resolved'],
    checkpoints: request.checkpoints ?? MOMENTS.filter((m) => m < epochs),
  });
  const isEarly = (moment: number | string) => typeof moment === 'string' || moment <= EARLY * epochs;
  if (settings.late > 0 && !config.checkpoints!.some(isEarly))
    throw new UserError('--late: --checkpoints needs a moment in the first third of the training');
  return { config, settings };
}

function words({ document, trigger, report }: AdaptOutcome): string {
  const { rounds, chosen, visibility, budget, settings } = document;
  const rows = rounds.map((r) => [
    String(r.round),
    r.asr.toFixed(3),
    r.accuracy.toFixed(3),
    r.deviation.toFixed(3),
    r.round === chosen.round ? 'chosen' : '',
  ]);
  const db = visibility.psnr === null ? '–' : visibility.psnr.toFixed(1);
  return [
    table(['round', 'ASR', 'clean accuracy', 'D', ''], rows),
    `ASR, accuracy and D are those of ${settings.surrogates} surrogates that were trained on the pattern of the round; chosen: ${chosen.why}`,
    `${BOUNDS[settings.form].what} ${rounds[chosen.round].largest.toFixed(4)}, PSNR ${db} dB; ${budget.gradientSteps} gradient steps, ${budget.surrogates} surrogates, ${Math.round(budget.seconds)} s`,
    '',
    `trigger: ${trigger}`,
    `report: ${report}`,
    `a victim: npx ibscope run --attack learned --attack-option ${shellWord(`trigger=${trigger}`)} --seed 7`,
  ].join('\n');
}
