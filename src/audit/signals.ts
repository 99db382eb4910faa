/** The signals of an audit, for every class, and their combination into one p-value per class. */
import { indicesByClass } from '../datasets/limits.js';
import { MINIMUM_GROUP } from '../information/groups.js';
import type { Checkpoint } from './checkpoint.js';
import { FEWEST_SAMPLES, separation, type TwoClusters, twoClusters, twoSidedness } from './clusters.js';
import { earlyDifference } from './early.js';
import { combined, FEWEST_OTHERS, type PerClass } from './evidence.js';
import { estimateInput, estimateOutput, inputSignal, outputSignal } from './information.js';
import { type Keep, notKept } from './keep.js';
import { type Signal, signals, WEIGHT } from './names.js';
import { chanceOfSet } from './reference.js';

/** Share of the signals' time in which classes are split; for the progress alone. */
const SPLITTING = 0.3;

/** How a class compares with the others. */
export interface ClassEvidence {
  /** Value of each signal; NaN if it could not be measured. */
  values: Record<Signal, number>;
  /** P-value of each signal by itself: the chance that any class of a clean set lies so far out. */
  p: Record<Signal, number>;
  /** Of all signals together: the smallest p over its weight. Above 1 without any evidence. */
  together: number;
}

/** What the signals say of classes and samples. */
export interface Signals {
  classes: ClassEvidence[];
  /** Chance that the classes of a clean set all show clusters as clear as these: against clean sets, not against one another. */
  wholeSet: number;
  /** Log-odds that a sample lies in the second cluster of its class, nats, [n]. Which cluster is poisoned is not decided here. */
  logOdds: Float64Array;
  /** Contribution of each sample to its class's information, nats, [n], as `information.ts` averages it; NaN if it was not estimated. */
  pointwise: Record<'I(X;T)' | 'I(T;Ŷ)', Float32Array>;
}

/** All signals of a watched training. `progress` hears the share done, and may throw to end the work. */
export async function measureSignals(
  checkpoints: readonly Checkpoint[],
  labels: Int32Array,
  classes: number,
  seed: number,
  progress: (share: number) => void = () => {},
  keep: Keep = notKept,
): Promise<Signals> {
  const members = indicesByClass(labels, classes);
  const split: (TwoClusters | null)[] = [];
  const logOdds = new Float64Array(labels.length);
  for (const [c, rows] of members.entries()) {
    progress((SPLITTING * c) / classes);
    const found = rows.length < FEWEST_SAMPLES ? null : await twoClusters(checkpoints, rows, seed);
    rows.forEach((r, i) => {
      logOdds[r] = found?.logOdds[i] ?? 0;
    });
    split.push(found);
  }
  // Estimates from few samples are no evidence either way.
  const enough = members.filter((m) => m.length >= MINIMUM_GROUP).length > FEWEST_OTHERS;
  const judged = enough ? checkpoints : [];
  const input = estimateInput(judged, members, seed);
  const output = await keep('I(T;Ŷ)', () =>
    estimateOutput(judged, labels, members, seed, (share) => progress(SPLITTING + (1 - SPLITTING) * share)),
  );
  const each: Record<Signal, PerClass> = {
    separation: separation(split),
    'two-sidedness': twoSidedness(split),
    'I(X;T)': inputSignal(input),
    'I(T;Ŷ)': outputSignal(output),
    'early loss': earlyDifference(checkpoints[0].loss, members, logOdds),
    'early information': earlyDifference(output.first, members, logOdds),
  };
  return {
    classes: evidenceOf(
      each,
      split.map((s) => s !== null),
    ),
    wholeSet: chanceOfSet(split),
    logOdds,
    pointwise: { 'I(X;T)': input.pointwise, 'I(T;Ŷ)': output.pointwise },
  };
}

/** Combines the signals of each class. A class that is not judged is never flagged, and costs the others nothing. */
function evidenceOf(each: Record<Signal, PerClass>, judged: readonly boolean[]): ClassEvidence[] {
  const of = (what: keyof PerClass, c: number) =>
    Object.fromEntries(signals.map((s) => [s, each[s][what][c]])) as Record<Signal, number>;
  return judged.map((isJudged, c) => {
    const p = of('p', c);
    const together = combined(signals.map((s) => ({ p: isJudged ? p[s] : 1, weight: WEIGHT[s] })));
    return { values: of('values', c), p, together };
  });
}
