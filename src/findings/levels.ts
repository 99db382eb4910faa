import { isClassGroup } from '../dynamics/group-id.js';
import { epochAverage, mean, type Trajectory, trajectories } from '../dynamics/index.js';
import type { ScoredRun, StudyRun } from './types.js';

/**
 * Trajectories of one quantity in the rows that a run's score is made of: resolved information where that is the run's first instrument, else
 * critics. A run's report holds no others of the score's quantities.
 */
export const curvesOf = ({ report }: StudyRun, quantity: string): Trajectory[] =>
  trajectories(report.information.filter((r) => r.quantity === quantity));

/** S of a run, NaN without one. */
export const scoreOf = (r: Pick<ScoredRun, 'report'>) => r.report.stealth?.score ?? Number.NaN;
/** ASR of a run, 0 … 1, NaN without a trigger. */
export const asrOf = (r: Pick<ScoredRun, 'result'>) => r.result.asr ?? Number.NaN;

/** S of one run minus S of the run of the same seed, for every seed at which both have one. */
export function scoreDifferences(of: readonly ScoredRun[], minus: readonly ScoredRun[]): number[] {
  const theirs = new Map(minus.map((r) => [r.config.seed, scoreOf(r)]));
  return of.map((r) => scoreOf(r) - (theirs.get(r.config.seed) ?? Number.NaN)).filter(Number.isFinite);
}

/** Average over epochs of a group's trajectory, nats; NaN without one. */
export function levelOf(run: StudyRun, quantity: string, group: string): number {
  const curve = curvesOf(run, quantity).find((c) => c.group === group);
  return curve ? epochAverage(curve.epochs, curve.values) : Number.NaN;
}

/** Mean over the clean classes of the average over epochs, nats. */
export function cleanLevel(run: StudyRun, quantity: string): number {
  const curves = curvesOf(run, quantity).filter((c) => isClassGroup(c.group));
  return mean(curves.map((c) => epochAverage(c.epochs, c.values)));
}
