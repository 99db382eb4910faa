/** `ibscope audit` as a library's caller meets it: a folder, or arrays. */
import {
  type Audit,
  type AuditDocument,
  auditDocument,
  audit as auditSet,
  auditTrace,
  checkClasses,
  type Effort,
  efforts,
  loadUnvouched,
} from '../audit/index.js';
import { UserError, unknownWord } from '../base/errors.js';
import type { ImageSet } from '../datasets/types.js';
import { checkImages, checkKeys } from './check.js';
import { hooksOf, type RunOptions } from './hooks.js';

/** What `audit` is asked: a set by its `path`, or in memory. */
export interface AuditRequest {
  /** Folder of class folders (or with `train/` in it), an `.npz` with images and labels, or a run or trace. */
  path?: string;
  /** Images and labels, as `datasets.imageSet` makes them. */
  set?: ImageSet;
  /** Names of the classes of `set`. Default their numbers. */
  classes?: readonly string[];
  /** Half as much training as usual, or twice as much. Default `normal`. */
  effort?: Effort;
  /** Default 0. */
  seed?: number;
  /** Threads of the computation. Default all cores. */
  threads?: number;
}

/** What an audit found. */
export interface AuditResult extends AuditDocument {
  /** Per sample, [n]: how much it looks like payload. In classes whose payload is known log-odds in nats; elsewhere below all of these. */
  scores: Float64Array;
}

/**
 * Is one of the classes of a labelled set the target of a backdoor, and which samples carry it? Trains a small network on the set,
 * watches it, and holds each class against the others (docs/audit.md); of a run or trace the probes are taken. Writes nothing.
 * Rejects with `UserError` for a set that cannot be audited, with `Stopped` where it was asked to end.
 */
export async function audit(request: AuditRequest, options: RunOptions = {}): Promise<AuditResult> {
  checkKeys('key of an audit', request, ['path', 'set', 'classes', 'effort', 'seed', 'threads']);
  const { path, set, classes, effort = 'normal', seed = 0, threads } = request;
  if (!efforts.includes(effort)) throw unknownWord('effort', effort, efforts);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new UserError(`seed: ${seed}; a whole number from 0 is allowed`);
  if ((path === undefined) === (set === undefined))
    throw new UserError('audit: a path or a set is expected, one of them');
  const hooks = hooksOf(options);
  const settings = { effort, seed, threads };
  if (set) {
    const own = inMemory(set, classes);
    return resultOf(own, await auditSet(own, settings, hooks));
  }
  const unvouched = await loadUnvouched(path!);
  return resultOf(unvouched, await (unvouched.kind === 'trace' ? auditTrace : auditSet)(unvouched, settings, hooks));
}

const resultOf = (unvouched: Parameters<typeof auditDocument>[0], found: Audit): AuditResult => ({
  ...auditDocument(unvouched, found),
  scores: found.scores,
});

function inMemory(set: ImageSet, names: readonly string[] | undefined) {
  checkImages('set', set);
  const count = set.labels.reduce((most, y) => Math.max(most, y + 1), 0);
  const classes = names ? [...names] : Array.from({ length: count }, (_, k) => String(k));
  if (classes.length < count)
    throw new UserError(`set: there is the label ${count - 1}, and ${classes.length} classes are named`);
  checkClasses('set', { set, classes });
  return { set, classes };
}
