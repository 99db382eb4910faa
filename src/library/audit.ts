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
  isOfTexts,
  loadUntrusted,
  loadUntrustedImages,
} from '../audit/index.js';
import { auditTexts as auditSetOfTexts } from '../audit/texts/audit.js';
import { type TextAuditDocument, textAuditDocument } from '../audit/texts/document.js';
import { UserError, unknownWord } from '../base/errors.js';
import type { ImageSet, TextColumns } from '../datasets/types.js';
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
  const untrusted = await loadUntrustedImages(path!, 'audit');
  return resultOf(untrusted, await (untrusted.kind === 'trace' ? auditTrace : auditSet)(untrusted, settings, hooks));
}

/** The texts to audit, by their `path` or in memory. */
export interface TextAuditRequest {
  /** A table of texts, a folder of tables or of class folders, or a run on texts. */
  path?: string;
  /** Columns of a table. Default those with usual names, such as `text` and `label`. */
  columns?: TextColumns;
  /** Texts, [n], and the number of the class of each, [n]. */
  texts?: readonly string[];
  labels?: ArrayLike<number>;
  /** Names of the classes of `labels`. Default their numbers. */
  classes?: readonly string[];
}

/** Findings of an audit of texts. */
export interface TextAuditResult extends TextAuditDocument {
  /** Score per text, [n]: the higher, the more it looks poisoned. Log-odds, nats, of texts with a trigger; below all of these elsewhere. */
  scores: Float64Array;
}

/**
 * Is one of the classes of a set of labelled texts the target of a backdoor, and which texts are poisoned? Looks for words that decide the label of a text whatever its
 * other words say (docs/text.md). Writes no files. Rejects with `UserError` for a set that cannot be audited, and with `Stopped` when asked to end.
 */
export async function auditTexts(request: TextAuditRequest, options: RunOptions = {}): Promise<TextAuditResult> {
  checkKeys('key of an audit of texts', request, ['path', 'columns', 'texts', 'labels', 'classes']);
  const { path, columns, texts } = request;
  if ((path === undefined) === (texts === undefined))
    throw new UserError('audit of texts: a path or texts are expected, one of them');
  const hooks = checkedHooks(options);
  const untrusted = path === undefined ? textsInMemory(request) : await loadUntrusted(path, columns);
  if ('path' in untrusted && !isOfTexts(untrusted)) throw new UserError(`${path}: it holds images; audit takes them`);
  const found = auditSetOfTexts(untrusted.set, untrusted.classes, hooks);
  return { ...textAuditDocument(untrusted, found), scores: found.scores };
}

function textsInMemory({ texts = [], labels = [], classes: names }: TextAuditRequest) {
  const n = texts.length;
  if (labels.length !== n) throw new UserError(`texts: ${n}, and there are ${labels.length} labels`);
  const stray = Array.from(labels).findIndex((y) => !Number.isSafeInteger(y) || y < 0);
  if (stray >= 0) throw new UserError(`labels: number ${stray} is ${labels[stray]}; class numbers from 0 are allowed`);
  const count = Array.from(labels).reduce((most, y) => Math.max(most, y + 1), 0);
  if (count < 2) throw new UserError('labels: two classes are needed');
  const classes = names ? [...names] : Array.from({ length: count }, (_, k) => String(k));
  if (classes.length < count)
    throw new UserError(`labels: there is ${count - 1}, and ${classes.length} classes are named`);
  return { set: { texts: [...texts], labels: Int32Array.from(labels), n }, classes };
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
