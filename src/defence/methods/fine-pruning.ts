/**
 * Fine-pruning: channels of T that trusted samples leave dormant are cut, the most dormant first, while accuracy on trusted samples falls by at most 4
 * points; then the network is trained on with trusted samples.
 *
 * Liu, Dolan-Gavitt and Garg, "Fine-Pruning: Defending Against Backdooring Attacks on Deep Neural Networks", RAID 2018 (arXiv 1805.12185). The paper prunes
 * the last convolution; here it is the output of the last block, which the shortcut reaches too.
 */
import { type Classifier, classifierOf, cuts, trainWithout } from '../../audit/interventions/prune.js';
import { untrained } from '../../audit/watch.js';
import { UserError } from '../../base/errors.js';
import { Stopped } from '../../base/progress.js';
import { TUNE_RATE } from '../names.js';
import { plain } from './plain.js';
import type { Method } from './types.js';

/** Accuracy on trusted samples that pruning may cost. */
const MOST_LOST = 0.04;
/** Training after pruning, as a share of the steps before it. */
const TUNED = 1 / 6;

export const finePruning: Method = {
  needsTrusted: true,
  files: plain.files,
  async train(labelled, settings, hooks) {
    const { trusted, tuneRate = TUNE_RATE } = settings;
    if (!trusted) throw new UserError('fine-pruning needs samples that are known to be clean');
    const before = await plain.train(labelled, settings, hooks);
    const data = await before.trainer.noiseFree(trusted);
    const d = data.length / trusted.n;
    const weights = before.trainer.weights();
    const steps = TUNED * settings.epochs * before.trainer.stepsPerEpoch;
    await before.trainer.release();
    const channels = dormant({ data, d }, trusted.labels, classifierOf(weights));
    const own = { learningRate: tuneRate };
    const probe = untrained(trusted, labelled.classes.length, { ...settings, epochs: 1 }, own);
    const epochs = Math.max(1, Math.ceil(steps / probe.stepsPerEpoch));
    await probe.release();
    const trainer = untrained(trusted, labelled.classes.length, { ...settings, epochs }, own);
    trainer.load(weights);
    await trainWithout(trainer, channels, d, (share) => {
      const total = epochs * trusted.n;
      hooks.progress?.({ phase: 'train', stage: 'fine-tune', done: Math.round(share * total), total, unit: 'images' });
      if (hooks.shouldStop?.()) throw new Stopped('stopped while it was fine-tuned');
    });
    return {
      ...before,
      trainer,
      answer: `${channels.length} of ${d} channels that trusted samples leave dormant were cut, and the network was trained on with the ${trusted.n} trusted samples.`,
      epochs: settings.epochs + (epochs * trusted.n) / labelled.set.n,
    };
  },
};

/** Channels of `data` [n, d], T of trusted samples, that a linear classifier can spare: the least active first, up to a loss of `MOST_LOST`. */
export function dormant(
  { data, d }: { data: Float32Array; d: number },
  labels: Int32Array,
  classifier: Classifier,
): Int32Array {
  const sum = new Float64Array(d);
  for (const [at, v] of data.entries()) sum[at % d] += v;
  const order = Int32Array.from(sum.keys()).sort((a, b) => sum[a] - sum[b]);
  let [least, spared] = [0, 0];
  for (const { count, right } of cuts({ data, d }, labels, order, classifier)) {
    const accuracy = right.reduce((a, b) => a + b, 0) / labels.length;
    if (count === 0) least = accuracy - MOST_LOST;
    if (accuracy < least) break;
    spared = count;
  }
  return order.subarray(0, spared);
}
