/** `ibscope audit` for callers of the library: of a folder, or of arrays. */
import {
  type Audit,
  type AuditDocument,
  auditDocument,
  audit as auditSet,
  auditTrace,
  checkClasses,
  type Effort,
  efforts,
  loadUntrusted,
} from '../audit/index.js';
import { UserError, unknownWord } from '../base/errors.js';
import type { ImageSet } from '../datasets/types.js';
import { checkImages, checkKeys } from './check.js';
import { checkedHooks, type RunOptions } from './hooks.js';

/** The set to audit, by its `path` or in memory, and settings. */
export interface AuditRequest {
  /** Folder of class folders (or with `train/` in it), an `.npz` with images and labels, or a run or trace. */
  path?: string;
  /** Images and labels, as `datasets.imageSet` makes them. */
  set?: ImageSet;
  /** Names of the classes of `set`. Default their numbers. */
  classes?: readonly string[];
  /** How much training: `quick` is half of `normal`, `thorough` twice as much. Default `normal`. */
  effort?: Effort;
  /** Seed of everything random. Default 0. */
  seed?: number;
  /** Threads of the computation. Default all cores. */
  threads?: number;
}

/** Findings of an audit. */
export interface AuditResult extends AuditDocument {
  /**
   * Score per sample, [n]: the higher, the more it looks poisoned. Log-odds of the poisoned cluster, nats, in classes where that is
   * known; below all of these elsewhere.
   */
  scores: Float64Array;
}

/**
 * Is one of the classes of a labelled set the target of a backdoor, and which samples are poisoned? Trains a small network on the set
 * and compares each class with the others (docs/audit.md); for a run or trace it uses the recorded probes instead. Writes no files.
 * Rejects with `UserError` for a set that cannot be audited, and with `Stopped` when asked to end.
 */
export async function audit(request: AuditRequest, options: RunOptions = {}): Promise<AuditResult> {
  checkKeys('key of an audit', request, ['path', 'set', 'classes', 'effort', 'seed', 'threads']);
  const { path, set, classes, effort = 'normal', seed = 0, threads } = request;
  if (!efforts.includes(effort)) throw unknownWord('effort', effort, efforts);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new UserError(`seed: ${seed}; a whole number from 0 is allowed`);
  if ((path === undefined) === (set === undefined))
    throw new UserError('audit: a path or a set is expected, one of them');
  const hooks = checkedHooks(options);
  const settings = { effort, seed, threads };
  if (set) {
    const own = inMemory(set, classes);
    return resultOf(own, await auditSet(own, settings, hooks));
  }
  const untrusted = await loadUntrusted(path!);
  return resultOf(untrusted, await (untrusted.kind === 'trace' ? auditTrace : auditSet)(untrusted, settings, hooks));
}

const resultOf = (untrusted: Parameters<typeof auditDocument>[0], found: Audit): AuditResult => ({
  ...auditDocument(untrusted, found),
  scores: found.scores,
});

function inMemory(set: ImageSet, names: readonly string[] | undefined) {
  checkImages('set', set);
  const count = set.labels.reduce((most, y) => Math.max(most, y + 1), 0);
  const classes = names ? [...names] : Array.from({ length: count }, (_, k) => String(k));
  if (classes.length < count)
    throw new UserError(
      `set: there is the label ${count - 1}, but ${classes.length === 1 ? '1 class is named' : `${classes.length} classes are named`}`,
    );
  checkClasses('set', { set, classes });
  return { set, classes };
}
