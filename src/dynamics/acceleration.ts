/**
 * Early acceleration: the epoch at which a group's trajectory reaches half of its maximum, compared with the clean classes. Intervals
 * come from a parametric bootstrap: every estimate is redrawn from a normal distribution with its standard error.
 */
import { Rng } from '../base/random.js';
import { mean, type Trajectory } from './trajectory.js';

/** The point at which a curve first reaches half of its maximum. */
export interface HalfMaximum {
  /** Epoch of the first crossing, interpolated between checkpoints. */
  epoch: number;
  /** Whether the first checkpoint is already above half, so that the crossing lies at or before `epoch`. */
  atOrBefore: boolean;
}

/** Half-maximum epochs of a group and of the clean classes, and their difference, in epochs. */
export interface Acceleration {
  group: string;
  /** Epoch at which the group reaches half of its maximum. */
  epoch: number;
  /** 95 % interval of `epoch`. */
  interval: [number, number];
  /** Mean over the clean classes of their half-maximum epochs. */
  cleanEpoch: number;
  /** `epoch − cleanEpoch`: negative where the group is earlier. */
  difference: number;
  /** 95 % interval of `difference`. */
  differenceInterval: [number, number];
  /** Whether a curve was above half at its first checkpoint; the difference is then understated. */
  atOrBefore: boolean;
}

/** First epoch at which the curve reaches half of its maximum; null if it never rises above 0. */
export function halfMaximum({ epochs, values }: Pick<Trajectory, 'epochs' | 'values'>): HalfMaximum | null {
  const half = Math.max(...values) / 2;
  if (!(half > 0)) return null;
  const i = values.findIndex((v) => v >= half);
  if (i === 0) return { epoch: epochs[0], atOrBefore: true };
  const share = (half - values[i - 1]) / (values[i] - values[i - 1]);
  return { epoch: epochs[i - 1] + share * (epochs[i] - epochs[i - 1]), atOrBefore: false };
}

/**
 * Half-maximum epoch of `group`, compared with the mean over the clean classes (same quantity, same estimator). Null for a single
 * checkpoint, and where a curve's maximum lies within two standard errors of 0. With 1 000 bootstrap
 * draws, the ends of an interval have a Monte Carlo error of about 2 % of its width.
 */
export function earlyAcceleration(
  group: Trajectory,
  cleanClasses: readonly Trajectory[],
  { seed, draws = 1000 }: { seed: number; draws?: number },
): Acceleration | null {
  const all = [group, ...cleanClasses];
  if (cleanClasses.length === 0 || !all.every((c) => c.epochs.length > 1 && rises(c))) return null;
  const measured = all.map((c) => halfMaximum(c)!);
  const epochs: number[] = [];
  const differences: number[] = [];
  // One stream per curve, named by its group, so that the order of the classes does not matter.
  const streams = all.map((c) => new Rng(seed, 'early acceleration', c.group, c.quantity));
  for (let d = 0; d < draws; d++) {
    const redrawn = all.map((c, k) => {
      const values = c.values.map((v, i) => v + c.standardErrors[i] * streams[k].normal());
      return halfMaximum({ epochs: c.epochs, values })?.epoch;
    });
    if (redrawn.some((e) => e === undefined)) continue;
    const [own, ...others] = redrawn as number[];
    epochs.push(own);
    differences.push(own - mean(others));
  }
  const cleanEpoch = mean(measured.slice(1).map((m) => m.epoch));
  return {
    group: group.group,
    epoch: measured[0].epoch,
    interval: middle95(epochs),
    cleanEpoch,
    difference: measured[0].epoch - cleanEpoch,
    differenceInterval: middle95(differences),
    atOrBefore: measured.some((m) => m.atOrBefore),
  };
}

function rises({ values, standardErrors }: Trajectory): boolean {
  const top = values.indexOf(Math.max(...values));
  return values[top] > 2 * standardErrors[top] && values[top] > 0;
}

/** 2.5 % and 97.5 % quantiles, linear between order statistics. */
function middle95(draws: number[]): [number, number] {
  const sorted = [...draws].sort((a, b) => a - b);
  const quantile = (p: number) => {
    const position = p * (sorted.length - 1);
    const i = Math.floor(position);
    return sorted[i] + (position - i) * ((sorted[i + 1] ?? sorted[i]) - sorted[i]);
  };
  return [quantile(0.025), quantile(0.975)];
}
