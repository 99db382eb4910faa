import type { RunConfig } from '../config/options.js';
import { isClassGroup, isNullGroup, partOf } from '../dynamics/group-id.js';
import {
  type Acceleration,
  authorsDraft,
  type DraftResult,
  type EstimateRow,
  earlyAcceleration,
  type LagrangianCurve,
  lagrangian,
  lagrangianConventions,
  type Phases,
  type ProcessingInequality,
  phases,
  processingInequality,
  type ScoreReading,
  type StealthResult,
  smooth,
  stealth,
  type Trajectory,
  trajectories,
} from '../dynamics/index.js';
import type { LayerScore, NoiseRange } from '../report/index.js';

/** Everything derived from the estimates; `stealth.json`. */
interface Dynamics {
  stealth: StealthResult;
  draft: DraftResult;
  phases: Phases[];
  acceleration: Acceleration | null;
  /** The same without recomputed statistics of batch norm; null where no moment had them. */
  accelerationRunning: Acceleration | null;
  lagrangian: LagrangianCurve[];
  processingInequality: ProcessingInequality;
}

/** The dynamics of the headline's layer, and the scores of the others. */
export interface LayeredDynamics extends Dynamics {
  layers: LayerScore[];
  readings: ScoreReading[];
  /** How well the noise of every group is modelled. */
  noise: NoiseRange[];
}

/** Derives the dynamics from a table of estimates; `running`: the estimates without recomputed statistics, see `withRunningStatistics`. */
export function dynamicsOf(
  rows: readonly EstimateRow[],
  config: Pick<RunConfig, 'target' | 'beta' | 'window' | 'seed' | 'epochs' | 'minimumGroup'>,
  running: readonly EstimateRow[] = [],
): Dynamics {
  const { target, beta, window, seed, epochs } = config;
  const resolved = rows.some((r) => r.estimator === 'resolved');
  const curves = trajectories(rows)
    .filter((c) => !isNullGroup(c.group))
    .map((c) => smooth(c, window));
  const of = (quantity: string) => curves.filter((c) => c.quantity === quantity);
  const pair = (group: string) => of('I(T;Ŷ)').find((c) => c.group === group) ?? null;
  const xt = of('I(X;T)');
  const acceleration = (among: readonly Trajectory[]) => {
    const backdoor = among.find((c) => c.quantity === 'I(X;T)' && c.group === partOf(target, 'backdoor'));
    const clean = among.filter((c) => c.quantity === 'I(X;T)' && isClassGroup(c.group));
    return backdoor ? earlyAcceleration(backdoor, clean, { seed }) : null;
  };
  return {
    stealth: stealth(rows, {
      target,
      beta,
      window,
      estimator: resolved ? 'resolved' : undefined,
      minimumSamples: config.minimumGroup,
    }),
    draft: authorsDraft(rows, { target, trainedFor: epochs >= 100 ? epochs : 120 }),
    phases: xt.map((c) => phases(c, pair(c.group))),
    acceleration: acceleration(curves),
    accelerationRunning: acceleration(trajectories(running).map((c) => smooth(c, window))),
    lagrangian: xt.flatMap((c) => {
      const output = pair(c.group);
      return output ? lagrangianConventions.map((convention) => lagrangian(c, output, { beta, convention })) : [];
    }),
    processingInequality: processingInequality(rows),
  };
}
