import { type RunHooks, Stopped } from '../base/progress.js';
import type { ImageSet } from '../datasets/types.js';
import { type Matrix, rowsOf } from '../information/columns.js';
import { combined } from './evidence.js';
import type { Unvouched } from './load.js';
import type { Look, WatchSettings } from './look.js';
import { contentOf, type SideContent, strangersLogits } from './sides.js';
import {
  type ClassEvidence,
  FEWEST_SAMPLES,
  halvesOf,
  measureSignals,
  membersOf,
  type Signals,
  splitP,
} from './signals.js';
import { SMALLEST_SIDE } from './two-means.js';

/** Chance that a clean set raises an alarm, over all its classes. */
export const LEVEL = 0.01;

/** Epochs of the network that says what a class shows: a share of the audit's, and no fewer. */
const SIDES = { share: 1 / 3, least: 6 };

/** Log-odds above which a sample is named: a payload that stays costs more than a sample of the class that goes. */
const NAMED = -5;

/** What is said of one class. */
export interface ClassVerdict {
  /** Name of the class. */
  label: string;
  /** Chance of evidence this strong somewhere in a clean set. */
  p: number;
  /** −log₁₀ p. */
  score: number;
  suspicious: boolean;
  evidence: ClassEvidence;
  /**
   * What the two sides of a class show that stands out, those with odds of 0 or less first, and which is taken for the payload: null where that
   * is not clear. Null in all where the class does not fall into two. Either way none of its samples is named.
   */
  sides: { content: [SideContent, SideContent]; payload: 0 | 1 | null } | null;
}

/** What an audit found. */
export interface Audit {
  verdict: 'suspicious' | 'nothing found';
  classes: ClassVerdict[];
  /** Per sample, [n]: how much it looks like payload. In classes whose payload is known log-odds in nats; elsewhere below all of these. */
  scores: Float64Array;
  /** Samples taken for payload, the most suspicious first. */
  suspicious: number[];
  signals: Signals;
  seconds: number;
}

/** A labelled set and the names of its classes. */
export type Labelled = Pick<Unvouched, 'set' | 'classes'>;

/** What stands out in looks at a training on a set: what an audit found, but for its time. */
export type Findings = Omit<Audit, 'seconds'>;

/** Says how the work goes on, `images` being what is trained in all; throws `Stopped` when asked to end. */
export const stepOf =
  (hooks: RunHooks) =>
  (stage: string, images: number) =>
  (share: number): void => {
    if (hooks.shouldStop?.()) throw new Stopped('stopped');
    hooks.progress?.({ phase: 'train', stage, done: Math.round(share * images), total: images, unit: 'images' });
  };

/**
 * Holds the classes of a set against one another by looks at a training on it, and asks a second network what the samples of those
 * that stand out show. `settings`: of the training that was looked at.
 */
