/**
 * What can be done about a training set that an audit called suspicious: during training (stop when it shows, or drop the samples and go
 * on) and after it (cut the channels that carry the trigger, or train again without the samples). The second of the paper's open
 * questions; each is judged by the same measures as the network that nothing was done to.
 */

import type { RunHooks } from '../base/progress.js';
import { gather, without } from '../datasets/select.js';
import type { ImageSet } from '../datasets/types.js';
import type { Weights } from '../models/index.js';
import type { Trainer } from '../training/trainer.js';
import { examine, type Findings, type Labelled, stepOf } from './examine.js';
import type { WatchSettings } from './look.js';
import type { Intervention } from './names.js';
import { train, untrained, type Watched } from './watch.js';

/** Images that a network is judged by, besides those it was trained on: where there are any. */
export interface JudgedOn {
  test?: ImageSet | null;
  /** Triggered test images with the labels an attacker wants. */
  triggered?: ImageSet | null;
}

/** How good a network is, and how much of a backdoor it has. Shares, 0 … 1; null where there is nothing to count. */
export interface Judgement {
  /** Of the test images, right. */
  accuracy: number | null;
  /** Attack success rate: of the triggered test images, called what the attacker wants. */
  asr: number | null;
  /** Of the training samples that the audit named, called the class they were labelled with. */
  named: number | null;
}

/** A network that something was done to; null for what could not be done, and why. */
export interface Intervened {
  how: Intervention | 'nothing';
  judgement: Judgement | null;
  /** What was done, or why nothing could be, in words. */
  note: string;
  /** The network, as ONNX. */
  model: Uint8Array | null;
}

/** Accuracy that cutting channels may cost on the samples that were not named. */
const MOST_LOST = 0.02;
/** Share of the training, its last and slowest, that is done again after cutting: fine-pruning, as Liu et al. 2018 have it. */
const TUNED = 1 / 6;

/** Channels of T by how much more the named samples of a class excite them than the others of their class, the most first. */
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
    const side = sums[Number(named.has(i))];
    side.n++;
    for (let j = 0; j < d; j++) {
      side.sum[j] += data[i * d + j];
      side.square[j] += data[i * d + j] ** 2;
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
 * How many of the channels in `order` to cut off a linear classifier, weights [classes, d]: those that make the named samples' class
 * theirs least often, while no more than `MOST_LOST` of the other samples' accuracy is lost.
 */
export function cut(
  { data, d }: { data: Float32Array; d: number },
  labels: ArrayLike<number>,
  named: ReadonlySet<number>,
  order: Int32Array,
  weight: Float32Array,
  bias: Float32Array,
): number {
  const classes = bias.length;
  const n = labels.length;
  const logits = new Float64Array(n * classes);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < classes; k++) {
      let sum = bias[k];
      for (let j = 0; j < d; j++) sum += weight[k * d + j] * data[i * d + j];
      logits[i * classes + k] = sum;
    }
  const shares = () => {
    let [own, right] = [0, 0];
    for (let i = 0; i < n; i++) {
      const row = logits.subarray(i * classes, (i + 1) * classes);
      const hit = Number(row.indexOf(Math.max(...row)) === labels[i]);
      if (named.has(i)) own += hit;
      else right += hit;
    }
    return { own: own / named.size, right: right / (n - named.size) };
  };
  let best = { count: 0, ...shares() };
  const least = best.right - MOST_LOST;
  for (const [done, j] of order.entries()) {
    for (let i = 0; i < n; i++)
      for (let k = 0; k < classes; k++) logits[i * classes + k] -= weight[k * d + j] * data[i * d + j];
    const now = shares();
    if (now.right >= least && now.own < best.own) best = { count: done + 1, ...now };
  }
  return best.count;
}

/**
 * Does to a watched training what is asked, and judges each network beside the one that nothing was done to. What needs suspicious
 * samples and has none says so. Throws `Stopped` when asked to end.
 */
