/**
 * Resolved information of a run: at every moment the whole ladder of κ, kept in `resolution.jsonl`; then one κ per quantity for all
 * moments and groups, whose values become rows of `information.jsonl`.
 */
import { UserError } from '../base/errors.js';
import { instrumentsOf, type RunConfig } from '../config/options.js';
import { isClassGroup, isNullGroup } from '../dynamics/group-id.js';
import { type EstimateRow, type StealthQuantity, stealthQuantities } from '../dynamics/index.js';
import { epochAverage, mean } from '../dynamics/trajectory.js';
import { type Tensor, tensor } from '../formats/safetensors.js';
import type { CheckpointData } from '../information/checkpoint.js';
import { rowsOf } from '../information/columns.js';
import { chooseKappa } from '../information/resolution.js';
import { type MomentGroup, type MomentValue, resolvedAtMoment, type Variant } from '../information/resolved-moment.js';
import type { RunDirectory } from '../runs/directory.js';

/** The ladder of one group and quantity at one moment; one line of `resolution.jsonl`. */
export interface ResolutionRow {
  /** The moment, in epochs. */
  epoch: number;
  group: string;
  quantity: StealthQuantity;
  /** How the noise is modelled: `own` or `common` for I(X;T), `logits` for I(T;Ŷ). */
  variant: string;
  kappas: readonly number[];
  /** At each κ, nats. */
  nats: number[];
  /** Over the draws of ε. */
  standardErrors: number[];
  /** Mean square of the whitened noise on draws that the covariance was not fitted to; null where the noise is known. */
  noiseMeanSquare: number | null;
  samples: number;
  /** Recorded noise draws of each sample. */
  draws: number;
}

/** Within this share of ln n, a value is saturated: the samples are all told apart. */
const SATURATED = 0.05;

/** The variant that the score reads; `common` is kept beside it for I(X;T). */
export const SCORED: Record<StealthQuantity, string> = { 'I(X;T)': 'own', 'I(T;Ŷ)': 'logits' };

/**
 * The rows that the score reads: those of the first instrument, and those that only critics give (other quantities, layers before the
 * last).
 */
export function scoredRows(
  rows: readonly EstimateRow[],
  config: Pick<RunConfig, 'instrument' | 'layer'>,
): EstimateRow[] {
  const resolved = instrumentsOf(config)[0] === 'resolved';
  const both = (q: string) => (stealthQuantities as readonly string[]).includes(q);
  const first = config.layer?.[0];
  const choice = (r: EstimateRow) => both(r.quantity) && (r.layer ?? first) === first;
  return rows.filter((r) => !choice(r) || (r.estimator === 'resolved') === resolved);
}

/** Why a configuration has no resolved information; null where it has. */
export function unresolvable({ noise, draws }: Pick<RunConfig, 'noise' | 'draws'>): string | null {
  if (noise === 0) return 'γ is 0: without noise T tells every sample apart';
  if (draws < 2) return 'one noise draw a sample does not show the noise';
  return null;
}

/** Name of the values of single samples, [κ, n], in the file of a moment. */
export const pointwiseName = (quantity: string, group: string) => `resolved ${quantity} ${group}`;

/**
 * The ladders of all groups at a moment, from T̄, draws of T and the last layer: `values` as they were computed, and `rows` as they are
 * kept. `variants` of I(X;T), by default own and common.
 */
export function ladders(
  epoch: number,
  seed: number,
  { t, groups }: Pick<CheckpointData, 't' | 'groups'>,
  { noiseFree, head }: NonNullable<CheckpointData['channel']>,
  variants?: readonly Variant[],
): { values: MomentValue[]; rows: ResolutionRow[] } {
  const { d } = noiseFree;
  const compared = [...groups].map(([id, rows]): MomentGroup => {
    const draws = new Float32Array(t.length * rows.length * d);
    t.forEach((draw, k) => {
      draws.set(rowsOf(draw, rows).data, k * rows.length * d);
    });
    return { id, clean: isClassGroup(id), n: rows.length, noiseFree: rowsOf(noiseFree, rows).data, draws };
  });
  const values = resolvedAtMoment(compared, { d, seed, moment: epoch, head, variants });
  const rows = values.map(
    ({ group, quantity, variant, kappas, nats, standardError, noiseMeanSquare }): ResolutionRow => ({
      epoch,
      group,
      quantity,
      variant,
      kappas,
      nats: [...nats],
      standardErrors: [...standardError],
      noiseMeanSquare,
      samples: groups.get(group)!.length,
      draws: t.length,
    }),
  );
  return { values, rows };
}

/**
 * Computes and keeps the ladders of all groups at a moment. Returns the values of single samples by `pointwiseName`, for the groups
 * that are not the null's. Throws `UserError` where the probe has no T̄ or last layer.
 */
export async function recordResolution(
  dir: RunDirectory,
  epoch: number,
  { seed }: Pick<RunConfig, 'seed'>,
  data: Pick<CheckpointData, 't' | 'groups' | 'channel'>,
): Promise<Record<string, Tensor>> {
  if (!data.channel)
    throw new UserError(`${dir.probeBase(epoch)}: it has no noise-free T, or no weights from T to the logits`);
  const { values, rows } = ladders(epoch, seed, data, data.channel);
  dir.append('resolution.jsonl', rows);
  return Object.fromEntries(
    values
      .filter(({ group, quantity, variant }) => variant === SCORED[quantity] && !isNullGroup(group))
      .map(({ group, quantity, kappas, pointwise }) => [
        pointwiseName(quantity, group),
        tensor(Float32Array.from(pointwise.flatMap((v) => [...v])), [kappas.length, data.groups.get(group)!.length]),
      ]),
  );
}

