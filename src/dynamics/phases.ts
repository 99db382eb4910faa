/**
 * Training phases of one group, from the trajectories of I(X;T) and I(T;Ŷ):
 *
 * - expansion: I(X;T) rises;
 * - compression: I(X;T) falls while I(T;Ŷ) holds (does not fall);
 * - convergence: both are flat;
 * - other: any other pair of directions;
 * - not resolved: the standard errors are too large, or the checkpoints too few, to tell.
 *
 * Directions come from the change points of each curve (changepoints.ts), whose thresholds are in standard errors. With independent
 * errors about 1.5 % of flat curves show a false phase. The share is higher if the standard errors are understated, as they may be for
 * a single training seed.
 */
import { boundaryInterval, segment } from './changepoints.js';
import { at, commonEpochs, type Trajectory } from './trajectory.js';

/**
 * What I(X;T) and I(T;Ŷ) do in a phase: I(X;T) rises (`expansion`), falls while I(T;Ŷ) holds (`compression`), both are flat
 * (`convergence`), or anything else.
 */
export type PhaseKind = 'expansion' | 'compression' | 'convergence' | 'other' | 'not resolved';

/** One phase of a group, between two checkpoints. */
export interface Phase {
  kind: PhaseKind;
  /** Epochs of the checkpoints between which the phase lies. */
  start: number;
  end: number;
  /** 95 % interval of each boundary, in epochs; null at the two ends of the curve. */
  startInterval: [number, number] | null;
  endInterval: [number, number] | null;
}

/** The phases of one group, from its first checkpoint to its last. */
export interface Phases {
  group: string;
  phases: Phase[];
  /** Why a phase is not resolved. */
  reason?: string;
}

type Direction = 'up' | 'down' | 'flat' | 'unknown';

/** A stretch of one direction between two checkpoints (indices), with the interval of its end. */
interface Stretch {
  direction: Direction;
  end: number;
  endInterval: [number, number];
}

/** Fewest checkpoints of a phase analysis. With three, each segment of a curve with one change point would be a single interval. */
const minimumCheckpoints = 4;

/**
 * A segment without a slope is flat if a change of this share of the curve's level would have been seen (four standard errors of the
 * change); otherwise its direction is unknown. The share of one half is a convention.
 */
const flatTolerance = 0.5;

/**
 * The phases of one group, over the checkpoints that both trajectories have. Without a trajectory of I(T;Ŷ) (null) only expansions can
 * be identified; everything else is not resolved.
 */
export function phases(inputInformation: Trajectory, outputInformation: Trajectory | null): Phases {
  const { group } = inputInformation;
  const epochs = commonEpochs(outputInformation ? [inputInformation, outputInformation] : [inputInformation]);
  const n = epochs.length;
  if (n < minimumCheckpoints) {
    const reason = `phases need at least ${minimumCheckpoints} checkpoints, there ${n === 1 ? 'is' : 'are'} ${n}`;
    const whole = { start: epochs[0], end: epochs[n - 1], startInterval: null, endInterval: null };
    return { group, phases: n === 0 ? [] : [{ kind: 'not resolved', ...whole }], reason };
  }
  const xt = stretches(at(inputInformation, epochs));
  const ty = outputInformation
    ? snap(stretches(at(outputInformation, epochs)), xt)
    : [{ direction: 'unknown' as const, end: n - 1, endInterval: [n - 1, n - 1] as [number, number] }];

  const found: (Stretch & { kind: PhaseKind })[] = [];
  for (const end of [...new Set([...xt, ...ty].map((s) => s.end))].sort((a, b) => a - b)) {
    const x = xt.find((s) => s.end >= end)!;
    const y = ty.find((s) => s.end >= end)!;
    const kind = classify(x.direction, y.direction);
    const stretch = { ...(x.end === end ? x : y), kind };
    if (found.at(-1)?.kind === kind) found.pop();
    found.push(stretch);
  }
  const interval = ([low, high]: [number, number]): [number, number] => [epochs[low], epochs[high]];
  const result = found.map(({ kind, end, endInterval }, i) => ({
    kind,
    start: i === 0 ? epochs[0] : epochs[found[i - 1].end],
    end: epochs[end],
    startInterval: i === 0 ? null : interval(found[i - 1].endInterval),
    endInterval: i === found.length - 1 ? null : interval(endInterval),
  }));
  if (!result.some((p) => p.kind === 'not resolved')) return { group, phases: result };
  const reason = outputInformation
    ? 'where a phase is not resolved, the standard errors are too large to tell a flat curve from a changing one'
    : 'compression and convergence cannot be identified without I(T;Ŷ)';
  return { group, phases: result, reason };
}

function classify(x: Direction, y: Direction): PhaseKind {
  if (x === 'up') return 'expansion';
  if (x === 'unknown' || y === 'unknown') return 'not resolved';
  if (x === 'down') return y === 'down' ? 'other' : 'compression';
  return y === 'flat' ? 'convergence' : 'other';
}

/** Stretches of equal direction; a flat one whose errors could hide a change of `flatTolerance` is unknown. */
function stretches(curve: Trajectory): Stretch[] {
  const segmentation = segment(curve);
  const { segments, fitted } = segmentation;
  const level = Math.max(...fitted.map(Math.abs));
  const result: Stretch[] = [];
  segments.forEach((s, k) => {
    const change = fitted[s.end] - fitted[s.start];
    let direction: Direction = change > 0 ? 'up' : 'down';
    if (s.flat || change === 0) {
      direction = 4 * changeError(curve, s.start, s.end) <= flatTolerance * level ? 'flat' : 'unknown';
    }
    const last = k === segments.length - 1;
    const endInterval: [number, number] = last ? [s.end, s.end] : boundaryInterval(curve, segmentation, k);
    if (result.at(-1)?.direction === direction) result.pop();
    result.push({ direction, end: s.end, endInterval });
  });
  return result;
}

/** Standard error of the change from `start` to `end` along a straight line fitted to the checkpoints between them. */
function changeError({ epochs, standardErrors }: Trajectory, start: number, end: number): number {
  let w = 0;
  let wx = 0;
  let wxx = 0;
  for (let i = start; i <= end; i++) {
    const x = (epochs[i] - epochs[start]) / (epochs[end] - epochs[start]);
    const weight = standardErrors[i] > 0 ? 1 / standardErrors[i] ** 2 : 1e24;
    w += weight;
    wx += weight * x;
    wxx += weight * x * x;
  }
  return Math.sqrt(w / (w * wxx - wx * wx));
}

/**
 * Moves a boundary of I(T;Ŷ) onto the nearest boundary of I(X;T) whose interval overlaps, so that one event in two noisy curves gives
 * one boundary.
 */
function snap(stretchesToMove: Stretch[], onto: Stretch[]): Stretch[] {
  const moved: Stretch[] = [];
  stretchesToMove.forEach((s, i) => {
    const last = i === stretchesToMove.length - 1;
    const near = onto
      .slice(0, -1)
      .filter((o) => o.endInterval[0] <= s.endInterval[1] && o.endInterval[1] >= s.endInterval[0]);
    const best = near.sort((a, b) => Math.abs(a.end - s.end) - Math.abs(b.end - s.end))[0];
    const end = last || !best ? s.end : best.end;
    if (end > (moved.at(-1)?.end ?? 0)) moved.push({ ...s, end });
  });
  return moved;
}
