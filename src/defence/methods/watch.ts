/**
 * Training that watches itself. All samples are recorded at a few moments, and the evidence of a backdoor is read at each. Once a class is flagged, training begins
 * again from the start, and its first third goes without the flagged classes. A copy of this network then says which images of a class show other classes: of those
 * with and without its pattern (audit/pattern.ts), or of its parts in T, as in an audit (audit/cluster-content.ts). These are set aside, and training continues with
 * the rest. So one network is both the judge and the result. Evidence at the end is answered without a new training: the samples get the labels that the network
 * gives them when the flagged class may not be named, and the last third of the training is repeated.
 */
import type { Snapshot, WatchSettings } from '../../audit/checkpoint.js';
import { trainingProgress } from '../../audit/progress.js';
import type { Labelled } from '../../audit/verdict.js';
import { LEARNING_RATE, snapshot, train, untrained } from '../../audit/watch.js';
import type { RunHooks } from '../../base/progress.js';
import { indicesByClass } from '../../datasets/limits.js';
import { gather, without } from '../../datasets/select.js';
import type { ImageSet } from '../../datasets/types.js';
import type { Trainer } from '../../training/trainer.js';
import { type Asked, LEVEL, look, type Seen, suspects } from '../flagged.js';
import { type Kept, type Stage, trained, watching, wholeOf } from '../training.js';
import type { Decision, DefenceSettings, Defended, Method, SetAside } from './types.js';

/** Share of a training that the judge gets, and before which only patterns are evidence: the classes of a young network have clusters of their own. */
const THIRD = 1 / 3;
/** That network comes to rest before it judges, in an epoch on every so many samples. */
const EVERY = 2;
/** What a training up to its first decision and one from the start without what was set aside may take together, in trainings: a late decision makes the second one shorter. */
const BOTH = 5 / 4;
/** Share of a training that is repeated after evidence at its end, and how often. */
const [REPEATED, MOST_TURNS] = [1 / 3, 2];

/** What was done, by what was found when. */
const ANSWERS = {
  nothing: 'No class was flagged, and nothing was set aside.',
  restart: 'The network was trained again from the start, without the samples that were set aside.',
  relabel:
    'The evidence came at the end: the samples got the labels that the network gives them when it may not name the flagged class, and it was trained on for a while.',
};

/** Epochs of the first training at which evidence is read. */
export function decisionsOf(epochs: number): number[] {
  return [...new Set([1 / 6, THIRD, 1].map((share) => Math.ceil(share * epochs)))];
}

/** Epochs of a training from the start after a first one of `epochs` that ended after `spent` of them: as many, as far as `BOTH` allows. */
export const secondLength = (epochs: number, spent: number): number =>
  Math.min(epochs, Math.max(1, Math.round(BOTH * epochs) - spent));

/** Training that watches itself. */
export const watch: Method = {
  needsTrusted: false,
  files: ['training', 'judge', 'rest', ...Array.from({ length: MOST_TURNS }, (_, turn) => `unlearn-${turn}`)],
  train: defend,
};

async function defend(labelled: Labelled, settings: DefenceSettings, hooks: RunHooks): Promise<Defended> {
  const { epochs } = settings;
  const moments = decisionsOf(epochs);
  const whole = wholeOf(labelled.set);
  const defence = new Defence(labelled, settings, hooks);
  const first = await defence.watched(whole, 'training', 'train', moments);
  let { trainer, seen } = first;
  let answer: keyof typeof ANSWERS = 'nothing';
  let [spent, kept] = [trainer.position.epoch, whole];
  if (seen && spent < epochs) {
    answer = 'restart';
    await trainer.release();
    ({ trainer, seen, kept } = await defence.restart(seen));
    // A copy of it was trained on, as the judge.
    spent += trainer.position.epoch + 1 / EVERY;
  }
  for (let turn = 0; seen && turn < MOST_TURNS; turn++) {
    if (answer === 'nothing') answer = 'relabel';
    const before = trainer.position.epoch;
    ({ trainer, seen, kept } = await defence.relabel(kept, seen, trainer, turn));
    spent += trainer.position.epoch - Math.min(before, defence.begun);
  }
  const { suspicious, decisions, setAside } = defence;
  suspicious.sort((a, b) => a - b);
  return { trainer, suspicious, decisions, setAside, answer: ANSWERS[answer], epochs: spent };
}

/** A training up to its end or to a decision by which a class is flagged. */
interface Phase {
  trainer: Trainer;
  seen: Seen | null;
  kept: Kept;
}

/** The phases of one defence, and what they decided. */
class Defence {
  readonly decisions: Decision[] = [];
  readonly setAside: SetAside[] = [];
  readonly suspicious: number[] = [];
  /** Level of every decision: that of a clean set's training, which is not trained again, is `LEVEL` over all of them. */
  private readonly level: number;
  /** Epoch at which the last phase began. */
  begun = 0;

  constructor(
    private readonly labelled: Labelled,
    private readonly settings: DefenceSettings,
    private readonly hooks: RunHooks,
  ) {
    this.level = LEVEL / decisionsOf(settings.epochs).length;
  }

