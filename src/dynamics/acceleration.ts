/**
 * Early acceleration: when a group's trajectory reaches half of its rise, compared with the clean classes. The rise is counted from 0 nats:
 * what a curve did before its first checkpoint is not known. Checkpoints lie on a logarithmic axis, so the crossing is interpolated in
 * ln(epoch), and the natural difference is that of logarithms: a ratio, which is the same in steps and in epochs.
 */
import { Rng } from '../base/random.js';
import type { Trajectory } from './trajectory.js';

/** The point at which a curve first reaches half of its maximum. */
export interface HalfMaximum {
  /** Epoch of the first crossing, interpolated between checkpoints in ln(epoch). */
  epoch: number;
  /** Whether the first checkpoint is already above half (censored), so that the crossing lies at or before `epoch`. */
  atOrBefore: boolean;
}

/** Half-maximum epochs of a group and of the clean classes. */
export interface Lead {
  /** Epoch at which the group reaches half of its maximum. */
  epoch: number;
  /** Median over the clean classes of their half-maximum epochs. */
  cleanEpoch: number;
  /** `ln(epoch / cleanEpoch)`: below 0 where the group is earlier. */
  logRatio: number;
  /** Whether the group is past half at its first checkpoint: it may be earlier than `epoch`. */
  censored: boolean;
  /** Clean classes that are past half at their first checkpoint. */
  cleanCensoredClasses: number;
  /** Whether so many of them are that their median may be earlier than `cleanEpoch`. */
  cleanCensored: boolean;
}

/** Half-maximum epochs of a group and of the clean classes, and their difference, in epochs. */
export interface Acceleration {
  group: string;
  /** Epoch at which the group reaches half of its maximum. */
  epoch: number;
  /** 95 % interval of `epoch`. */
  interval: [number, number];
  /** Median over the clean classes of their half-maximum epochs. */
  cleanEpoch: number;
  /** `epoch − cleanEpoch`: negative where the group is earlier. */
  difference: number;
  /** 95 % interval of `difference`, within the run. */
  differenceInterval: [number, number];
  /** Whether a curve was above half at its first checkpoint; the difference may then be another. */
  atOrBefore: boolean;
}

/** First epoch at which the curve reaches half of its maximum; null if it never rises above 0. */
export function halfMaximum({ epochs, values }: Pick<Trajectory, 'epochs' | 'values'>): HalfMaximum | null {
  const half = Math.max(...values) / 2;
  if (!(half > 0)) return null;
  const i = values.findIndex((v) => v >= half);
  if (i === 0) return { epoch: epochs[0], atOrBefore: true };
  const share = (half - values[i - 1]) / (values[i] - values[i - 1]);
  // A trace of another program may begin at epoch 0, which has no logarithm.
  const epoch =
    epochs[i - 1] > 0
      ? epochs[i - 1] * (epochs[i] / epochs[i - 1]) ** share
      : epochs[i - 1] + share * (epochs[i] - epochs[i - 1]);
  return { epoch, atOrBefore: false };
}

/** Geometric mean of the middle one or two of epochs in any order. The earliest do not count, so that a few censored ones change nothing. */
function medianEpoch(epochs: readonly number[]): number {
  const sorted = [...epochs].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === high ? low : Math.sqrt(low * high);
}

/**
 * When `group` reaches half of its rise, against the clean classes (same quantity, same estimator). Null for a single checkpoint, without a
 * clean class, and where a curve's maximum lies within two standard errors of 0.
 */
export function leadOf(group: Trajectory, cleanClasses: readonly Trajectory[]): Lead | null {
  const all = [group, ...cleanClasses];
  if (cleanClasses.length === 0 || !all.every((c) => c.epochs.length > 1 && rises(c))) return null;
  const [own, ...others] = all.map((c) => halfMaximum(c)!);
  const cleanEpoch = medianEpoch(others.map((m) => m.epoch));
  const cleanCensoredClasses = others.filter((m) => m.atOrBefore).length;
  return {
    epoch: own.epoch,
    cleanEpoch,
    logRatio: Math.log(own.epoch / cleanEpoch),
    censored: own.atOrBefore,
    cleanCensoredClasses,
    cleanCensored: cleanCensoredClasses > (others.length - 1) >> 1,
  };
}

/**
 * `leadOf` with intervals within the run, by a parametric bootstrap: every estimate is redrawn from a normal distribution with its standard
 * error. Null where `leadOf` is. With 1 000 draws, the ends of an interval have a Monte Carlo error of about 2 % of its width.
 */
export function earlyAcceleration(
  group: Trajectory,
  cleanClasses: readonly Trajectory[],
  { seed, draws = 1000 }: { seed: number; draws?: number },
): Acceleration | null {
  const lead = leadOf(group, cleanClasses);
  if (!lead) return null;
  const all = [group, ...cleanClasses];
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
    differences.push(own - medianEpoch(others));
  }
  return {
    group: group.group,
    epoch: lead.epoch,
    interval: middle95(epochs),
    cleanEpoch: lead.cleanEpoch,
    difference: lead.epoch - lead.cleanEpoch,
    differenceInterval: middle95(differences),
    atOrBefore: lead.censored || lead.cleanCensoredClasses > 0,
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
