import { isClassGroup } from '../dynamics/group-id.js';
import { type EstimateRow, epochAverage, mean, trajectories } from '../dynamics/index.js';
import type { StudyRun } from './types.js';

/** Trajectories of one quantity. */
export const curvesOf = (rows: readonly EstimateRow[], quantity: string) =>
  trajectories(rows.filter((r) => r.quantity === quantity));

/** S of a run, NaN without one. */
export const scoreOf = (r: StudyRun) => r.report.stealth?.score ?? Number.NaN;
/** ASR of a run, 0 … 1, NaN without a trigger. */
export const asrOf = (r: StudyRun) => r.result.asr ?? Number.NaN;

/** Average over epochs of a group's trajectory, nats; NaN without one. */
export function levelOf(run: StudyRun, quantity: string, group: string): number {
  const curve = trajectories(run.report.information).find((c) => c.group === group && c.quantity === quantity);
  return curve ? epochAverage(curve.epochs, curve.values) : Number.NaN;
}

/** Mean over the clean classes of the average over epochs, nats. */
export function cleanLevel(run: StudyRun, quantity: string): number {
  const curves = trajectories(run.report.information).filter((c) => isClassGroup(c.group) && c.quantity === quantity);
  return mean(curves.map((c) => epochAverage(c.epochs, c.values)));
}
