/**
 * What each picture of a record of BackdoorBench is, and the label that it is trained with.
 *
 * `attack_result.pt` says the labels. A relabelled picture is poisoned. One with its true label is a cover sample where others are relabelled, and a
 * poisoned one where none is (clean-label). Between the two are pictures of the target class, whose label no attack changes: they are poisoned where the
 * record has no cover samples. WaNet, BPP and Input-aware poison the first images of every batch and cover those behind, so that `info.pickle`
 * tells which is which; without it such a picture counts as cover, a triggered sample with its true label.
 */
import { UserError } from '../../base/errors.js';
import type { Rule } from '../types.js';
import type { BackdoorBenchRecord, Picture, RecordInfo } from './record-files.js';

/** Attacks whose records hold cover samples beside poisoned ones. */
const WITH_COVER = ['wanet', 'bpp', 'inputaware'];

export interface Roles {
  rule: Rule;
  /** Label that each training picture is trained with. */
  labels: number[];
  /** Whether it is a poisoned sample; else it is a cover sample. */
  poisoned: boolean[];
  /** Label that the attacker wants of each test picture. */
  wanted: number[];
}

/** What the user says of the record. */
export interface Said {
  target?: number;
  rule?: Rule;
}

/** The roles of the pictures of a record made from `n` images of `classes` classes. Throws `UserError` for what no file and no option says. */
export function rolesOf(record: BackdoorBenchRecord, said: Said, classes: readonly string[], n: number): Roles {
  const fail = (why: string) => new UserError(`--manifest ${record.path}: ${why}`);
  if (record.train.length === 0) throw fail('bd_train_dataset holds no image');
  if (record.info?.classes !== undefined && record.info.classes !== classes.length)
    throw fail(`its info.pickle has ${record.info.classes} classes, the data set ${classes.length}`);
  const roles = record.labelled
    ? byLabels(record, classes.length, n, fail)
    : record.info
      ? byInfo(record, record.info, classes.length, n, fail)
      : byWord(record, said, classes, fail);
  const wrong = [...roles.labels, ...roles.wanted].find((label) => label >= classes.length);
  if (wrong !== undefined) throw fail(`it has the label ${wrong}; classes are 0 to ${classes.length - 1}`);
  if (said.rule !== undefined && said.rule !== roles.rule)
    throw fail(`its labels are those of the rule ${roles.rule}, not of --rule ${said.rule}`);
  return roles;
}

type Fail = (why: string) => UserError;

function byLabels({ train, test, info }: BackdoorBenchRecord, k: number, n: number, fail: Fail): Roles {
  const labels = train.map((p) => p.label!);
  const wanted = test.map((p) => p.label!);
  const changed = train.filter((p) => p.label !== p.original);
  if (changed.length === 0) {
    cleanLabelClass(train, fail);
    return { rule: 'clean-label', labels, wanted, poisoned: train.map(() => true) };
  }
  const targets = new Set(changed.map((p) => p.label!));
  const shifts = new Set(changed.map((p) => (p.label! - p.original + k) % k));
  const toAll = targets.size > 1 || (shifts.size === 1 && info?.rule === 'all2all');
  if (toAll && shifts.size > 1)
    throw fail(`its poisoned samples have ${targets.size} labels, which are no shift of their classes`);
  const [target] = targets;
  if (!toAll && info?.rule === 'all2one' && info.target !== undefined && info.target !== target)
    throw fail(`its info.pickle names the target ${info.target}, its poisoned samples have the label ${target}`);
  if (toAll) return { rule: 'all-to-all', labels, wanted, poisoned: train.map((p) => p.label !== p.original) };
  const batches = info && agreeing(train, target, batchRole(info, n));
  const covered = train.some((p) => p.label === p.original && p.original !== target);
  const poisoned = train.map(
    (p) => p.label !== p.original || (p.original === target && (!covered || batches?.(p) === true)),
  );
  return { rule: 'all-to-one', labels, wanted, poisoned };
}

