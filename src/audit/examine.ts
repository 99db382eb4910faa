/** From checkpoints of a training to the findings of an audit: which classes are flagged, and which of their samples are named. */
import { type RunHooks, Stopped } from '../base/progress.js';
import { indicesByClass } from '../datasets/limits.js';
import type { ImageSet } from '../datasets/types.js';
import { type Matrix, rowsOf } from '../information/columns.js';
import type { Checkpoint, WatchSettings } from './checkpoint.js';
import { contentOf, decidePoisoned, logitsWithout } from './cluster-content.js';
import { FEWEST_SAMPLES, splitP, twoClusters } from './clusters.js';
import { combined } from './evidence.js';
import { SMALLEST_CLUSTER } from './mixture.js';
import { type ClassEvidence, measureSignals, type Signals } from './signals.js';
import { type ClassVerdict, type Findings, type Labelled, LEVEL, poisonedCluster } from './verdict.js';

/**
 * Epochs of the network that is trained without a flagged class: a share of the audit's own, and no fewer than `least`. It only has to
 * tell apart what two clusters show, which takes less training than the clusters themselves.
 */
const WITHOUT_CLASS = { share: 1 / 3, least: 6 };

/** Log-odds above which a sample is named: a poisoned sample that stays does more harm than a clean sample that is left out. */
export const NAMED = -5;

/** Splits after the first by which further poisoned samples are sought. Each takes a share of a class, so few can follow. */
const MOST_SPLITS = 3;

/** Reports the work by `images`, the number trained in total; throws `Stopped` when asked to end. */
export const trainingProgress =
  (hooks: RunHooks) =>
  (stage: string, images: number) =>
  (share: number): void => {
    if (hooks.shouldStop?.()) throw new Stopped('stopped');
    hooks.progress?.({ phase: 'train', stage, done: Math.round(share * images), total: images, unit: 'images' });
  };

/**
 * Compares the classes of a set by checkpoints of a training on it, and asks a second network what the samples of flagged classes
 * show. `settings`: of the training that was recorded. Throws `Stopped` when asked to end.
 */
export async function examine(
  { set, classes }: Labelled,
  checkpoints: readonly Checkpoint[],
  settings: WatchSettings,
  hooks: RunHooks = {},
): Promise<Findings> {
  const signals = await measureSignals(checkpoints, set.labels, classes.length, settings.seed, (share) => {
    if (hooks.shouldStop?.()) throw new Stopped('stopped');
    hooks.progress?.({ phase: 'signals', stage: 'signals', done: Math.round(100 * share), total: 100, unit: '%' });
  });
  const found: ClassVerdict[] = signals.classes.map((evidence, c) => ({
    evidence,
    label: classes[c],
    p: evidence.adjusted,
    score: -Math.log10(Math.max(evidence.adjusted, 1e-300)),
    suspicious: evidence.adjusted <= LEVEL,
    sides: null,
  }));
  const scores = new Float64Array(set.n).fill(Number.NEGATIVE_INFINITY);
  for (const [c, verdict] of found.entries()) {
    if (!verdict.suspicious || !hasTwoClusters(verdict.evidence)) continue;
    await scoreClass({ set, checkpoints, signals, found, settings, hooks, scores }, c);
  }
  rankOthers(scores, set, found);
  const suspicious = [...scores.keys()]
    .filter((i) => poisonedCluster(found[set.labels[i]]) !== null && scores[i] > NAMED)
    .sort((a, b) => scores[b] - scores[a] || a - b);
  return {
    verdict: found.some((c) => c.suspicious) ? 'suspicious' : 'nothing found',
    classes: found,
    scores,
    suspicious,
    signals,
  };
}

/** Whether a class is flagged by its two clusters, and not by its information as a whole or the time at which it is learned. */
export function hasTwoClusters({ p }: ClassEvidence): boolean {
  return combined([p.separation, p['two-sidedness']].map((v) => ({ p: v, weight: 1 / 2 }))) <= LEVEL;
}

