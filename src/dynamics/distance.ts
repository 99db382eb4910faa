/**
 * Distance D between the information trajectories of poisoned and clean samples. For each quantity q ∈ {I(X;T), I(T;Ŷ)}, averages over
 * epochs by the trapezoid rule:
 *
 *   `G_in(q)  = average |q_backdoor − q_clean| / s_q`   inside the target class,
 *   `G_out(q) = average |q_all − μ_q| / s_q`            the target class against the mean μ_q of the other classes,
 *   `s_q      = average μ_q`, but at least the mean standard error; dividing by it makes the gaps free of units,
 *   `G = (G_in + G_out) / 2`,  `D_β = (G(X;T) + β·G(T;Ŷ)) / (1 + β)`.
 */
import { at, epochAverage, mean, type Trajectory } from './trajectory.js';

/** The quantities that the stealth score reads. */
export const stealthQuantities = ['I(X;T)', 'I(T;Ŷ)'] as const;
/** One of `stealthQuantities`. */
export type StealthQuantity = (typeof stealthQuantities)[number];

/** The two gaps of one quantity, averaged over epochs. D is a weighted mean of the gaps. */
export interface GapParts {
  /** G_in: poisoned against clean samples inside the target class, in units of `scale`. */
  integrationGap: number;
  /** G_out: the target class against the other classes, in units of `scale`. */
  footprintGap: number;
  /** s_q, in the unit of the rows. */
  scale: number;
}

/** The curves that enter one score, one per group, all of one quantity. */
export interface Cast {
  backdoor: Trajectory;
  clean: Trajectory;
  all: Trajectory;
  others: Trajectory[];
}

/** The trajectory of a group and quantity; undefined where there is none. */
export type Lookup = (group: string, quantity: StealthQuantity) => Trajectory | undefined;

/** How checkpoints are weighted in averages over time: by epochs, or by ln(step), which gives each doubling of training one weight. */
export type TimeAxis = 'epochs' | 'ln step';

/** D_β and its gaps over the given checkpoints, averaged along `axis`; null where a scale s_q is 0. */
export function distance(
  cast: (q: StealthQuantity) => Cast,
  epochs: readonly number[],
  beta: number,
  axis: TimeAxis,
): { distance: number; parts: Record<StealthQuantity, GapParts> } | null {
  const xt = gaps(cast('I(X;T)'), epochs, axis);
  const ty = gaps(cast('I(T;Ŷ)'), epochs, axis);
  if (!(xt.scale > 0 && ty.scale > 0)) return null;
  const total = (g: GapParts) => (g.integrationGap + g.footprintGap) / 2;
  return { distance: (total(xt) + beta * total(ty)) / (1 + beta), parts: { 'I(X;T)': xt, 'I(T;Ŷ)': ty } };
}

/** The integration gaps of both quantities, weighted 1 : β as in D: how far poisoned and clean samples of the target class are apart. */
export const integrationGap = (parts: Record<StealthQuantity, GapParts>, beta: number) =>
  (parts['I(X;T)'].integrationGap + beta * parts['I(T;Ŷ)'].integrationGap) / (1 + beta);

/** G_in, G_out and s_q of one quantity. The lower bound of s_q is the mean standard error of all curves of the cast. */
function gaps(cast: Cast, epochs: readonly number[], axis: TimeAxis): GapParts {
  const [backdoor, clean, all, ...others] = [cast.backdoor, cast.clean, cast.all, ...cast.others].map((c) =>
    at(c, epochs),
  );
  // Steps are epochs times a constant, which ln turns into a shift.
  const times = axis === 'epochs' ? epochs : epochs.map(Math.log);
  const average = (value: (i: number) => number) =>
    epochAverage(
      times,
      epochs.map((_, i) => value(i)),
    );
  const mu = (i: number) => mean(others.map((c) => c.values[i]));
  const everyone = [backdoor, clean, all, ...others];
  const floor = average((i) => mean(everyone.map((c) => c.standardErrors[i])));
  const scale = Math.max(average(mu), floor);
  return {
    integrationGap: average((i) => Math.abs(backdoor.values[i] - clean.values[i])) / scale,
    footprintGap: average((i) => Math.abs(all.values[i] - mu(i))) / scale,
    scale,
  };
}
