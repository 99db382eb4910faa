/**
 * The critic as the paper trains it (arXiv 2511.21923): an MLP on the concatenation with two hidden layers of 128, negatives drawn with
 * replacement from the batch, AdamW with weight decay 1e-4, gradient norm clipped at 5, the learning rate halved on a plateau of 8
 * epochs, and a random half of the group's batches in every epoch. The value is the mean over the last five epochs of log(K+1) − loss
 * *on the training pairs*, so it contains what the critic has memorised. The held-out value does not.
 */
import { Rng } from '../base/random.js';
import { type CriticCall, halves, mean, type NeuralEstimate, variance } from './crossfit.js';
import { CriticGroup, type FitOptions, type Side } from './fit.js';
import { SATURATION } from './types.js';

/** Settings of the paper's critic: epochs, learning rate, pairs per batch, negatives per pair. */
export interface PaperOptions {
  epochs: number;
  learningRate: number;
  batch: number;
  negatives: number;
}

/** The paper's settings per quantity; `B` is for pairs in which one variable says whether a sample is poisoned. */
export const PAPER = {
  'I(X;T)': { epochs: 350, learningRate: 3e-4, batch: 128, negatives: 512 },
  'I(T;Ŷ)': { epochs: 250, learningRate: 5e-4, batch: 512, negatives: 256 },
  B: { epochs: 50, learningRate: 1e-4, batch: 128, negatives: 512 },
} as const satisfies Record<string, PaperOptions>;

/** The paper's critic and its optimizer. */
export const PAPER_FIT = {
  critic: { kind: 'concat', hidden: 128, embedding: 0 },
  weightDecay: 1e-4,
  clip: 5,
} as const satisfies Partial<FitOptions>;

/** Epochs without improvement before the learning rate is halved, and epochs over which the value is averaged; both the paper's. */
const PLATEAU = 8;
const LAST = 5;

/**
 * The largest value of the objective, E[log(K+1) − log(1+n)]: among K negatives drawn with replacement, n ~ Bin(K, 1/B) repeat the
 * positive. 4.72 nats for B = 128, K = 512.
 */
export function paperCeiling(negatives: number, batch: number): number {
  const p = 1 / batch;
  if (p >= 1) return 0;
  let log = negatives * Math.log(1 - p);
  let expected = 0;
  for (let n = 0; n <= negatives; n++) {
    expected += Math.exp(log) * Math.log(1 + n);
    log += Math.log(((negatives - n) / (n + 1)) * (p / (1 - p)));
  }
  return Math.log(negatives + 1) - expected;
}

/** `negatives` numbers from 0 … batch−1 for each row, drawn with replacement, [rows, negatives]. */
export function drawNegatives(rows: number, batch: number, negatives: number, rng: Rng): Int32Array {
  return Int32Array.from({ length: rows * negatives }, () => ((rng.bits() * batch) / 4294967296) | 0);
}

/**
 * Logarithm of the candidate weights w/Σw, [rows, batch], from the numbers drawn: w counts how often each sample of the batch is a
 * candidate of a row. The positive (column = row modulo batch) counts once more.
 */
export function logWeights(drawn: Int32Array, rows: number, batch: number, negatives: number): Float32Array {
  const out = new Float32Array(rows * batch);
  const logs = Float64Array.from({ length: negatives + 2 }, (_, c) =>
    c === 0 ? -1e9 : Math.log(c) - Math.log(negatives + 1),
  );
  const counts = new Int32Array(batch);
  for (let row = 0; row < rows; row++) {
    counts.fill(0);
    counts[row % batch] = 1;
    for (let k = 0; k < negatives; k++) counts[drawn[row * negatives + k]]++;
    for (let j = 0; j < batch; j++) out[row * batch + j] = logs[counts[j]];
  }
  return out;
}

