/**
 * Training that watches itself. All samples are recorded at a few moments, and the evidence of a backdoor is read at each. Once a class is flagged by its
 * two clusters, the network is trained again from the start: its first third without the flagged classes, and this network then says which cluster of a class
 * shows other classes, as in an audit (audit/cluster-content.ts). That cluster is set aside, and training continues with the rest. So one network is both the
 * judge and the result, and the time is that of one training and of what came before the decision. Later evidence is answered without a new training: the
 * samples get the labels that the network gives them when the flagged class may not be named, and it is trained on; at the end, for a sixth.
 */
import { join } from 'node:path';
import type { Checkpoint, WatchSettings } from '../audit/checkpoint.js';
import { contentOf, decidePoisoned } from '../audit/cluster-content.js';
import { NAMED } from '../audit/examine.js';
import { SMALLEST_CLUSTER } from '../audit/mixture.js';
import { SavedTraining } from '../audit/saved-training.js';
import type { Labelled } from '../audit/verdict.js';
import { record, snapshot, untrained } from '../audit/watch.js';
import { type RunHooks, Stopped } from '../base/progress.js';
import { indicesByClass } from '../datasets/limits.js';
import { gather, without } from '../datasets/select.js';
import type { ImageSet } from '../datasets/types.js';
import { rowsOf } from '../information/columns.js';
import type { Trainer } from '../training/trainer.js';
import { type Evidence, evidenceOf } from './evidence.js';

/** Share of a training that the judge of the clusters gets. */
const THIRD = 1 / 3;
/** Share of a training that is repeated after evidence at its end, and how often. */
const [REPEATED, MOST_TURNS] = [1 / 6, 2];
/** Largest share of the classes that is held out at a time. */
const MOST_CLASSES = 1 / 3;

/** How a training is set. */
export interface DefenceSettings {
  width: number;
  epochs: number;
  seed: number;
  /** Whether the training watches itself. */
  defend: boolean;
  /** Folder in which training is saved after every epoch; absent: it is not. */
  folder?: string;
}

/** What was decided at one moment, and why. */
export interface Decision {
  /** Epoch of the first training. */
  epoch: number;
  /** Level at which a class is flagged: that of an audit, shared by the decisions. */
  level: number;
  classes: { label: string; p: number; flagged: boolean; values: Record<string, number | null> }[];
  kappa: number;
}

/** What became of a flagged class. */
export interface SetAside {
  label: string;
  samples: number;
  /** `content`: the cluster shows other classes; `smaller`: both clusters show the class, and the smaller one was set aside. */
  why: 'content' | 'smaller';
}

/** A finished training. The caller releases `trainer`. */
export interface Defended {
  trainer: Trainer;
  /** Rows of the samples that were set aside, rising. */
  suspicious: number[];
  decisions: Decision[];
  setAside: SetAside[];
  /** What was done about them. */
  answer: 'nothing' | 'restart' | 'relabel';
  /** Epochs of training over all networks. */
  epochs: number;
}

/** Chance that a clean set is flagged. Higher than an audit's: what is set aside by mistake costs some samples, and nobody has to look. */
const LEVEL = 0.01;

/** Epochs of the first training at which evidence is read. */
export function decisionsOf(epochs: number): number[] {
  return [...new Set([THIRD, 1 / 2, 1].map((share) => Math.ceil(share * epochs)))];
}

/** Trains on an untrusted set. Throws `Stopped`; what was saved is resumed by the same call. */
export async function defend(labelled: Labelled, settings: DefenceSettings, hooks: RunHooks = {}): Promise<Defended> {
  const { epochs } = settings;
  const moments = settings.defend ? decisionsOf(epochs) : [];
  const whole: Kept = { set: labelled.set, rows: Int32Array.from(labelled.set.labels.keys()) };
  const defence = new Defence(labelled, settings, hooks);
  const level = LEVEL / Math.max(1, moments.length);
  const first = await defence.watched(whole, 'training', 'train', [1, ...moments], level);
  let { trainer, seen } = first;
  let answer: Defended['answer'] = 'nothing';
  let [spent, kept] = [trainer.position.epoch, whole];
  if (seen && spent < epochs) {
    answer = 'restart';
    await trainer.release();
    ({ trainer, seen, kept } = await defence.restart(seen));
    spent += trainer.position.epoch;
  }
  for (let turn = 0; seen && turn < MOST_TURNS; turn++) {
    if (answer === 'nothing') answer = 'relabel';
    const before = trainer.position.epoch;
    ({ trainer, seen, kept } = await defence.relabel(kept, seen, trainer, turn));
    spent += trainer.position.epoch - Math.min(before, defence.begun);
  }
  const { suspicious, decisions, setAside } = defence;
  suspicious.sort((a, b) => a - b);
  return { trainer, suspicious, decisions, setAside, answer, epochs: spent };
}

