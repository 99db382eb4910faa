/**
 * Estimators with a trained critic: what they share. Columns are scaled (many are replaced by their principal components),
 * critics are cross-fitted over two folds of samples, and the value is held out.
 */
import { UserError } from '../base/errors.js';
import type { Matrix } from './columns.js';
import type { CriticKind } from './critic.js';
import { type NeuralEstimate, QUICK, type QuickOptions, quickInfoNce, reduceSide } from './crossfit.js';
import type { Side } from './fit.js';
import type { Objective } from './objective.js';
import { categories, checkPair, prepare, warnFew, withoutHeavyTails } from './samples.js';
import type { Estimate, EstimateOptions, Estimator, Samples } from './types.js';

/** Settings of every estimator with a critic. */
export interface NeuralOptions {
  /** Default: the better, on the other fold, of quadratic and separable. */
  critic?: CriticKind;
  threads?: number;
}

export interface NeuralMethod {
  name: string;
  summary: string;
  source: string;
  /** Absent: InfoNCE. */
  objective?: Objective;
}

/** An estimator of that objective. */
export function neural(method: NeuralMethod, { critic, threads }: NeuralOptions): Estimator {
  const { name, summary, source, objective } = method;
  return {
    name,
    summary,
    source,
    async estimate(a, b, options) {
      const { sides, samples, warnings, constant } = pairedSides(name, a, b, true, options);
      if (constant) return nothing(name, samples, warnings);
      const settings: QuickOptions = {
        ...QUICK,
        average: true,
        objective,
        ...(critic ? { kinds: [critic] } : {}),
        // InfoNCE needs many candidates; the others need not, and the scores of a concatenation cost a network each.
        batch: critic === 'concat' ? 128 : objective ? 256 : QUICK.batch,
      };
      const [x, y] = await Promise.all(sides.map((s) => reduceSide(s, settings.components, options.seed)));
      const group = [Int32Array.from({ length: samples }, (_, i) => i)];
      const [found] = await quickInfoNce(x, y, group, settings, options.seed, reporter(options), threads);
      return toEstimate(name, found, warnings);
    },
  };
}

/** Share of the value by which training pairs may score higher before the value is called loose. */
const MEMORISED = 0.15;

/** Fewer samples than this leave a fold with nothing to tell apart. */
const FEWEST = 8;

interface Paired {
  /** One matrix per noise draw, row = sample. */
  sides: [Side, Side];
  samples: number;
  warnings: string[];
  /** A variable never changes. */
  constant: boolean;
}

/** Checks a pair and brings it into the form critics read; `scaled` columns have mean 0 and variance 1. */
export function pairedSides(name: string, a: Samples, b: Samples, scaled: boolean, options: EstimateOptions): Paired {
  checkPair(name, a, b, options);
  const { firsts, draws } = samplesOf(a.n, options);
  if (firsts.length < FEWEST) throw new UserError(`${name}: ${firsts.length} samples; at least ${FEWEST} are needed`);
  const warnings: string[] = [];
  warnFew(firsts.length, warnings);
  warnRepeats(a, b, firsts, warnings);
  const sides = [side(name, a, 'first', draws, scaled, warnings), side(name, b, 'second', draws, scaled, warnings)] as [
    Side,
    Side,
  ];
  return { sides, samples: firsts.length, warnings, constant: sides.some((s) => s[0].d === 0) };
}

/** Progress for the caller, and the end of the work where the caller asks for it. */
export function reporter(options: EstimateOptions): (done: number) => void {
  return (done) => {
    options.signal?.throwIfAborted();
    options.onProgress?.(done, null);
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

/** Copies of one pair of continuous rows may fall into both folds, which are then not independent. */
function warnRepeats(a: Samples, b: Samples, rows: number[], warnings: string[]): void {
  if (a.discrete || b.discrete) return;
  const sum = ({ data, d }: Samples, row: number) => {
    let s = 0;
    for (let j = 0; j < d; j++) s += data[row * d + j] * (1 + j / d);
    return s;
  };
  const different = new Set(rows.map((r) => `${sum(a, r)} ${sum(b, r)}`)).size;
  if (different < rows.length)
    warnings.push(
      `${rows.length - different} of ${rows.length} samples repeat another one: a critic is then judged on samples it knows, and the value may be too high.`,
    );
}

/** One matrix per draw. Discrete variables become indicator columns. */
function side(name: string, s: Samples, which: string, draws: number[][], scaled: boolean, warnings: string[]): Side {
  let columns: { data: ArrayLike<number>; n: number; d: number };
  if (s.discrete) {
    const { codes, levels } = categories(s);
    if (levels > 1000)
      throw new UserError(`${name}: the ${which} variable has ${levels} categories; declare it continuous`);
    const data = new Float32Array(s.n * levels);
    codes.forEach((c, i) => {
      data[i * levels + c] = 1;
    });
    columns = levels === 1 ? { data: [], n: s.n, d: 0 } : { data, n: s.n, d: levels };
  } else {
    const prepared = prepare(s, which, scaled ? warnings : []);
    columns = scaled ? withoutHeavyTails(prepared, which, warnings) : prepared.d > 0 ? s : prepared;
  }
  const { data, d } = columns;
  return draws.map((rows): Matrix => {
    const out = new Float32Array(rows.length * d);
    rows.forEach((r, i) => {
      for (let j = 0; j < d; j++) out[i * d + j] = data[r * d + j];
    });
    return { data: out, n: rows.length, d };
  });
}

/** The answer where a variable is constant. */
export function nothing(estimator: string, samples: number, warnings: string[]): Estimate {
  return {
    estimator,
    nats: 0,
    standardError: 0,
    standardErrorMethod: 'exact',
    ceiling: null,
    saturated: false,
    converged: true,
    trainNats: null,
    heldOutNats: null,
    samples,
    draws: 1,
    warnings: [...warnings, 'A variable that never changes carries no information: the value is exactly 0.'],
    details: {},
  };
}

export function toEstimate(estimator: string, e: NeuralEstimate, warnings: string[]): Estimate {
  const { pointwise: _, steps, ceiling, ...rest } = e;
  if (![e.nats, e.standardError].every(Number.isFinite))
    throw new UserError(`${estimator}: the critic diverged on these values; standardise the columns first`);
  if (e.saturated)
    warnings.push(
      `The value is within 5 % of the ceiling of ${ceiling.toFixed(2)} nats: the truth may be higher. More samples raise the ceiling.`,
    );
  const memorised = e.trainNats - e.heldOutNats;
  if (memorised > Math.max(0.1, MEMORISED * Math.abs(e.heldOutNats)))
    warnings.push(
      `The critic scores the pairs it learned from ${memorised.toFixed(2)} nats higher than held-out ones: samples are few for this many columns or this kind of dependence, and the truth may be well above the value.`,
    );
  if (!e.converged) warnings.push('The critic had not settled when training ended; the value may be too low.');
  if (ceiling === Number.POSITIVE_INFINITY && e.standardError > Math.max(0.1, 0.2 * Math.abs(e.nats)))
    warnings.push(
      'The standard error is large against the value: the ratios this estimator averages are too rare for this many samples. infonce is steadier.',
    );
  return {
    estimator,
    standardErrorMethod: 'influence of each held-out sample, plus the variance between the critics of two folds',
    ...rest,
    ceiling: Number.isFinite(ceiling) ? ceiling : null,
    warnings,
    details: { steps },
  };
}
