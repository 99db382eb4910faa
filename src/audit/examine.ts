/** From checkpoints of a training to the findings of an audit: which classes are flagged, and which of their samples are named. */
import { type RunHooks, Stopped } from '../base/progress.js';
import type { ImageSet } from '../datasets/types.js';
import { judgeCandidates } from './candidates.js';
import type { Checkpoint, WatchSettings } from './checkpoint.js';
import { type Keep, notKept } from './keep.js';
import { type ClassEvidence, measureSignals } from './signals.js';
import {
  type ClassVerdict,
  EXAMINED,
  type Findings,
  FURTHER,
  type Labelled,
  LEVEL,
  poisonedCluster,
  scoreOf,
} from './verdict.js';

/** Log-odds above which a sample is named: a poisoned sample that stays does more harm than a clean sample that is left out. */
export const NAMED = -5;

/** P-value up to which the clusters of a class count as two, where the evidence as a whole reaches the level. */
const CLUSTERS = 0.05;

/**
 * Compares the classes of a set by checkpoints of a training on it, and asks other networks what the samples of outlying classes show.
 * `settings`: of the training that was recorded. Throws `Stopped` when asked to end.
 */
export async function examine(
  { set, classes }: Labelled,
  checkpoints: readonly Checkpoint[],
  settings: WatchSettings,
  hooks: RunHooks = {},
  keep: Keep = notKept,
): Promise<Findings> {
  const progress = (share: number) => {
    if (hooks.shouldStop?.()) throw new Stopped('stopped');
    hooks.progress?.({ phase: 'signals', stage: 'signals', done: Math.round(100 * share), total: 100, unit: '%' });
  };
  const signals = await measureSignals(checkpoints, set.labels, classes.length, settings.seed, progress, keep);
  const found: ClassVerdict[] = signals.classes.map((evidence, c) => {
    const p = Math.min(1, evidence.together);
    const isUnlike = p <= LEVEL && !hasTwoClusters(evidence);
    const note = isUnlike ? 'unlike' : null;
    return { evidence, label: classes[c], p, score: scoreOf(p), suspicious: false, note, sides: null };
  });
  const scores = new Float64Array(set.n).fill(Number.NEGATIVE_INFINITY);
  const named = () =>
    [...scores.keys()].filter((i) => poisonedCluster(found[set.labels[i]]) !== null && scores[i] > NAMED);
  const isOutlying = (c: number, level: number) => found[c].p <= level && hasTwoClusters(found[c].evidence);
  const examination = { set, checkpoints, signals, found, settings, hooks, keep, scores, known: new Int32Array() };
  const outlying = [...found.keys()].filter((c) => isOutlying(c, EXAMINED));
  await judgeCandidates(examination, outlying);
  if (found.some((c) => c.suspicious)) {
    const isFurther = (c: number) => isOutlying(c, FURTHER) || signals.classes[c].p['I(X;T)'] <= FURTHER;
    const further = [...found.keys()].filter((c) => isFurther(c) && !outlying.includes(c) && !found[c].suspicious);
    if (further.length > 0) await judgeCandidates({ ...examination, known: Int32Array.from(named()) }, further);
  }
  rankOthers(scores, set, found);
  const suspicious = named().sort((a, b) => scores[b] - scores[a] || a - b);
  return {
    verdict: found.some((c) => c.suspicious) ? 'suspicious' : 'nothing found',
    classes: found,
    scores,
    suspicious,
    signals,
  };
}

/** Whether a class is outlying by its two clusters, and not by its information as a whole or the time at which it is learned. */
export const hasTwoClusters = ({ p }: Pick<ClassEvidence, 'p'>): boolean =>
  Math.min(p.separation, p['two-sidedness']) <= CLUSTERS;

/** Scores the samples of classes whose poisoned cluster is not known, below all others, by the evidence of their class. */
function rankOthers(scores: Float64Array, { labels }: ImageSet, found: readonly ClassVerdict[]) {
  const least = scores.reduce((m, v) => (Number.isFinite(v) ? Math.min(m, v) : m), 0);
  // In (0, 1), and falling in the strength of the evidence.
  const behind = found.map(({ evidence: { together } }) => together / (1 + together));
  for (const i of scores.keys()) if (!Number.isFinite(scores[i])) scores[i] = least - 1 - behind[labels[i]];
}
