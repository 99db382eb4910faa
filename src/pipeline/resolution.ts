/**
 * Resolved information of a run: at every moment the whole ladder of κ, kept in `resolution.jsonl`; then one κ per quantity for all
 * moments and groups, whose values become rows of `information.jsonl`.
 */
import { UserError } from '../base/errors.js';
import type { Instrument, RunConfig } from '../config/options.js';
import { isClassGroup } from '../dynamics/group-id.js';
import { type EstimateRow, type StealthQuantity, stealthQuantities } from '../dynamics/index.js';
import { epochAverage, mean } from '../dynamics/trajectory.js';
import { readSafetensors, type Tensor } from '../formats/safetensors.js';
import { chooseKappa } from '../information/resolution.js';
import { type Head, type MomentGroup, resolvedAtMoment } from '../information/resolved-moment.js';
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

/** The instruments of a run, the scored one first. */
export const instrumentsOf = ({ instrument }: Pick<RunConfig, 'instrument'>): readonly Instrument[] =>
  instrument ?? ['critics'];

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

/** Computes and keeps the ladders of all groups at a moment. `groups`: rows of the probe by group. */
export async function recordResolution(
  dir: RunDirectory,
  epoch: number,
  config: Pick<RunConfig, 'noise' | 'seed'>,
  groups: ReadonlyMap<string, Int32Array>,
): Promise<void> {
  const { tensors } = await readSafetensors(dir.probe(epoch));
  const { t, t_noise_free: free, logits } = tensors;
  const [draws, , d] = t.shape;
  const weights = (await readSafetensors(dir.checkpoint(epoch))).tensors;
  const head: Head = { weights: headOf(weights, logits.shape[2], d), classes: logits.shape[2], gamma: config.noise };
  const compared = [...groups].map(
    ([id, rows]): MomentGroup => ({
      id,
      clean: isClassGroup(id),
      n: rows.length,
      noiseFree: gathered(free, rows),
      draws: gathered(t, rows),
    }),
  );
  const values = resolvedAtMoment(compared, { d, seed: config.seed, moment: epoch, head });
  const size = new Map(compared.map((g) => [g.id, g.n]));
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
      samples: size.get(group)!,
      draws,
    }),
  );
  dir.append('resolution.jsonl', rows);
}

/** Rows of a tensor whose last two axes are samples and columns, of every draw. */
function gathered({ shape, data }: Tensor, rows: Int32Array): Float32Array {
  const [n, d] = shape.slice(-2);
  const passes = data.length / (n * d);
  const out = new Float32Array(passes * rows.length * d);
  for (let k = 0; k < passes; k++)
    rows.forEach((row, i) => {
      const from = (k * n + row) * d;
      out.set((data as Float32Array).subarray(from, from + d), (k * rows.length + i) * d);
    });
  return out;
}

/** The classifier's weights [classes, d]: of the last matrix of that shape. */
function headOf(weights: Record<string, Tensor>, classes: number, d: number): Float32Array {
  const found = Object.values(weights).filter(
    ({ shape }) => shape.length === 2 && shape[0] === classes && shape[1] === d,
  );
  if (found.length === 0) throw new UserError(`the checkpoint has no weights [${classes}, ${d}] from T to the logits`);
  return found[found.length - 1].data as Float32Array;
}

/** The κ of each quantity: the one at which the clean classes' average over time is nearest ½ ln n. */
export function kappasOf(rows: readonly ResolutionRow[]): Partial<Record<StealthQuantity, number>> {
  return Object.fromEntries(
    stealthQuantities.flatMap((q) => {
      const clean = rows.filter((r) => r.quantity === q && r.variant === SCORED[q] && isClassGroup(r.group));
      if (clean.length === 0) return [];
      const epochs = [...new Set(clean.map((r) => r.epoch))].sort((a, b) => a - b);
      const average = clean[0].kappas.map((_, k) =>
        epochAverage(
          epochs,
          epochs.map((epoch) => mean(clean.filter((r) => r.epoch === epoch).map((r) => r.nats[k]))),
        ),
      );
      return [[q, chooseKappa(clean[0].kappas, average, clean[0].samples)]];
    }),
  );
}

/** The rows of `information.jsonl` at the chosen κ; `variant` of I(X;T) `common` reads the clean classes' noise for all groups. */
export function resolvedRows(rows: readonly ResolutionRow[], scored = SCORED): EstimateRow[] {
  const kappa = kappasOf(rows);
  return rows.flatMap((r) => {
    const k = r.kappas.indexOf(kappa[r.quantity] ?? Number.NaN);
    if (k < 0 || r.variant !== scored[r.quantity]) return [];
    const ceiling = Math.log(r.samples);
    return {
      epoch: r.epoch,
      group: r.group,
      quantity: r.quantity,
      estimator: 'resolved',
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

/** Replaces the resolved rows of `information.jsonl` by those at the κ that all moments up to now give. */
export async function writeResolved(dir: RunDirectory): Promise<void> {
  const rows = resolvedRows(await dir.rows<ResolutionRow>('resolution.jsonl'));
  if (rows.length === 0) return;
  await dir.cut<EstimateRow>('information.jsonl', (row) => row.estimator !== 'resolved');
  dir.append('information.jsonl', rows);
}
