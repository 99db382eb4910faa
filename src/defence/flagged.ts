/** From evidence to the samples that are set aside. */

import type { Checkpoint } from '../audit/checkpoint.js';
import { choosePoisoned, SHOWN } from '../audit/cluster-content.js';
import { logOddsOf, numbersOf, partsOf } from '../audit/parts.js';
import type { Labelled } from '../audit/verdict.js';
import type { RunHooks } from '../base/progress.js';
import { mean } from '../dynamics/trajectory.js';
import { type Matrix, rowsOf } from '../information/columns.js';
import { preciseChance } from '../report/headline.js';
import { type Evidence, evidenceOf, patternEvidence } from './evidence.js';
import type { Decision, SetAside } from './methods/types.js';
import type { Kept } from './training.js';

/** Chance that a clean set is flagged, over the decisions of a training. Higher than an audit's: what is set aside by mistake costs some samples, and nobody has to look. */
export const LEVEL = 0.01;
/**
 * Log-odds, nats, from which a sample is set aside. Further down than an audit names samples: 15 of 100 poisoned samples that stayed kept an ASR at 0.43
 * (docs/defence.md), and a clean sample that is left out costs little.
 */
const LEAST = -8;
/** Share of its class up to which a cluster is taken for poisoned because it was learned better: the samples of an easy class are learned before its odd ones. */
const MOST_LEARNED = 2 / 3;
/** Largest share of the classes that is flagged at a time. */
const MOST_CLASSES = 1 / 3;

/** Flagged classes at a decision. */
export interface Seen {
  classes: number[];
  evidence: Evidence;
  /** The level at which they were flagged. */
  level: number;
  /** The recordings that it was read from. */
  checkpoints: readonly Checkpoint[];
}

/** Reads the evidence of recordings of a training of `set` and flags classes at `level`, by patterns alone without `clusters`. `seen` is null if there are none. */
export async function look(
  checkpoints: readonly Checkpoint[],
  { set, classes }: Labelled,
  { level, seed, clusters }: { level: number; seed: number; clusters: boolean },
  hooks: RunHooks,
): Promise<{ decision: Decision; seen: Seen | null }> {
  hooks.progress?.({ phase: 'signals', stage: 'evidence', done: 0, total: 1, unit: 'decision' });
  const evidence = await (clusters ? evidenceOf : patternEvidence)(checkpoints, set.labels, classes.length, seed);
  const found = flaggedClasses(evidence, level);
  const last = checkpoints.at(-1)!;
  const { epoch } = last;
  hooks.line?.(
    found.length > 0
      ? `epoch ${epoch}: ${found.map((c) => `"${classes[c]}"`).join(', ')} flagged, p ${preciseChance(Math.min(...found.map((c) => evidence.p[c])))}`
      : `epoch ${epoch}: no class is flagged, smallest p ${preciseChance(Math.min(1, ...evidence.p))}`,
  );
  return {
    decision: decisionOf(evidence, classes, found, last, level),
    seen: found.length > 0 ? { classes: found, evidence, level, checkpoints } : null,
  };
}

/** Classes with p at most `level` that have two clusters or a pattern, the strongest evidence first. */
function flaggedClasses({ p, clustered, patterned }: Evidence, level: number): number[] {
  const found = [...p.keys()].filter((c) => p[c] <= level && Math.min(clustered[c], patterned[c]) <= level);
  return found.sort((a, b) => p[a] - p[b]).slice(0, Math.max(1, Math.floor(MOST_CLASSES * p.length)));
}

function decisionOf(
  evidence: Evidence,
  classes: readonly string[],
  found: number[],
  { epoch, patterns }: Checkpoint,
  level: number,
): Decision {
  const { p, kappa } = evidence;
  const values: Record<string, ArrayLike<number>> = { ...evidence.values, content: patterns?.contents ?? [] };
  const finite = (v: number) => (Number.isFinite(v) ? v : null);
  return {
    epoch,
    level,
    kappa: finite(kappa),
    classes: classes.map((label, c) => ({
      label,
      p: p[c],
      flagged: found.includes(c),
      values: Object.fromEntries(Object.entries(values).map(([name, all]) => [name, finite(all[c])])),
    })),
  };
}

/** What is suspicious of one class: log-odds, nats, [own], that a sample is, by what, and why. */
interface Suspicion {
  odds: Float64Array;
  by: SetAside['by'];
  why: SetAside['why'];
}

/** A flagged class: its samples, as places in the set of the evidence, and what a network makes of them, logits [own, classes]. */
interface Flagged {
  c: number;
  own: Int32Array;
  shown: Matrix;
  /** Number of classes that this network knows. */
  known: number;
}

/** Whether the images of a flagged class with its pattern are those that are set aside. */
const byPattern = ({ evidence, level }: Seen, c: number) => evidence.patterned[c] <= level;

/** Samples that a network was asked about, as places in the set of the evidence, and what it makes of them, logits [asked, classes]. */
export interface Asked {
  logits: Float32Array;
  asked: Int32Array;
  /** Whether it was trained without the flagged classes. */
  isJudge: boolean;
}

/**
 * The samples of flagged classes that are set aside: those with the pattern of the class, if that made it suspicious, or else by the parts of the class in which
 * they lie, as in an audit (audit/candidates.ts). `network`: what it makes of all samples of these classes.
 */