  /** Trains until a class is flagged at one of `moments`, the last of which is the end. */
  async watched(
    kept: Kept,
    file: string,
    stage: string,
    moments: readonly number[],
    start?: Stage['start'],
  ): Promise<Phase> {
    const { labelled, settings, hooks } = this;
    const { classes } = labelled;
    const plan: WatchSettings = { ...settings, epochs: moments.at(-1)!, checkpoints: [...moments] };
    let seen: Seen | null = null;
    const from = THIRD * plan.epochs;
    const at = { file, stage, folder: settings.folder, start, hooks, recordedBy: watching(from) };
    const trainer = await trained({ ...kept, classes }, plan, at, async (checkpoints, epoch) => {
      if (!moments.includes(epoch)) return false;
      const { level } = this;
      const asked = { level, seed: settings.seed, clusters: epoch >= from };
      const looked = await look(checkpoints, { ...kept, classes }, asked, hooks);
      this.decisions.push(looked.decision);
      seen = looked.seen;
      return seen !== null;
    });
    return { trainer, seen, kept };
  }

  /** Trains from the start without what is set aside, the first third without the flagged classes. */
  async restart(seen: Seen): Promise<Phase> {
    const { labelled, settings } = this;
    const { set } = labelled;
    const epochs = secondLength(settings.epochs, seen.checkpoints.at(-1)!.epoch);
    const judge = await this.judge(seen, epochs);
    const named = await this.aside(wholeOf(set), seen, judge.shown);
    this.begun = judge.start.position.epoch;
    const left = new Set(named);
    const rows = Int32Array.from(set.labels.keys()).filter((i) => !left.has(i));
    // Poisoned samples that the network had not learned at the first decision are looked for at the end.
    return this.watched({ set: gather(set, rows), rows }, 'rest', 'train on the rest', [epochs], judge.start);
  }

  /** A network that is trained without the flagged classes for the first third of `epochs`, and what it makes of their samples. */
  private async judge(seen: Seen, epochs: number) {
    const { labelled, settings, hooks } = this;
    const { set, classes } = labelled;
    const members = indicesByClass(set.labels, classes.length);
    const held = Int32Array.from(seen.classes.flatMap((c) => [...members[c]])).sort();
    const plan: WatchSettings = { ...settings, epochs, checkpoints: [] };
    const first = Math.ceil(THIRD * epochs);
    const at = { file: 'judge', stage: 'train without the flagged classes', folder: settings.folder, hooks };
    const others = { set: without(set, held), classes };
    const network = await trained(others, plan, at, async (_, epoch) => epoch === first);
    const start = await snapshot(network);
    await network.release();
    return {
      start,
      shown: { logits: await this.shown(others.set, gather(set, held), start), asked: held, isJudge: true },
    };
  }

  /**
   * What `asked` shows, logits [n, classes], to the network of `start` after an epoch on half of `set` in which the learning rate falls to 0: in the midst of its
   * training a network names classes by chance.
   */
  private async shown(set: ImageSet, asked: ImageSet, start: Snapshot): Promise<Float32Array> {
    const { labelled, settings, hooks } = this;
    const learningRate = (LEARNING_RATE * (1 + Math.cos(Math.PI * THIRD))) / 2;
    const half = gather(
      set,
      Int32Array.from(set.labels.keys()).filter((i) => i % EVERY === 0),
    );
    const network = untrained(half, labelled.classes.length, { ...settings, epochs: 1 }, { learningRate });
    network.load(start.tensors);
    try {
      await train(network, trainingProgress(hooks)('ask what the samples show', half.n));
      return (await network.probe(asked, 1))[0].logits;
    } finally {
      await network.release();
    }
  }

  /** Trains on with the labels that the network gives set-aside samples when it may not name the flagged classes. */
  async relabel(kept: Kept, seen: Seen, before: Trainer, turn: number): Promise<Phase> {
    const { classes } = this.labelled;
    const { epochs } = before.config;
    const [{ logits }] = await before.probe(kept.set, 1);
    const asked = Int32Array.from(kept.rows.keys());
    const named = new Set(await this.aside(kept, seen, { logits, asked, isJudge: false }));
    const labels = kept.set.labels.map((y, at) =>
      named.has(kept.rows[at]) ? bestOther(logits, at, classes.length, seen.classes) : y,
    );
    const { tensors, position } = await snapshot(before);
    await before.release();
    // At the end of training its last part is repeated, at its smallest learning rates.
    const epoch = Math.min(position.epoch, epochs - Math.max(1, Math.ceil(REPEATED * epochs)));
    this.begun = epoch;
    const start = { tensors, position: { ...position, epoch } };
    return this.watched({ ...kept, set: { ...kept.set, labels } }, `unlearn-${turn}`, 'unlearn', [epochs], start);
  }

  /** Sets samples of flagged classes aside (`suspects`). */
  private async aside(kept: Kept, seen: Seen, shown: Asked): Promise<number[]> {
    const { labelled, settings } = this;
    const { named, setAside } = await suspects(kept, seen, { classes: labelled.classes, seed: settings.seed }, shown);
    this.suspicious.push(...named);
    this.setAside.push(...setAside);
    return named;
  }
}

/** The class of the largest logit of row `i` among those not in `except`. */
function bestOther(logits: ArrayLike<number>, i: number, classes: number, except: readonly number[]): number {
  let best = -1;
  for (let k = 0; k < classes; k++)
    if (!except.includes(k) && (best < 0 || logits[i * classes + k] > logits[i * classes + best])) best = k;
  return best;
}