/** Trains one critic per list of rows; returns the mean objective of each critic in each epoch. */
async function train(
  critics: CriticGroup,
  rows: readonly Int32Array[],
  draws: number,
  o: PaperOptions,
  { seed, progress }: CriticCall,
): Promise<Float64Array[]> {
  const batch = Math.min(o.batch, rows[0].length);
  const perEpoch = Math.max(1, Math.ceil(Math.floor(rows[0].length / batch) / 2));
  const history: Float64Array[] = [];
  let rate = o.learningRate;
  let best: number | null = null;
  let stale = 0;
  for (let epoch = 0; epoch < o.epochs; epoch++) {
    const rng = new Rng(seed, 'paper', epoch);
    const order = rows.map((list) => rng.shuffle(list.slice()));
    const sums = new Float64Array(rows.length);
    for (let step = 0; step < perEpoch; step++) {
      const parts = order.map((list) => list.subarray(step * batch, (step + 1) * batch));
      const drawn = drawNegatives(rows.length * batch, batch, o.negatives, rng);
      const weights = logWeights(drawn, rows.length * batch, batch, o.negatives);
      const objective = await critics.step(parts, rng.int(draws), rate, weights);
      objective.forEach((v, i) => {
        sums[i] += v / perEpoch;
      });
    }
    // `step` reports f − log Σw·e^f / Σw with Σw = K + 1, which is log(K+1) − loss already.
    history.push(sums);
    progress?.((epoch + 1) / o.epochs);
    const level = mean(sums);
    // PyTorch's ReduceLROnPlateau counts an improvement only beyond a relative 1e-4.
    if (best === null || level > best + 1e-4 * Math.abs(best)) {
      best = level;
      stale = 0;
    } else if (++stale > PLATEAU) {
      rate /= 2;
      stale = 0;
    }
  }
  return history;
}

const lastFive = (history: Float64Array[], critic: number) => mean(history.slice(-LAST).map((h) => h[critic]));

/**
 * The paper's estimate for several groups of one size. One critic per group is trained on all samples and gives the value. Two more are
 * trained on one half each and evaluated on the other half: they give the held-out value and the standard error.
 */
export async function paperInfoNce(
  [a, b]: readonly [Side, Side],
  groups: readonly Int32Array[],
  o: PaperOptions,
  { seed, progress, threads }: CriticCall,
): Promise<NeuralEstimate[]> {
  const fitting: FitOptions = { ...PAPER_FIT, learningRate: o.learningRate, batch: o.batch, seed, threads };
  const draws = Math.max(a.length, b.length);
  const whole = new CriticGroup(a, b, groups.length, fitting);
  const history = await train(whole, groups, draws, o, { seed, progress: (done) => progress?.(done / 2) });
  await whole.release();

  const folds = groups.flatMap((rows, i) => halves(rows, new Rng(seed, 'folds', i)));
  const split = new CriticGroup(a, b, folds.length, fitting);
  const parts = await train(
    split,
    folds.map((f) => f.train),
    draws,
    o,
    { seed, progress: (done) => progress?.(0.5 + done / 2) },
  );
  const judged = await split.judge(folds.map((f) => f.heldOut));
  await split.release();

  const size = Math.min(o.batch, groups[0].length);
  const ceiling = paperCeiling(o.negatives, size);
  return groups.map((rows, i) => {
    const pair = [judged[2 * i], judged[2 * i + 1]];
    const influence = pair.flatMap((p) => [...p.influence]);
    const fits = [lastFive(parts, 2 * i), lastFive(parts, 2 * i + 1)];
    const nats = lastFive(history, i);
    const before = mean(history.slice(-4 * LAST, -LAST).map((h) => h[i]));
    return {
      nats,
      standardError: Math.sqrt(variance(influence) / influence.length + variance(fits) / fits.length),
      ceiling,
      saturated: nats >= SATURATION * ceiling,
      // The last five epochs differ from the fifteen before by less than 2 %.
      converged: Math.abs(nats - before) < 0.02 * Math.max(0.1, Math.abs(nats)),
      trainNats: nats,
      heldOutNats: mean(pair.map((p) => mean(p.terms))),
      samples: rows.length,
      draws,
      steps: o.epochs,
      pointwise: new Float64Array(rows.length).fill(Number.NaN),
    };
  });
}