export async function suspects(
  { set, rows }: Kept,
  seen: Seen,
  { classes, seed }: { classes: readonly string[]; seed: number },
  network: Asked,
): Promise<{ named: number[]; setAside: SetAside[] }> {
  const { classes: flagged } = seen;
  const [named, setAside]: [number[], SetAside[]] = [[], []];
  for (const c of flagged) {
    const own = Int32Array.from(set.labels.keys()).filter((i) => set.labels[i] === c);
    const asked = { c, own, ...shownOf(own, network, classes.length, flagged) };
    const found: Suspicion | null = byPattern(seen, c)
      ? withPattern(asked, seen, network.isJudge)
      : await suspiciousParts(asked, seen, seed);
    if (!found) continue;
    const suspicious = [...own.keys()].filter((k) => found.odds[k] > LEAST).map((k) => rows[own[k]]);
    named.push(...suspicious);
    setAside.push({ label: classes[c], samples: suspicious.length, by: found.by, why: found.why });
  }
  return { named, setAside };
}

/** What a network makes of the samples `own`, and how many classes it knows. */
function shownOf(own: Int32Array, { logits, asked }: Asked, classes: number, flagged: readonly number[]) {
  const at = new Map(Array.from(asked, (row, k) => [row, k]));
  const shown = rowsOf(
    { data: logits, n: asked.length, d: classes },
    Int32Array.from(own, (row) => at.get(row)!),
  );
  return { shown, known: classes - flagged.length };
}

/**
 * The images of a class with its pattern, or those without it: where the clean images are alike, the pattern may be theirs. A judge says which show other classes; if that is not clear, as under
 * a clean-label attack, the loss decides. Without a judge these are the images by whose pattern the network names the class.
 */
function withPattern(asked: Flagged, { checkpoints }: Seen, isJudge: boolean): Suspicion {
  const { own } = asked;
  const { patterns, loss } = checkpoints.at(-1)!;
  const odds = Float64Array.from(own, (at) => patterns!.logOdds[at]);
  if (!isJudge) return { odds, by: 'pattern', why: 'named' };
  const part = odds.map((v) => Number(v > 0));
  // Under a clean-label attack both parts show the class, and what one of them resembles besides is no evidence.
  const poisoned = poisonedParts(asked, part, loss, SHOWN.many);
  if (!poisoned) return { by: 'pattern', ...byLoss(loss, own, odds) };
  return { odds: odds.map((v) => (poisoned.has(1) ? v : -v)), by: 'pattern', why: 'content' };
}

/**
 * Parts of a class that show other classes, clearly or, where that is doubtful, if the network has learned them better; null if none do. `least`: spread that they have to have, whatever their
 * confidence.
 */
function poisonedParts(
  { c, own, shown, known }: Flagged,
  part: ArrayLike<number>,
  loss: Float32Array,
  least = 0,
): ReadonlySet<number> | null {
  const { poisoned, isDoubtful, content } = choosePoisoned(shown, part, c, known);
  if (content[1].spread < least) return null;
  const [rest, chosen] = [false, true].map((is) => own.filter((_, k) => !!poisoned?.has(part[k]) === is));
  // An audit asks a third network about a doubtful choice.
  return isDoubtful && !isLearned(loss, chosen, rest) ? null : poisoned;
}

/** What is suspicious by the parts of a class in T; null if it has one. */
async function suspiciousParts(
  asked: Flagged,
  { classes: flagged, evidence, checkpoints }: Seen,
  seed: number,
): Promise<Suspicion | null> {
  const { own } = asked;
  const others = evidence.p.flatMap((_, k) =>
    flagged.includes(k) || !Number.isFinite(evidence.values.separation[k])
      ? []
      : { separation: evidence.values.separation[k], 'two-sidedness': evidence.values['two-sidedness'][k] },
  );
  const first = Float64Array.from(own, (at) => evidence.logOdds[at]);
  const parts = await partsOf(checkpoints, own, first, others, seed);
  if (parts.length === 1) return null;
  const part = numbersOf(parts, own.length);
  const { loss } = checkpoints.at(-1)!;
  const poisoned = poisonedParts(asked, part, loss);
  if (!poisoned) return { by: 'clusters', ...byLoss(loss, own, first) };
  return { odds: logOddsOf(parts, poisoned, own.length), by: 'clusters', why: 'content' };
}

/**
 * Whether the network has learned the labels of `rows` better by now than those of the `others` of the class, and `rows` are not most of it. A trigger is learned
 * before the images (Li et al. 2021, arXiv 2110.11571), under its own label or another. `loss`: nats by row.
 */
function isLearned(loss: Float32Array, rows: Int32Array, others: Int32Array): boolean {
  const lossOf = (of: Int32Array) => mean(Array.from(of, (at) => loss[at]));
  return rows.length <= MOST_LEARNED * (rows.length + others.length) && lossOf(rows) <= lossOf(others);
}

/**
 * Which of two clusters is set aside if it is not clear what they show, from the log-odds of the second, nats, [own], to those of the chosen one: one that
 * was learned better (`isLearned`), or else the smaller one.
 */
function byLoss(
  loss: Float32Array,
  own: Int32Array,
  second: Float64Array,
): { odds: Float64Array; why: 'learned' | 'smaller' } {
  const [below, above] = [-1, 1].map((sign) => own.filter((_, k) => sign * second[k] > 0));
  const first = second.map((v) => -v);
  if (isLearned(loss, above, below)) return { odds: second, why: 'learned' };
  if (isLearned(loss, below, above)) return { odds: first, why: 'learned' };
  return { odds: above.length <= below.length ? second : first, why: 'smaller' };
}
