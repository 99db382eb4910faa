import { type Average, average, predictionRange } from '../dynamics/index.js';
import type { ScoredRun } from './types.js';

export const scoresOf = (runs: readonly ScoredRun[]) =>
  runs.flatMap((r) => (r.report.stealth?.score == null ? [] : [r.report.stealth.score]));

/** Mean S over seeds and its 95 % interval. Both come from D, which has no upper limit: e^−mean D, at most 1. */
export function meanScore(runs: readonly ScoredRun[]): Average {
  const d = average(runs.flatMap((r) => r.report.stealth?.distance ?? []));
  const score = (distance: number) => Math.min(1, Math.exp(-distance));
  return { ...d, mean: score(d.mean), interval: [score(d.interval[1]), score(d.interval[0])] };
}

/** 95 % range of S for one more clean class, from the null draws of all runs, a class of all seeds counting as one. */
export function nullRange(runs: readonly ScoredRun[]): [number, number] | null {
  const byClass = new Map<string, number[]>();
  for (const { report } of runs)
    report.stealth?.null?.labels.forEach((label, i) => {
      const k = label.split('/')[0];
      byClass.set(k, [...(byClass.get(k) ?? []), report.stealth!.null!.distances[i]]);
    });
  if (byClass.size < 2) return null;
  const [low, high] = predictionRange([...byClass.values()]);
  return [Math.exp(-high), Math.exp(-low)];
}
