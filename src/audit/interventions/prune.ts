/**
 * Fine-pruning: the channels of T that carry the trigger are disconnected from the classifier, and the network is trained on without
 * the named samples.
 *
 * After Liu, Dolan-Gavitt and Garg, "Fine-Pruning: Defending Against Backdooring Attacks on Deep Neural Networks", RAID 2018 (arXiv
 * 1805.12185). The paper prunes channels that clean images leave dormant; here they are those that the named samples excite more than
 * others of their class do.
 */
import { without } from '../../datasets/select.js';
import type { Weights } from '../../models/index.js';
import type { Trainer } from '../../training/trainer.js';
import { train, untrained } from '../watch.js';
import type { Case, Outcome } from './types.js';

/** Accuracy on the other samples that pruning may cost. */
const MOST_LOST = 0.02;
/** Share of the training that is repeated after pruning, at its last and smallest learning rates. */
const TUNED = 1 / 6;

/** Prunes while accuracy on the other samples drops by at most `MOST_LOST`, then repeats a sixth of the training. */
export async function prune({ labelled, watched, found, settings, step }: Case): Promise<Outcome> {
  if (found.suspicious.length === 0) return { note: 'no sample was named', trainer: null };
  const { set, classes } = labelled;
  const { features } = watched.checkpoints[watched.checkpoints.length - 1];
  const weights = watched.trainer.weights();
  const channels = carried(weights, features, set.labels, new Set(found.suspicious));
  const tuned = Math.min(settings.epochs, Math.ceil(TUNED * settings.epochs));
  const rest = without(set, found.suspicious);
  const trainer = untrained(rest, classes.length, settings);
  trainer.load(weights);
  trainer.position = { ...structuredClone(trainer.position), epoch: settings.epochs - tuned };
  await trainWithout(trainer, channels, features.d, step('after cutting channels', rest.n * settings.epochs));
  const note = `${channels.length} of ${features.d} channels cut, ${tuned} epochs on the samples that are left`;
  return { note, trainer };
}

/** Channels of T in the order of how much more the named samples of a class excite them than the others of their class, most first. */
export function carriers(
  features: { data: Float32Array; d: number },
  labels: ArrayLike<number>,
  named: ReadonlySet<number>,
): Int32Array {
  const { data, d } = features;
  const touched = new Set([...named].map((i) => labels[i]));
  const sums = [0, 1].map(() => ({ n: 0, sum: new Float64Array(d), square: new Float64Array(d) }));
  for (let i = 0; i < labels.length; i++) {
    if (!touched.has(labels[i])) continue;
    const into = sums[Number(named.has(i))];
    into.n++;
    for (let j = 0; j < d; j++) {
      into.sum[j] += data[i * d + j];
      into.square[j] += data[i * d + j] ** 2;
    }
  }
  const mean = (k: number, j: number) => sums[k].sum[j] / Math.max(1, sums[k].n);
  const variance = (k: number, j: number) => sums[k].square[j] / Math.max(1, sums[k].n) - mean(k, j) ** 2;
  const excess = Float64Array.from(
    { length: d },
    (_, j) => (mean(1, j) - mean(0, j)) / Math.sqrt(variance(0, j) + variance(1, j) + 1e-12),
  );
  return Int32Array.from({ length: d }, (_, j) => j).sort((a, b) => excess[b] - excess[a]);
}

/**
 * How many of the channels in `order` to disconnect from a linear classifier with `weight` [classes, d] and `bias` [classes]: the
 * number at which the fewest named samples get their label, while accuracy on the others drops by at most `mostLost`.
 */
export function cut(
  { data, d }: { data: Float32Array; d: number },
  labels: ArrayLike<number>,
  named: ReadonlySet<number>,
  order: Int32Array,
  classifier: Classifier,
  mostLost = MOST_LOST,
): number {
  const n = labels.length;
  let best: { count: number; own: number; right: number } | undefined;
  let least = 0;
  for (const { count, right: hits } of cuts({ data, d }, labels, order, classifier)) {
    let [own, right] = [0, 0];
    for (const [i, hit] of hits.entries()) {
      if (named.has(i)) own += hit;
      else right += hit;
    }
    const now = { count, own: own / named.size, right: right / (n - named.size) };
    if (count === 0) least = now.right - mostLost;
    if (!best || (now.right >= least && now.own < best.own)) best = now;
  }
  return best!.count;
}

/** A linear classifier: `weight` [classes, d], `bias` [classes]. */
export interface Classifier {
  weight: Float32Array;
  bias: Float32Array;
}

/** What a linear classifier of `features` makes of each sample with the first 0, 1, … channels in `order` cut: 1 where it gives the label. */
export function* cuts(
  { data, d }: { data: Float32Array; d: number },
  labels: ArrayLike<number>,
  order: Int32Array,
  { weight, bias }: Classifier,
): Generator<{ count: number; right: Uint8Array }> {
  const classes = bias.length;
  const n = labels.length;
  const logits = new Float64Array(n * classes);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < classes; k++) {
      let sum = bias[k];
      for (let j = 0; j < d; j++) sum += weight[k * d + j] * data[i * d + j];
      logits[i * classes + k] = sum;
    }
  const right = () =>
    Uint8Array.from({ length: n }, (_, i) => {
      const row = logits.subarray(i * classes, (i + 1) * classes);
      return Number(row.indexOf(Math.max(...row)) === labels[i]);
    });
  yield { count: 0, right: right() };
  for (const [done, j] of order.entries()) {
    for (let i = 0; i < n; i++)
      for (let k = 0; k < classes; k++) logits[i * classes + k] -= weight[k * d + j] * data[i * d + j];
    yield { count: done + 1, right: right() };
  }
}

/** The classifier of a network of `fc.weight` and `fc.bias`. */
export const classifierOf = (all: Record<string, Weights>): Classifier => {
  const [weight, bias] = ['fc.weight', 'fc.bias'].map((name) => all[name].data as Float32Array);
  return { weight, bias };
};

/** Trains to the end with some of the `d` channels of T cut. */
export async function trainWithout(trainer: Trainer, channels: Int32Array, d: number, step: (share: number) => void) {
  disconnect(trainer, channels, d);
  await train(trainer, (share) => {
    // Gradients would connect the channels again.
    disconnect(trainer, channels, d);
    step(share);
  });
}

/** Sets the classifier's weights of some of its `d` channels to 0. */
function disconnect(trainer: Trainer, channels: Int32Array, d: number) {
  const weight = trainer.state.get('fc.weight');
  for (let row = 0; row < weight.length; row += d) for (const j of channels) weight[row + j] = 0;
}

/** The channels of T that carry the trigger and that the other samples can spare. */
function carried(
  all: Record<string, Weights>,
  features: { data: Float32Array; d: number },
  labels: ArrayLike<number>,
  named: ReadonlySet<number>,
): Int32Array {
  const order = carriers(features, labels, named);
  return order.subarray(0, cut(features, labels, named, order, classifierOf(all)));
}