/** The one class of a record without relabelled pictures. */
function cleanLabelClass(train: readonly Picture[], fail: Fail): number {
  const classes = new Set(train.map((p) => p.original));
  if (classes.size > 1)
    throw fail(`none of its images is relabelled, and they are of ${classes.size} classes: no class is the target`);
  return train[0].original;
}

/** Whether a picture is poisoned (true) or cover by its place in its batch; null where that is not known. */
type BatchRole = (picture: Picture) => boolean | null;

function batchRole({ attack, poisonRate, batchSize }: RecordInfo, n: number): BatchRole | null {
  if (!WITH_COVER.includes(attack ?? '') || poisonRate === undefined || !batchSize) return null;
  return ({ index }) => {
    const place = index % batchSize;
    const size = Math.min(batchSize, n - (index - place));
    // Where a batch has room for less than one poisoned sample, BackdoorBench draws whether it has one.
    return poisonRate * size < 1 ? null : place < Math.floor(poisonRate * size);
  };
}

/** The roles by batch, if they agree with every picture whose label tells its role; else null. */
function agreeing(train: readonly Picture[], target: number, role: BatchRole | null): BatchRole | null {
  const contradicts = (p: Picture) =>
    (p.label !== p.original || p.original !== target) && role?.(p) === (p.label === p.original);
  return role && !train.some(contradicts) ? role : null;
}

/** Labels from the arguments of the attack alone. */
function byInfo({ train, test }: BackdoorBenchRecord, info: RecordInfo, k: number, n: number, fail: Fail): Roles {
  const { rule, target } = info;
  if (rule === undefined || (rule === 'all2one' && target === undefined))
    throw fail('its info.pickle does not say the labels; put the attack_result.pt of the record beside it');
  const wants = (p: Picture) => (rule === 'all2all' ? (p.original + 1) % k : target!);
  const role = batchRole(info, n);
  const poisoned = train.map((p) => (WITH_COVER.includes(info.attack ?? '') ? (role?.(p) ?? null) : true));
  if (poisoned.includes(null))
    throw fail(
      `${info.attack} has cover samples, which only attack_result.pt tells from poisoned ones; put it beside info.pickle`,
    );
  const labels = train.map((p, i) => (poisoned[i] ? wants(p) : p.original));
  const unchanged = train.every((p, i) => labels[i] === p.original);
  return {
    rule: rule === 'all2all' ? 'all-to-all' : unchanged ? 'clean-label' : 'all-to-one',
    labels,
    wanted: test.map(wants),
    poisoned: poisoned as boolean[],
  };
}

/** Labels from the options, for a record of pictures alone: its user says that all of them are poisoned. */
function byWord(
  { path, train, test }: BackdoorBenchRecord,
  { target, rule }: Said,
  classes: readonly string[],
  fail: Fail,
): Roles {
  const all = (rule: Rule, wants: (p: Picture) => number): Roles => ({
    rule,
    labels: train.map(wants),
    wanted: test.map(wants),
    poisoned: train.map(() => true),
  });
  if (rule === 'all-to-all') return all(rule, (p) => (p.original + 1) % classes.length);
  if (target === undefined)
    throw fail(
      'it has neither attack_result.pt nor info.pickle, which say the target; give one of them, or --target and --rule',
    );
  if (rule === 'all-to-one') return all(rule, () => target);
  const [first, ...others] = new Set(train.map((p) => p.original));
  if (others.length > 0 && rule === undefined)
    throw fail(
      'it has neither attack_result.pt nor info.pickle, which tell poisoned samples from cover samples and say their labels; give one of them, or --rule all-to-one if all of its images are poisoned',
    );
  if (others.length > 0 || first !== target)
    throw new UserError(
      `--target ${target}: the images of ${path} are of class ${[first, ...others].join(', ')} (${classes[first] ?? 'no class'}), as those of a clean-label attack on that class are`,
    );
  return all('clean-label', () => target);
}