/** κ by quantity. */
export type Kappas = Partial<Record<StealthQuantity, number>>;

/** What κ is chosen from: per quantity the clean classes' average over time at each κ, nats, and the samples of a group. */
export type CleanLadder = Partial<
  Record<StealthQuantity, { kappas: readonly number[]; average: number[]; samples: number }>
>;

export function cleanLadder(rows: readonly ResolutionRow[]): CleanLadder {
  return Object.fromEntries(
    stealthQuantities.flatMap((q) => {
      const clean = rows.filter((r) => r.quantity === q && r.variant === SCORED[q] && isClassGroup(r.group));
      if (clean.length === 0) return [];
      const epochs = [...new Set(clean.map((r) => r.epoch))].sort((a, b) => a - b);
      const [{ kappas, samples }] = clean;
      const average = kappas.map((_, k) =>
        epochAverage(
          epochs,
          epochs.map((epoch) => mean(clean.filter((r) => r.epoch === epoch).map((r) => r.nats[k]))),
        ),
      );
      return [[q, { kappas, average, samples }]];
    }),
  );
}

/**
 * The κ of each quantity for runs that are compared: the one at which the average of their clean classes is nearest ½ ln n. `ladders`
 * has one entry a run; all have the same κ and group size.
 */
export function kappasOf(ladders: readonly CleanLadder[]): Kappas {
  return Object.fromEntries(
    stealthQuantities.flatMap((q) => {
      const found = ladders.flatMap((l) => l[q] ?? []);
      if (found.length === 0) return [];
      const [{ kappas, samples }] = found;
      const average = kappas.map((_, k) => mean(found.map((f) => f.average[k])));
      return [[q, chooseKappa(kappas, average, samples)]];
    }),
  );
}

/** The κ of the rows of a run. */
export const kappasIn = (rows: readonly EstimateRow[]): Kappas =>
  Object.fromEntries(rows.flatMap((r) => (r.kappa === undefined ? [] : [[r.quantity, r.kappa]])));

/** The rows of `information.jsonl` at given κ; variant `common` of I(X;T) reads the clean classes' noise for all groups. */
export function resolvedRows(rows: readonly ResolutionRow[], kappa: Kappas, scored = SCORED): EstimateRow[] {
  return rows.flatMap((r) => {
    const k = r.kappas.indexOf(kappa[r.quantity] ?? Number.NaN);
    if (k < 0 || r.variant !== scored[r.quantity]) return [];
    const ceiling = Math.log(r.samples);
    return {
      epoch: r.epoch,
      group: r.group,
      quantity: r.quantity,
      estimator: 'resolved',
      kappa: r.kappas[k],
      nats: r.nats[k],
      standardError: r.standardErrors[k],
      ceiling,
      saturated: r.nats[k] >= (1 - SATURATED) * ceiling,
      converged: null,
      samples: r.samples,
      draws: r.draws,
      trainNats: null,
      heldOutNats: null,
    };
  });
}

/** Factors of κ beside the chosen one, two steps of the ladder either way. */
export const KAPPA_FACTORS = [1 / 2, Math.SQRT1_2, Math.SQRT2, 2] as const;

/** Name of the estimator at a multiple of the chosen κ. */
export const atFactor = (factor: number) => `resolved, κ × ${Number(factor.toPrecision(2))}`;
/** Name of the estimator with the clean classes' noise as the unit for all groups. */
export const COMMON = 'resolved, common noise';

/** The same groups and moments at other κ, and under the common noise model: what the sensitivity of a score is judged by. */
export function resolvedAlternatives(rows: readonly ResolutionRow[], kappas: Kappas): EstimateRow[] {
  const named = (estimator: string, found: EstimateRow[]) => found.map((r) => ({ ...r, estimator }));
  const near = (kappa: number) => rows[0]?.kappas.find((k) => Math.abs(k / kappa - 1) < 1e-6);
  const scaled = (factor: number): Kappas =>
    Object.fromEntries(Object.entries(kappas).map(([q, kappa]) => [q, near(kappa * factor)]));
  return [
    ...KAPPA_FACTORS.flatMap((f) => named(atFactor(f), resolvedRows(rows, scaled(f)))),
    ...named(COMMON, resolvedRows(rows, kappas, { ...SCORED, 'I(X;T)': 'common' })),
  ];
}

/** Replaces the resolved rows of `information.jsonl` by those at `kappas`, by default what all moments up to now give. */
export async function writeResolved(dir: RunDirectory, kappas?: Kappas): Promise<void> {
  const resolution = await dir.rows<ResolutionRow>('resolution.jsonl');
  const rows = resolvedRows(resolution, kappas ?? kappasOf([cleanLadder(resolution)]));
  if (rows.length === 0) return;
  await dir.cut<EstimateRow>('information.jsonl', (row) => row.estimator !== 'resolved');
  dir.append('information.jsonl', rows);
}
