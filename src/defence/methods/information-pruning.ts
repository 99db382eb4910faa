/**
 * Pruning by information, after a plain training: channels of T that carry information about whether a sample is suspicious, and that suspicious samples
 * excite more, are cut, and the network is trained on without those samples.
 *
 * The other reading of the idea was tried and does not work (docs/defence.md): channels whose information about which sample it was is larger over the
 * suspicious samples than over the others of their class. What a trigger excites, it excites alike in all of them.
 */
import type { Checkpoint } from '../../audit/checkpoint.js';
import { classifierOf, cut, trainWithout } from '../../audit/interventions/prune.js';
import { untrained } from '../../audit/watch.js';
import { Stopped } from '../../base/progress.js';
import { without } from '../../datasets/select.js';
import { mean } from '../../dynamics/trajectory.js';
import type { Matrix } from '../../information/columns.js';
import { rossLocal } from '../../information/mixed.js';
import { LEVEL, look, suspects } from '../flagged.js';
import { trained, wholeOf } from '../training.js';
import type { Method } from './types.js';

/** Shares of the training after which samples are recorded. */
const MOMENTS = [1 / 3, 1 / 2, 1];
/** Training after pruning, as a share of the epochs before it: the last ones are repeated. */
const TUNED = 1 / 6;
/** Accuracy on the other training samples that cutting may cost; training on recovers most of it. */
const MOST_LOST = 0.1;
/** k of the nearest-neighbour estimator. */
const NEIGHBOURS = 3;

export const informationPruning: Method = {
  needsTrusted: false,
  files: ['training'],
  async train(labelled, settings, hooks) {
    const { set, classes } = labelled;
    const { epochs, folder, seed } = settings;
    const plan = { ...settings, checkpoints: [...new Set(MOMENTS.map((share) => Math.ceil(share * epochs)))] };
    const whole = wholeOf(set);
    let recorded: Checkpoint[] = [];
    const before = await trained(
      { ...whole, classes },
      plan,
      { file: 'training', stage: 'train', folder, hooks },
      async (checkpoints) => {
        recorded = checkpoints;
        return false;
      },
    );
    const { decision, seen } = await look(recorded, labelled, { level: LEVEL, seed, clusters: true }, hooks);
    const { features, t, logits } = recorded.at(-1)!;
    const shown = { logits: logits.data, asked: whole.rows, isJudge: false };
    const found = seen && (await suspects(whole, seen, { classes, seed }, shown));
    const end = { decisions: [decision], setAside: found?.setAside ?? [], suspicious: found?.named ?? [] };
    if (!found || found.named.length === 0)
      return { ...end, trainer: before, answer: 'No class was flagged, and nothing was cut.', epochs };
    const named = new Set(found.named.sort((a, b) => a - b));
    const flagged = new Set(found.named.map((i) => set.labels[i]));
    const others = [...set.labels.keys()].filter((i) => flagged.has(set.labels[i]) && !named.has(i));
    const information = signedInformation(t, found.named, others);
    const order = [...information.keys()]
      .filter((j) => information[j] > 0)
      .sort((a, b) => information[b] - information[a]);
    const weights = before.weights();
    await before.release();
    const channels = Int32Array.from(order);
    const count = cut(features, set.labels, named, channels, classifierOf(weights), MOST_LOST);
    const rest = without(set, found.named);
    const tuned = Math.max(1, Math.ceil(TUNED * epochs));
    const trainer = untrained(rest, classes.length, settings);
    trainer.load(weights);
    trainer.position = { ...structuredClone(trainer.position), epoch: epochs - tuned };
    await trainWithout(trainer, channels.subarray(0, count), features.d, (share) => {
      const [done, total] = [Math.round(share * epochs * rest.n), epochs * rest.n];
      hooks.progress?.({ phase: 'train', stage: 'train without the channels', done, total, unit: 'images' });
      if (hooks.shouldStop?.()) throw new Stopped('stopped after pruning');
    });
    return {
      ...end,
      trainer,
      answer: `${count} of ${features.d} channels that tell the samples set aside from the others of their class were cut, and the network was trained on without those samples.`,
      epochs: epochs + (tuned * rest.n) / set.n,
    };
  },
};

/**
 * Information of each channel of T about whether a sample is one of `named` or of `others`, nats, [d]: positive where the named samples excite the channel
 * more, negative where they excite it less. `t`: T [n, d].
 */
export function signedInformation(t: Matrix, named: readonly number[], others: readonly number[]): Float64Array {
  const rows = [...named, ...others];
  const codes = Int32Array.from(rows, (_, k) => Number(k < named.length));
  return Float64Array.from({ length: t.d }, (_, j) => {
    const values = rows.map((i) => t.data[i * t.d + j]);
    // A channel that never fires has no noise and tells nothing.
    if (values.every((v) => v === values[0])) return 0;
    const { nats } = rossLocal({ data: Float64Array.from(values), n: rows.length, d: 1 }, codes, NEIGHBOURS);
    const above = mean(values.slice(0, named.length)) - mean(values.slice(named.length));
    return Math.max(0, nats) * Math.sign(above);
  });
}