export async function examine(
  { set, classes }: Labelled,
  looks: readonly Look[],
  settings: WatchSettings,
  hooks: RunHooks = {},
): Promise<Findings> {
  const signals = await measureSignals(looks, set.labels, classes.length, settings.seed, (share) => {
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
  const members = membersOf(set.labels, classes.length);
  const known = members.filter((m) => m.length > 0).length - 1;
  const shorter = { ...settings, epochs: Math.max(SIDES.least, Math.ceil(SIDES.share * settings.epochs)) };
  for (const [c, verdict] of found.entries()) {
    if (!verdict.suspicious || !fallsApart(verdict.evidence)) continue;
    const step = stepOf(hooks)(`what class ${verdict.label} shows`, set.n * shorter.epochs);
    const own = members[c];
    const unturned = Float64Array.from(own, (i) => signals.odds[i]);
    if (smallerSide(unturned) < SMALLEST_SIDE) continue;
    const logits = await strangersLogits(set, classes.length, own, shorter, step);
    const content = contentOf(logits, unturned, c, known);
    const payload = payloadOf(...content);
    verdict.sides = { content, payload };
    if (payload === null) continue;
    const odds = unturned.map((v) => (payload ? v : -v));
    // What stands out is no yardstick for what is left of another class.
    const others = signals.classes.filter((_, k) => !found[k].suspicious);
    await peel({ looks, own, odds, logits, c, known, others, seed: settings.seed });
    own.forEach((i, k) => {
      scores[i] = odds[k];
    });
  }
  rankOthers(scores, set, found);
  const suspicious = [...scores.keys()]
    .filter((i) => (found[set.labels[i]].sides?.payload ?? null) !== null && scores[i] > NAMED)
    .sort((a, b) => scores[b] - scores[a] || a - b);
  return {
    verdict: found.some((c) => c.suspicious) ? 'suspicious' : 'nothing found',
    classes: found,
    scores,
    suspicious,
    signals,
  };
}

/** Samples on the smaller of two sides; looks that disagree may leave all on one. */
function smallerSide(odds: Float64Array): number {
  const above = odds.reduce((s, v) => s + Number(v > 0), 0);
  return Math.min(above, odds.length - above);
}

/** Whether a class that stands out does so by its two sides, and not by how much its samples as a whole know or when they learn. */
export function fallsApart({ p }: ClassEvidence): boolean {
  return combined([p.separation, p['two-sidedness']].map((v) => ({ p: v, weight: 1 / 2 }))) <= LEVEL;
}

/** Spread of images that were brought from all over the set. */
const ALL_OVER = 0.75;

/**
 * Which side is the payload: the one that shows more of the other classes, and shows them more surely. Where the two do not agree, the
 * one that shows nearly all of them; and null where there is none: both may well belong to the class, as under a clean-label attack.
 */
export function payloadOf(first: SideContent, second: SideContent): 0 | 1 | null {
  const spread = second.spread - first.spread;
  const confidence = second.confidence - first.confidence;
  const decided = spread * confidence >= 0 || Math.max(first.spread, second.spread) >= ALL_OVER;
  if (!decided) return null;
  return spread + (spread * confidence >= 0 ? confidence : 0) > 0 ? 1 : 0;
}

/** Splits after the first that payload is looked for in. */
const MOST_SPLITS = 3;

/**
 * Payload may lie in more places than one: what is left of a class is split again for as long as it falls into two as no other class
 * does. Raises `odds` [own] of what lies on the side that a network without the class is surer of; the variety of what it shows says
 * nothing here, because a place may hold payload of one class alone.
 */
async function peel(asked: {
  looks: readonly Look[];
  /** The class's samples, and what a network without the class makes of them, [own, classes]. */
  own: Int32Array;
  logits: Matrix;
  odds: Float64Array;
  c: number;
  /** Classes that network was trained on. */
  known: number;
  others: readonly ClassEvidence[];
  seed: number;
}): Promise<void> {
  const { looks, own, odds, logits, c, known, others, seed } = asked;
  for (let round = 0; round < MOST_SPLITS; round++) {
    const left = Int32Array.from([...own.keys()].filter((k) => odds[k] <= NAMED));
    if (left.length < FEWEST_SAMPLES) return;
    const halves = await halvesOf(
      looks,
      left.map((k) => own[k]),
      seed,
    );
    if (smallerSide(halves.odds) < SMALLEST_SIDE || splitP(halves, others) > LEVEL) return;
    const [low, high] = contentOf(rowsOf(logits, left), halves.odds, c, known);
    const turn = high.confidence > low.confidence ? 1 : -1;
    left.forEach((k, i) => {
      if (turn * halves.odds[i] > 0) odds[k] = turn * halves.odds[i];
    });
  }
}

/** Samples of classes whose payload is not known come after those of classes where it is, by their class's evidence. */
function rankOthers(scores: Float64Array, { labels }: ImageSet, found: readonly ClassVerdict[]) {
  const least = scores.reduce((m, v) => (Number.isFinite(v) ? Math.min(m, v) : m), 0);
  // In (0, 1) for any p over its share of the level.
  const behind = found.map(({ evidence: { together } }) => together / (1 + together));
  for (const i of scores.keys()) if (!Number.isFinite(scores[i])) scores[i] = least - 1 - behind[labels[i]];
}