/** A set that is trained on, and the rows of the whole set that it consists of. */
interface Kept {
  set: ImageSet;
  rows: Int32Array;
}

/** Flagged classes at a decision. */
interface Seen {
  classes: number[];
  evidence: Evidence;
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
  /** Epoch at which the last phase began. */
  begun = 0;

  constructor(
    private readonly labelled: Labelled,
    private readonly settings: DefenceSettings,
    private readonly hooks: RunHooks,
  ) {}

  /** Trains until a class is flagged at one of `moments`, or to the end. */
  async watched(
    kept: Kept,
    file: string,
    stage: string,
    moments: readonly number[],
    level: number,
    start?: Stage['start'],
  ): Promise<Phase> {
    const { labelled, settings, hooks } = this;
    const { classes } = labelled;
    const plan: WatchSettings = { ...settings, checkpoints: [...moments] };
    let seen: Seen | null = null;
    const at = { file, stage, folder: settings.folder, start, hooks };
    const trainer = await trained({ ...kept, classes }, plan, at, async (checkpoints, epoch) => {
      if (!moments.includes(epoch) || epoch === 1) return false;
      hooks.progress?.({ phase: 'signals', stage: 'evidence', done: 0, total: 1, unit: 'decision' });
      const evidence = await evidenceOf(checkpoints, kept.set.labels, classes.length, settings.seed);
      const found = flaggedClasses(evidence, level);
      this.decisions.push(decisionOf(evidence, classes, found, epoch, level));
      hooks.line?.(
        found.length > 0
          ? `epoch ${epoch}: ${found.map((c) => `"${classes[c]}"`).join(', ')} flagged, p ${Math.min(...found.map((c) => evidence.p[c])).toExponential(1)}`
          : `epoch ${epoch}: no class is flagged, smallest p ${Math.min(1, ...evidence.p).toPrecision(2)}`,
      );
      if (found.length === 0) return false;
      seen = { classes: found, evidence };
      return true;
    });
    return { trainer, seen, kept };
  }

  /** Trains from the start: first without the flagged classes, then with what is not set aside of them. */
  async restart(seen: Seen): Promise<Phase> {
    const { labelled, settings, hooks } = this;
    const { set, classes } = labelled;
    const { epochs, folder } = settings;
    const members = indicesByClass(set.labels, classes.length);
    const held = Int32Array.from(seen.classes.flatMap((c) => [...members[c]])).sort();
    const first = Math.max(1, Math.ceil(THIRD * epochs));
    const plan: WatchSettings = { ...settings, checkpoints: [] };
    const at = { file: 'judge', stage: 'train without the flagged classes', folder, hooks };
    const out = { set: gather(set, held), rows: held };
    const others = { set: without(set, held), classes };
    const judge = await trained(others, plan, at, async (_, epoch) => epoch === first);
    const [{ logits }] = await judge.probe(out.set, 1);
    const named = this.aside(out, { ...seen, evidence: pickedOf(seen, held) }, logits);
    const start = await snapshot(judge);
    await judge.release();
    this.begun = first;
    const left = new Set(named);
    const rows = Int32Array.from(set.labels.keys()).filter((i) => !left.has(i));
    // Poisoned samples that the network had not learned at the first decision are looked for again.
    const again = [Math.ceil((first + epochs) / 2), epochs].filter((epoch) => epoch > first);
    return this.watched({ set: gather(set, rows), rows }, 'rest', 'train on the rest', again, LEVEL, start);
  }

  /** Trains on with the labels that the network gives set-aside samples when it may not name the flagged classes. */
  async relabel(kept: Kept, seen: Seen, before: Trainer, turn: number): Promise<Phase> {
    const { labelled, settings } = this;
    const { classes } = labelled;
    const { epochs } = settings;
    const [{ logits }] = await before.probe(kept.set, 1);
    const named = new Set(this.aside(kept, seen, logits));
    const labels = kept.set.labels.map((y, at) =>
      named.has(kept.rows[at]) ? bestOther(logits, at, classes.length, seen.classes) : y,
    );
    const { tensors, position } = await snapshot(before);
    await before.release();
    // At the end of training its last part is repeated, at its smallest learning rates.
    const epoch = Math.min(position.epoch, epochs - Math.max(1, Math.ceil(REPEATED * epochs)));
    this.begun = epoch;
    const start = { tensors, position: { ...position, epoch } };
    return this.watched(
      { ...kept, set: { ...kept.set, labels } },
      `unlearn-${turn}`,
      'unlearn',
      [epochs],
      LEVEL,
      start,
    );
  }