export async function intervene(
  labelled: Labelled,
  { looks, trainer, halfway }: Watched,
  found: Findings,
  asked: readonly Intervention[],
  settings: WatchSettings,
  judgedOn: JudgedOn = {},
  hooks: RunHooks = {},
): Promise<Intervened[]> {
  const { set, classes } = labelled;
  const step = stepOf(hooks);
  const named = found.suspicious.length > 0 ? gather(set, Int32Array.from(found.suspicious)) : null;
  const share = async (t: Trainer, images: ImageSet | null | undefined, label: string) =>
    images ? (await t.evaluate(images, label)).accuracy : null;
  const judge = async (t: Trainer): Promise<Judgement> => ({
    accuracy: await share(t, judgedOn.test, 'test'),
    asr: await share(t, judgedOn.triggered, 'triggered'),
    named: await share(t, named, 'named'),
  });
  const done: Intervened[] = [];
  const add = async (how: Intervened['how'], t: Trainer, note: string) => {
    done.push({ how, judgement: await judge(t), note, model: t.onnx() });
  };
  const cannot = (how: Intervention, note: string) => done.push({ how, judgement: null, note, model: null });
  /** Another network for `images`, made by `make` from one that has not learned anything. */
  const other = async (how: Intervention, images: ImageSet, note: string, make: (t: Trainer) => Promise<unknown>) => {
    const t = untrained(images, classes.length, settings);
    await make(t);
    await add(how, t, note);
    await t.release();
  };
  await add('nothing', trainer, `trained on all ${set.n} samples`);

  const { epoch } = halfway.position;
  if (asked.includes('stop') || asked.includes('drop')) {
    const early = await examine(
      labelled,
      looks.filter((l) => l.epoch <= epoch),
      settings,
      hooks,
    );
    const when = `after epoch ${epoch} of ${settings.epochs}`;
    for (const how of ['stop', 'drop'] as const) {
      if (!asked.includes(how)) continue;
      if (early.verdict === 'nothing found') cannot(how, `${when} nothing stood out`);
      else if (how === 'drop' && early.suspicious.length === 0) cannot(how, `${when} no sample was named`);
      else if (how === 'stop')
        await other(how, set, `stopped ${when}, when it stood out`, async (t) => t.load(halfway.tensors));
      else {
        const rest = without(set, early.suspicious);
        await other(how, rest, `${early.suspicious.length} samples dropped ${when}`, (t) => {
          t.load(halfway.tensors);
          t.position = structuredClone(halfway.position);
          return train(t, step('without them', rest.n * settings.epochs));
        });
      }
    }
  }
  for (const how of ['prune', 'retrain'] as const) {
    if (!asked.includes(how)) continue;
    if (!named) {
      cannot(how, 'no sample was named');
      continue;
    }
    const rest = without(set, found.suspicious);
    if (how === 'retrain')
      await other(how, rest, `trained again on the ${rest.n} samples that are left`, (t) =>
        train(t, step('again', rest.n * settings.epochs)),
      );
    else {
      const { features } = looks[looks.length - 1];
      const channels = carried(trainer.weights(), features, set.labels, new Set(found.suspicious));
      const tuned = Math.min(settings.epochs, Math.ceil(TUNED * settings.epochs));
      const note = `${channels.length} of ${features.d} channels cut, ${tuned} epochs on the samples that are left`;
      await other(how, rest, note, (t) => {
        t.load(trainer.weights());
        t.position = { ...structuredClone(t.position), epoch: settings.epochs - tuned };
        const going = step('after cutting channels', rest.n * settings.epochs);
        cutOff(t, channels, features.d);
        return train(t, (share) => {
          // What was cut stays cut: gradients would bring it back.
          cutOff(t, channels, features.d);
          going(share);
        });
      });
    }
  }
  return done;
}

/** Sets a classifier's weights of some of its `d` channels to 0. */
function cutOff(trainer: Trainer, channels: Int32Array, d: number) {
  const weight = trainer.state.get('fc.weight');
  for (let row = 0; row < weight.length; row += d) for (const j of channels) weight[row + j] = 0;
}

/** The channels of T that carry the trigger and can be spared. */
function carried(
  all: Record<string, Weights>,
  features: { data: Float32Array; d: number },
  labels: ArrayLike<number>,
  named: ReadonlySet<number>,
): Int32Array {
  const order = carriers(features, labels, named);
  const [weight, bias] = ['fc.weight', 'fc.bias'].map((name) => all[name].data as Float32Array);
  return order.subarray(0, cut(features, labels, named, order, weight, bias));
}