/** What an audit knows while it looks into its flagged classes. */
interface Examination {
  set: ImageSet;
  checkpoints: readonly Checkpoint[];
  signals: Signals;
  found: ClassVerdict[];
  settings: WatchSettings;
  hooks: RunHooks;
  scores: Float64Array;
}

/** Sets `sides` of the flagged class `c`, and the scores of its samples if it is known which cluster is poisoned. */
async function scoreClass(examination: Examination, c: number): Promise<void> {
  const { set, signals, found, settings, hooks, scores } = examination;
  const classes = found.length;
  const members = indicesByClass(set.labels, classes);
  const own = Int32Array.from(members[c]);
  const logOdds = Float64Array.from(own, (i) => signals.logOdds[i]);
  if (smallerCluster(logOdds) < SMALLEST_CLUSTER) return;
  const known = members.filter((m) => m.length > 0).length - 1;
  const epochs = Math.max(WITHOUT_CLASS.least, Math.ceil(WITHOUT_CLASS.share * settings.epochs));
  const step = trainingProgress(hooks)(`what class ${found[c].label} shows`, set.n * epochs);
  const logits = await logitsWithout(set, classes, own, { ...settings, epochs }, step);
  const content = contentOf(logits, logOdds, c, known);
  const poisoned = decidePoisoned(...content);
  found[c].sides = { content, payload: poisoned };
  if (poisoned === null) return;
  const ofPoisoned = logOdds.map((v) => (poisoned ? v : -v));
  await splitRest(examination, { c, own, logits, known, logOdds: ofPoisoned });
  own.forEach((i, k) => {
    scores[i] = ofPoisoned[k];
  });
}

/** Samples in the smaller of two clusters; checkpoints that disagree may leave all in one. */
function smallerCluster(logOdds: Float64Array): number {
  const above = logOdds.reduce((s, v) => s + Number(v > 0), 0);
  return Math.min(above, logOdds.length - above);
}

/** A flagged class: its samples, what a network trained on the `known` other classes makes of them, and their log-odds, [own]. */
interface FlaggedClass {
  c: number;
  own: Int32Array;
  logits: Matrix;
  known: number;
  logOdds: Float64Array;
}

/**
 * Poisoned samples may lie in more than one place: the rest of the class is split again as long as it has two clusters as no other
 * class does. Raises `logOdds` of the samples in the cluster of which the network without the class is more confident. The spread
 * says nothing here, because one place may hold poisoned samples from a single class.
 */
async function splitRest(
  { checkpoints, signals, found, settings }: Examination,
  { c, own, logits, known, logOdds }: FlaggedClass,
): Promise<void> {
  // Flagged classes are no measure of what the rest of another class may look like.
  const others = signals.classes.filter((_, k) => !found[k].suspicious).map((e) => e.values);
  for (let round = 0; round < MOST_SPLITS; round++) {
    const rest = Int32Array.from([...own.keys()].filter((k) => logOdds[k] <= NAMED));
    if (rest.length < FEWEST_SAMPLES) return;
    const rows = rest.map((k) => own[k]);
    const split = await twoClusters(checkpoints, rows, settings.seed);
    if (smallerCluster(split.logOdds) < SMALLEST_CLUSTER || splitP(split, others) > LEVEL) return;
    const [low, high] = contentOf(rowsOf(logits, rest), split.logOdds, c, known);
    const turn = high.confidence > low.confidence ? 1 : -1;
    rest.forEach((k, i) => {
      if (turn * split.logOdds[i] > 0) logOdds[k] = turn * split.logOdds[i];
    });
  }
}

/** Scores the samples of classes whose poisoned cluster is not known, below all others, by the evidence of their class. */
function rankOthers(scores: Float64Array, { labels }: ImageSet, found: readonly ClassVerdict[]) {
  const least = scores.reduce((m, v) => (Number.isFinite(v) ? Math.min(m, v) : m), 0);
  // In (0, 1), and falling in the strength of the evidence.
  const behind = found.map(({ evidence: { together } }) => together / (1 + together));
  for (const i of scores.keys()) if (!Number.isFinite(scores[i])) scores[i] = least - 1 - behind[labels[i]];
}