  /** Sets samples of flagged classes aside. `logits` [rows, classes] of the kept samples, by a network that says what they show. */
  private aside({ set, rows }: Kept, { classes: flagged, evidence }: Seen, logits: Float32Array): number[] {
    const { classes } = this.labelled;
    const found: number[] = [];
    const whole = { data: logits, n: rows.length, d: classes.length };
    for (const c of flagged) {
      const places = Int32Array.from(rows.keys()).filter((at) => set.labels[at] === c);
      const logOdds = Float64Array.from(places, (at) => evidence.logOdds[at]);
      const above = logOdds.filter((v) => v > 0).length;
      if (Math.min(above, places.length - above) < SMALLEST_CLUSTER) continue;
      const content = contentOf(rowsOf(whole, places), logOdds, c, classes.length - flagged.length);
      const poisoned = decidePoisoned(...content);
      const second = (poisoned ?? Number(above <= places.length - above)) === 1;
      const least = poisoned === null ? 0 : NAMED;
      const named = [...places].filter((_, k) => (second ? logOdds[k] : -logOdds[k]) > least).map((at) => rows[at]);
      found.push(...named);
      this.setAside.push({ label: classes[c], samples: named.length, why: poisoned === null ? 'smaller' : 'content' });
    }
    this.suspicious.push(...found);
    return found;
  }
}

/** The evidence with the log-odds of some rows alone, in their order. */
const pickedOf = ({ evidence }: Seen, rows: Int32Array): Evidence => ({
  ...evidence,
  logOdds: Float64Array.from(rows, (i) => evidence.logOdds[i]),
});

/** Classes with p at most `level` that have two clusters, the strongest evidence first. */
function flaggedClasses({ p, clustered }: Evidence, level: number): number[] {
  const found = [...p.keys()].filter((c) => p[c] <= level && clustered[c] <= level);
  return found.sort((a, b) => p[a] - p[b]).slice(0, Math.max(1, Math.floor(MOST_CLASSES * p.length)));
}

function decisionOf(
  evidence: Evidence,
  classes: readonly string[],
  found: number[],
  epoch: number,
  level: number,
): Decision {
  const { p, values, kappa } = evidence;
  const finite = (v: number) => (Number.isFinite(v) ? v : null);
  return {
    epoch,
    level,
    kappa,
    classes: classes.map((label, c) => ({
      label,
      p: p[c],
      flagged: found.includes(c),
      values: Object.fromEntries(Object.entries(values).map(([name, all]) => [name, finite(all[c])])),
    })),
  };
}

/** The class of the largest logit of row `i` among those not in `except`. */
function bestOther(logits: ArrayLike<number>, i: number, classes: number, except: readonly number[]): number {
  let best = -1;
  for (let k = 0; k < classes; k++)
    if (!except.includes(k) && (best < 0 || logits[i * classes + k] > logits[i * classes + best])) best = k;
  return best;
}

/** Where a training is saved, what it begins with, and who hears of it. */
interface Stage {
  file: string;
  stage: string;
  folder?: string;
  start?: Awaited<ReturnType<typeof snapshot>>;
  hooks: RunHooks;
}

/** Trains until the end, or until `after` says that it is enough; it hears every whole epoch, those before a resume included. */
async function trained(
  { set, classes }: { set: ImageSet; classes: readonly string[] },
  plan: WatchSettings,
  { file, stage, folder, start, hooks }: Stage,
  after: (checkpoints: Checkpoint[], epoch: number) => Promise<boolean> = async () => false,
): Promise<Trainer> {
  const trainer = untrained(set, classes.length, plan);
  const saved = folder === undefined ? null : new SavedTraining(join(folder, `${file}.safetensors`), set, plan);
  const before = await saved?.read();
  const begin = before?.now ?? start;
  if (begin) {
    trainer.load(begin.tensors);
    trainer.position = structuredClone(begin.position);
  }
  const checkpoints = before?.checkpoints ?? [];
  try {
    // A decision is a function of the recordings, so it is made again rather than kept.
    for (let epoch = 1; before && epoch <= trainer.position.epoch; epoch++) {
      const until = checkpoints.filter((c) => c.epoch <= epoch);
      if (await after(until, epoch)) return trainer;
    }
    while (trainer.position.epoch < plan.epochs) {
      for (let last = false; !last; ) {
        last = await trainer.step();
        const { epoch, step } = trainer.position;
        const done = Math.round((epoch + step / trainer.stepsPerEpoch) * set.n);
        hooks.progress?.({ phase: 'train', stage, done, total: plan.epochs * set.n, unit: 'images' });
        if (hooks.shouldStop?.()) throw new Stopped(`stopped in epoch ${epoch + 1}`);
      }
      await trainer.finishEpoch();
      const { epoch } = trainer.position;
      if (plan.checkpoints.includes(epoch)) checkpoints.push(await record(trainer, set, classes.length));
      await saved?.write({ now: await snapshot(trainer), checkpoints });
      if (await after(checkpoints, epoch)) return trainer;
    }
    return trainer;
  } catch (error) {
    await trainer.release();
    throw error;
  }
}
