/** What an audit concludes of a set and of its classes. */
import type { SideContent } from './cluster-content.js';
import type { UntrustedImages } from './load.js';
import type { ClassEvidence, Signals } from './signals.js';

/** Nominal chance that any class of a clean set is flagged, and up to which p a class is noted. */
export const LEVEL = 0.002;

/**
 * P-value up to which other networks are asked about a class. Of outlying clean classes, at most one in ten is taken for poisoned by these (docs/audit.md),
 * so that a clean set is flagged with a chance of `LEVEL`.
 */
export const EXAMINED = 10 * LEVEL;

/** The same once a class is flagged: the set is no clean set then, for which `LEVEL` is meant. No other class is compared with these either. */
export const FURTHER = 0.05;

/**
 * Why a class that is not flagged is worth a look: its samples form two clusters that may both belong to it, some of its samples show other classes
 * and the network does not learn them, or its information, or the time at which it is learned, differs from all other classes.
 */
export type Note = 'two kinds' | 'mislabelled' | 'unlike';

/** The verdict on a set: `suspicious` if a class is flagged. */
export type Verdict = 'suspicious' | 'nothing found';

/** What is said of one class. */
export interface ClassVerdict {
  /** Name of the class. */
  label: string;
  /** Chance that any class of a clean set shows evidence this strong. */
  p: number;
  /** −log₁₀ p. */
  score: number;
  /** Whether the class is flagged: outlying, and with a cluster that shows other classes. */
  suspicious: boolean;
  /** Why the class is noted, if it is outlying and not flagged; else null. */
  note: Note | null;
  evidence: ClassEvidence;
  /**
   * The two clusters of a flagged or noted class, the one with log-odds of 0 or less first: what each shows (`content`), and which is
   * the poisoned one (`poisoned`), null if that is not clear. Null as a whole for a class that is neither or has no two clusters.
   * `taken`: share of the samples taken for poisoned that a network trained without them assigns to other classes; absent if it was not
   * asked. Samples of a class are named only if its poisoned cluster is known.
   */
  sides: { content: [SideContent, SideContent]; poisoned: 0 | 1 | null; taken?: number } | null;
}

/** −log₁₀ p, for a p of 0 too. */
export const scoreOf = (p: number): number => -Math.log10(Math.max(p, 1e-300));

/** The poisoned cluster of a class; null if it has none, or if it is not known which one is. */
export const poisonedCluster = ({ sides }: Pick<ClassVerdict, 'sides'>): 0 | 1 | null => sides?.poisoned ?? null;

/** What an audit found. */
export interface Audit {
  verdict: Verdict;
  classes: ClassVerdict[];
  /**
   * Score per sample, [n]: the higher, the more it looks poisoned. Log-odds of the poisoned cluster, nats, in classes where that is
   * known; below all of these elsewhere.
   */
  scores: Float64Array;
  /** Samples taken for poisoned, highest log-odds first. */
  suspicious: number[];
  signals: Signals;
  seconds: number;
}

/** A labelled set and the names of its classes. */
export type Labelled = Pick<UntrustedImages, 'set' | 'classes'>;

/** What an audit found, without its time. */
export type Findings = Omit<Audit, 'seconds'>;
