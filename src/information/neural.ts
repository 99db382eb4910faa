/**
 * The common part of all estimators with a trained critic. Columns are scaled, and replaced by principal components if there are many.
 * Critics are cross-fitted over two folds of samples, and the value is that on held-out samples.
 */
import { UserError } from '../base/errors.js';
import type { Matrix } from './columns.js';
import type { CriticKind } from './critic.js';
import { type NeuralEstimate, QUICK, type QuickOptions, quickInfoNce, reduceSide } from './crossfit.js';
import type { Side } from './fit.js';
import type { Objective } from './objective.js';
import { CONSTANT, categories, checkPair, prepare, warnFew, withoutHeavyTails } from './samples.js';
import type { Estimate, EstimateOptions, Estimator, Samples } from './types.js';

/** Settings of every estimator with a critic. */
export interface NeuralOptions {
  /** Kind of critic; default the better of quadratic and separable on held-out samples. */
  critic?: CriticKind;
  /** Threads of the engine; default: all cores. */
  threads?: number;
}

/** What distinguishes one neural estimator from another. */
export interface NeuralMethod {
  name: string;
  summary: string;
  source: string;
  /** Default InfoNCE. */
  objective?: Objective;
}

/** The estimator that maximises the method's objective. */
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
        // InfoNCE needs many candidates, the other objectives do not. A concatenation critic runs a network for every pair.
        batch: critic === 'concat' ? 128 : objective ? 256 : QUICK.batch,
      };
      const [x, y] = await Promise.all(sides.map((s) => reduceSide(s, settings.components, options.seed)));
      const group = [Int32Array.from({ length: samples }, (_, i) => i)];
      const call = { seed: options.seed, progress: reporter(options), threads };
      const [found] = await quickInfoNce([x, y], group, settings, call);
      return toEstimate(name, found, warnings);
    },
  };
}

/** Excess of the training value over the held-out value, as a share of the latter, from which a warning says that the bound is loose. */
const MEMORISED = 0.15;

/** Fewest samples: each fold then has four, so that a row has three candidates besides its own. */
const FEWEST = 8;

/** Most categories of a discrete variable; each becomes an indicator column. */
const MOST_CATEGORIES = 1000;

interface Paired {
  /** One matrix per noise draw, row = sample. */
  sides: [Side, Side];
  samples: number;
  warnings: string[];
  /** Whether one of the variables is constant. */
  constant: boolean;
}

/** Checks a pair and brings it into the form that critics read. If `scaled`, columns get mean 0 and variance 1. */
export function pairedSides(name: string, a: Samples, b: Samples, scaled: boolean, options: EstimateOptions): Paired {
  checkPair(name, a, b, options);
  const { firsts, draws } = samplesOf(a.n, options);
  if (firsts.length < FEWEST) throw new UserError(`${name}: ${firsts.length} samples; at least ${FEWEST} are needed`);
  const warnings: string[] = [];
  warnFew(firsts.length, warnings);
  warnRepeats(a, b, firsts, warnings);
  const [x, y] = [
    { s: a, which: 'first' },
    { s: b, which: 'second' },
  ].map(({ s, which }) => side({ estimator: name, which }, s, draws, scaled, warnings));
  const sides: [Side, Side] = [x, y];
  return { sides, samples: firsts.length, warnings, constant: sides.some((s) => s[0].d === 0) };
}

/** Reports progress to the caller, and throws the signal's reason once it is aborted. */
export function reporter(options: EstimateOptions): (done: number) => void {
  return (done) => {
    options.signal?.throwIfAborted();
    options.onProgress?.(done, null);
  };
}

/** Rows of each noise draw: `draws[k][s]` is the row of sample s in draw k. Draws that not every sample has are ignored. */
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

/** Warns of repeated pairs of continuous rows: copies may fall into both folds, which are then not independent. */
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
      `${rows.length - different} of ${rows.length} samples repeat another one: the critic is then evaluated on samples from its training, and the value may be too high.`,
    );
}

/** The variable as one matrix per noise draw. A discrete variable becomes indicator columns. */
function side(
  { estimator, which }: { estimator: string; which: string },
  s: Samples,
  draws: number[][],
  scaled: boolean,
  warnings: string[],
): Side {
  let columns: { data: ArrayLike<number>; n: number; d: number };
  if (s.discrete) {
    const { codes, levels } = categories(s);
    if (levels > MOST_CATEGORIES)
      throw new UserError(`${estimator}: the ${which} variable has ${levels} categories; declare it continuous`);
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

/** The estimate if a variable is constant: exactly 0. */
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
    warnings: [...warnings, CONSTANT],
    details: {},
  };
}

/** The critics' result as an estimate, with its warnings. Throws `UserError` if the critic diverged. */
export function toEstimate(estimator: string, e: NeuralEstimate, warnings: string[]): Estimate {
  const { pointwise: _, steps, ceiling, ...rest } = e;
  if (![e.nats, e.standardError].every(Number.isFinite))
    throw new UserError(`${estimator}: the critic diverged on these values; standardise the columns first`);
  if (e.saturated)
    warnings.push(
      `The value is within 5 % of the ceiling of ${ceiling.toFixed(2)} nats: the true value may be higher. More samples raise the ceiling.`,
    );
  const memorised = e.trainNats - e.heldOutNats;
  if (memorised > Math.max(0.1, MEMORISED * Math.abs(e.heldOutNats)))
    warnings.push(
      `The critic's value on its training pairs is ${memorised.toFixed(2)} nats above that on held-out pairs: there are few samples for so many columns or for this kind of dependence, and the true value may be well above the estimate.`,
    );
  if (!e.converged) warnings.push('The critic had not converged when training ended; the value may be too low.');
  if (ceiling === Number.POSITIVE_INFINITY && e.standardError > Math.max(0.1, 0.2 * Math.abs(e.nats)))
    warnings.push(
      'The standard error is large compared with the value: the large ratios that this estimator averages are too rare in so few samples. infonce has a smaller variance.',
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
