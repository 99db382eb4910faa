/**
 * Which samples of a set an attack changes and which labels they get: the same for images and for texts, since only labels count.
 */
import { UserError } from '../base/errors.js';
import { Rng } from '../base/random.js';
import { evenShares, indicesByClass } from '../datasets/limits.js';
import type { Attack, AttackSettings, Labelling } from './types.js';

/** What of an attack says who is changed. */
export type LabellingAttack = Pick<Attack, 'labelling'>;
/** A set as far as it matters here. */
export interface LabelledSamples {
  labels: Int32Array;
}

/** Marks of the samples of a poisoned set, as in `PoisonedSet`. */
export interface Marks {
  labels: Int32Array;
  originalLabels: Int32Array;
  poisoned: Uint8Array;
  cover: Uint8Array;
  index: Int32Array;
  n: number;
}

/**
 * Numbers of the samples that get the trigger: poisoned samples (`poisoned`), and cover samples, which keep their true label. None for
 * an attack without a trigger and for a rate of 0. Throws `UserError` as `poison` does.
 */
export function chosen(
  train: LabelledSamples,
  attack: LabellingAttack,
  settings: AttackSettings,
  hasTrigger: boolean,
): { poisoned: number[]; cover: number[] } {
  checkSettings(train, attack, settings);
  const { poisonRate, target, sources = [], seed } = settings;
  if (!hasTrigger || poisonRate === 0) return { poisoned: [], cover: [] };
  const labelling = labellingOf(attack, settings);
  const offers = (k: number) =>
    labelling.rule === 'clean-label' ? k === target : labelling.rule !== 'source-specific' || sources.includes(k);
  const all = indicesByClass(train.labels, classCount(train));
  const draw = (available: typeof all, total: number) => {
    const shares = evenShares(
      available.map((members) => members.length),
      total,
    );
    return available.map((members, k) => new Rng(seed, 'poison', k).sample(members, shares[k]));
  };
  const offered = all.map((members, k) => (offers(k) ? members : members.slice(0, 0)));
  const size = offered.reduce((sum, members) => sum + members.length, 0);
  const count = Math.round(poisonRate * size);
  if (count === 0) throw new UserError(`poison rate ${poisonRate}: of ${size} samples it poisons none`);
  const drawn = draw(offered, count);
  if (labelling.rule === 'source-specific') {
    const others = all.map((members, k) => (offers(k) || k === target ? members.slice(0, 0) : members));
    const covers = Math.round((count * labelling.cover) / (1 - labelling.cover));
    return { poisoned: drawn.flatMap((d) => [...d]), cover: draw(others, covers).flatMap((d) => [...d]) };
  }
  const covers = evenShares(
    drawn.map((d) => d.length),
    Math.round(labelling.cover * count),
  );
  return {
    poisoned: drawn.flatMap((d, k) => [...d.subarray(covers[k])]),
    cover: drawn.flatMap((d, k) => [...d.subarray(0, covers[k])]),
  };
}

/** Throws `UserError` for a rate, a target or sources that the training set does not allow. */
export function checkSettings(train: LabelledSamples, attack: LabellingAttack, settings: AttackSettings): void {
  const { poisonRate, target, sources = [] } = settings;
  if (!(poisonRate >= 0 && poisonRate <= 1)) throw new UserError(`poison rate ${poisonRate}: allowed is 0 to 1`);
  const has = (k: number) => train.labels.includes(k);
  const allowed = `the training set has the classes 0 to ${classCount(train) - 1}`;
  if (!has(target)) throw new UserError(`target class ${target}: ${allowed}`);
  if (labellingOf(attack, settings).rule !== 'source-specific') {
    if (sources.length)
      throw new UserError(`source classes ${sources.join(',')}: only the rule source-specific has them`);
    return;
  }
  if (!sources.length) throw new UserError('the rule source-specific needs source classes (--source), such as 3,5');
  const stray = sources.find((k) => !has(k));
  if (stray !== undefined) throw new UserError(`source class ${stray}: ${allowed}`);
  if (sources.includes(target)) throw new UserError(`source class ${target}: it is the target class`);
}

/** The labelling rule: the one in the settings, else the attack's own. */
export function labellingOf(attack: LabellingAttack, settings: AttackSettings): Labelling {
  const own = attack.labelling(settings.options);
  const rule = settings.rule ?? own.rule;
  // As many cover samples of other classes as poisoned samples, so that the trigger works on the sources alone.
  const cover = rule === 'source-specific' ? own.cover || 0.5 : rule === 'clean-label' ? 0 : own.cover;
  return { rule, cover };
}

/** The label that a rule gives a sample of class y. */
export function relabelled(y: number, rule: Labelling['rule'], target: number, classes: number): number {
  if (rule === 'clean-label') return y;
  return rule === 'all-to-all' ? (y + 1) % classes : target;
}

/** How many classes a set has. */
export const classCount = ({ labels }: LabelledSamples) => labels.reduce((a, b) => Math.max(a, b), 0) + 1;

/** Test samples on which an attack is judged: all classes but the target; under `all-to-all` all, under `source-specific` the source classes. */
export function judged(test: LabelledSamples, attack: LabellingAttack, settings: AttackSettings): Int32Array {
  const { rule } = labellingOf(attack, settings);
  const counts = (y: number) =>
    rule === 'all-to-all' || (rule === 'source-specific' ? settings.sources!.includes(y) : y !== settings.target);
  return Int32Array.from(test.labels.keys()).filter((i) => counts(test.labels[i]));
}

/** Labels and marks of the poisoned set, before any trigger. Throws `UserError` for settings that the set does not allow. */
export function marksOf(
  train: LabelledSamples,
  attack: LabellingAttack,
  settings: AttackSettings,
  hasTrigger: boolean,
): Marks {
  const n = train.labels.length;
  const out: Marks = {
    labels: train.labels.slice(),
    originalLabels: train.labels.slice(),
    poisoned: new Uint8Array(n),
    cover: new Uint8Array(n),
    index: Int32Array.from({ length: n }, (_, i) => i),
    n,
  };
  const { poisoned, cover } = chosen(train, attack, settings, hasTrigger);
  const { rule } = labellingOf(attack, settings);
  const classes = classCount(train);
  for (const i of poisoned) {
    out.poisoned[i] = 1;
    out.labels[i] = relabelled(train.labels[i], rule, settings.target, classes);
  }
  for (const i of cover) out.cover[i] = 1;
  return out;
}

/** The labels that an attacker wants of test samples. */
export function wantedLabels(
  test: LabelledSamples,
  rows: Int32Array,
  attack: LabellingAttack,
  settings: AttackSettings,
): Int32Array {
  const { rule } = labellingOf(attack, settings);
  const classes = classCount(test);
  return rows.map((i) =>
    relabelled(test.labels[i], rule === 'clean-label' ? 'all-to-one' : rule, settings.target, classes),
  );
}

/** Rows of the samples that an attack gives its trigger: poisoned and cover samples. */
export const triggeredRows = ({ poisoned, cover }: Pick<Marks, 'poisoned' | 'cover'>): number[] =>
  [...poisoned.keys()].filter((i) => poisoned[i] || cover[i]);
