/** Finished runs whose estimates follow given curves, with normal errors of known size. */
import { Rng } from '../../src/base/random.js';
import { runName } from '../../src/config/names.js';
import { resolveConfig } from '../../src/config/resolve.js';
import type { StudyRun } from '../../src/findings/types.js';
import { dynamicsOf } from '../../src/pipeline/dynamics.js';
import { judgedRun } from '../../src/studies/detection/row.js';
import type { MadeRun } from '../../src/studies/types.js';
import { type Curves, table } from '../dynamics/tables.js';
import { example } from '../report/example.js';

const EPOCHS = [1, 2, 3, 4, 6, 8, 10, 12];
const NOISE = 0.03;

/** What an attack does to the curves: [epoch → I(X;T), I(T;Ŷ)] of its poisoned samples. */
export type Flow = (epoch: number) => [number, number];

/** Clean samples rise with a half-life of 3 epochs. */
export const clean: Flow = (e) => [1.5 * (1 - 2 ** (-e / 3)), 3 * (1 - 2 ** (-e / 3))];

/** Poisoned samples that lie this far from clean ones, in nats. */
export const shifted =
  (xt: number, ty: number): Flow =>
  (e) => [clean(e)[0] + xt, clean(e)[1] + ty];

export interface Made {
  attack: string;
  seed: number;
  flow?: Flow;
  asr?: number;
  psnr?: number;
  /** Share of words that the trigger changes: the run reads texts. */
  changed?: number;
  /** The authors' grouping, where it has a flow of its own. */
  authors?: Flow;
  /** Of the clean samples and classes, where it is another than `clean`. */
  others?: Flow;
  /** Checkpoints; the last is the end of the training. */
  epochs?: number[];
  options?: Record<string, unknown>;
}

export function made(m: Made): StudyRun {
  const { attack, seed, asr = 1, psnr = 20, authors, others = clean, epochs = EPOCHS, options = {} } = m;
  const groups: Curves = { '0/backdoor': m.flow ?? others, '0/clean': others, '0/all': others };
  if (authors) groups['0/authors'] = authors;
  for (let k = 1; k <= 9; k++)
    Object.assign(groups, { [k]: others, [`${k}/null-a0`]: others, [`${k}/null-b0`]: others });
  const information = table(epochs, groups, NOISE, new Rng(seed, 'study', attack, JSON.stringify(options)));
  const texts = m.changed === undefined ? {} : { dataset: 'phrases10' };
  const config = resolveConfig({
    ...texts,
    attack,
    seed,
    epochs: epochs[epochs.length - 1],
    checkpoints: epochs,
    ...options,
  });
  const dynamics = dynamicsOf(information, config);
  const result = { attack, accuracy: 0.9, asr: attack === 'none' ? null : asr, groupSize: 200, seconds: 60 };
  return {
    name: runName(config),
    config,
    result: { ...result, stealth: { score: dynamics.stealth.score } } as unknown as StudyRun['result'],
    report: {
      ...example(),
      attack,
      stepsPerEpoch: 50,
      information,
      ...dynamics,
      ...(m.changed === undefined
        ? { perception: { 'PSNR (dB)': psnr, SSIM: psnr / 40 } }
        : { samples: 'texts', perception: { 'words changed': m.changed, 'rise in ln perplexity': 10 * m.changed } }),
    },
    others: [],
    running: [],
  };
}

export const overSeeds = (m: Omit<Made, 'seed'>) => [0, 1, 2].map((seed) => made({ ...m, seed }));

/** A run with what two detectors made of it: AC finds it the more, the lower its score is; STRIP was left out. */
export function judged(run: StudyRun): MadeRun {
  const score = run.report.stealth!.score!;
  const nothing = { n: null, flagged: null, auroc: null, tprAt1: null, tpr: null, fpr: null, targets: null };
  const none = { ...nothing, classScores: null, seconds: null };
  const attacked = run.result.asr !== null;
  const found = {
    n: 100,
    flagged: 5,
    tpr: 1 - score,
    fpr: 0.01,
    seconds: 1,
    ...(attacked ? { auroc: 1 - score / 2, tprAt1: 1 - score } : {}),
  };
  return {
    ...run,
    judged: judgedRun(run, {
      detectors: {
        ...{
          of: 'run',
          classes: ['a', 'b'],
          target: 0,
          samples: 100,
          poisoned: 10,
          trusted: null,
          epsilon: 0.1,
          seed: 0,
        },
        detectors: [
          { ...none, ...found, name: 'AC', threatModel: 'A', judged: 'training set', skipped: null },
          { ...none, name: 'STRIP', threatModel: 'C', judged: 'inputs', skipped: 'no network' },
        ],
      },
      spaces: {
        stamp: '',
        input: attacked ? { psnr: { mean: 20 } } : null,
        feature: { silhouette: score, cdbi: null, dswd: null },
        parameter: { uclc: 2, tac: 1, tup: null },
      },
    }),
  };
}
