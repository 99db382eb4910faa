/**
 * InfoNCE (van den Oord, Li and Vinyals 2018): I(A;B) ≥ E[f(a,b) − log meanⱼ exp f(a,bⱼ)], at most log K for K candidates.
 *
 * `quick`: standardised columns (many are replaced by their principal components), separable critic, cross-fitted; the value
 * is held out. `paper`: the protocol of arXiv 2511.21923; the value is the training objective.
 */
import { UserError } from '../base/errors.js';
import type { Matrix } from './columns.js';
import type { CriticKind } from './critic.js';
import { type NeuralEstimate, QUICK, quickInfoNce, reduceSide } from './crossfit.js';
import type { Side } from './fit.js';
import { PAPER, paperInfoNce } from './paper.js';
import { categories, checkPair, prepare, warnFew } from './samples.js';
import type { Estimate, EstimateOptions, Estimator, Samples } from './types.js';

export interface InfoNceOptions {
  preset?: 'quick' | 'paper';
  /** Critic of the quick preset; default: the better of quadratic and separable. */
  critic?: CriticKind;
  /** Which of the protocol's settings the paper preset takes. */
  quantity?: keyof typeof PAPER;
  threads?: number;
}

/** Fewer samples than this leave a fold with nothing to tell apart. */
const FEWEST = 8;

export function infonce({
  preset = 'quick',
  critic = 'separable',
  quantity = 'I(X;T)',
  threads,
}: InfoNceOptions = {}): Estimator {
  return {
    name: 'infonce',
    summary: 'neural lower bound with a critic, any dimension; at most log of the number of candidates',
    source: 'van den Oord, Li and Vinyals 2018, arXiv 1807.03748',
    async estimate(a, b, options) {
      checkPair('infonce', a, b, options);
      const { firsts, draws } = samplesOf(a.n, options);
      if (firsts.length < FEWEST)
        throw new UserError(`infonce: ${firsts.length} samples; at least ${FEWEST} are needed`);
      const warnings: string[] = [];
      warnFew(firsts.length, warnings);
      const sides = [side(a, 'first', draws, preset, warnings), side(b, 'second', draws, preset, warnings)];
      const group = [Int32Array.from(firsts.keys())];
      const progress = (done: number) => {
        options.signal?.throwIfAborted();
        options.onProgress?.(done, null);
      };
      let found: NeuralEstimate;
      if (preset === 'paper') {
        [found] = await paperInfoNce(sides[0], sides[1], group, PAPER[quantity], options.seed, progress, threads);
        warnings.push(
          'The paper’s value is the training objective: it contains what the critic memorised. The held-out value does not.',
        );
      } else {
        const [x, y] = await Promise.all(sides.map((s) => reduceSide(s, QUICK.components, options.seed)));
        const kinds = critic ? [critic] : QUICK.kinds;
        const settings = { ...QUICK, kinds, batch: critic === 'concat' ? 128 : QUICK.batch };
        [found] = await quickInfoNce(x, y, group, settings, options.seed, progress, threads);
      }
      return toEstimate(found, warnings);
    },
  };
}

/** Rows of each noise draw: `draws[k][s]` is the row of sample s in draw k; every sample needs as many. */
function samplesOf(n: number, { owner }: EstimateOptions): { firsts: number[]; draws: number[][] } {
  const rows = new Map<number, number[]>();
  for (let i = 0; i < n; i++) {
    const o = owner ? owner[i] : i;
    const list = rows.get(o);
    if (list) list.push(i);
    else rows.set(o, [i]);
  }
  const lists = [...rows.values()];
  const count = Math.min(...lists.map((l) => l.length));
  const draws = Array.from({ length: count }, (_, k) => lists.map((l) => l[k]));
  return { firsts: lists.map((l) => l[0]), draws };
}

/** One matrix per draw. Discrete variables become indicator columns; the quick preset scales columns in double precision. */
function side(s: Samples, name: string, draws: number[][], preset: string, warnings: string[]): Side {
  let columns: { data: ArrayLike<number>; n: number; d: number };
  if (s.discrete) {
    const { codes, levels } = categories(s);
    if (levels > 1000)
      throw new UserError(`infonce: the ${name} variable has ${levels} categories; declare it continuous`);
    const data = new Float32Array(s.n * levels);
    codes.forEach((c, i) => {
      data[i * levels + c] = 1;
    });
    columns = { data, n: s.n, d: levels };
  } else columns = preset === 'paper' ? s : prepare(s, name, warnings);
  const { d } = columns.d > 0 ? columns : { d: 1 };
  return draws.map((rows): Matrix => {
    const data = new Float32Array(rows.length * d);
    if (columns.d > 0)
      rows.forEach((r, i) => {
        for (let j = 0; j < d; j++) data[i * d + j] = columns.data[r * d + j];
      });
    return { data, n: rows.length, d };
  });
}

function toEstimate(e: NeuralEstimate, warnings: string[]): Estimate {
  if (e.saturated)
    warnings.push(
      `The value is within 5 % of the ceiling of ${e.ceiling.toFixed(2)} nats: the truth may be higher. More samples raise the ceiling.`,
    );
  if (!e.converged) warnings.push('The critic had not settled when training ended; the value may be too low.');
  const { pointwise: _, steps, ...rest } = e;
  return {
    estimator: 'infonce',
    standardErrorMethod: 'influence of each held-out sample, plus the variance between the critics of two folds',
    ...rest,
    warnings,
    details: { steps },
  };
}
