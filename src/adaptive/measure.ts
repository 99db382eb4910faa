/**
 * What the pattern is compared with at every moment of a surrogate: resolved information of clean samples of the target class, the noise of the
 * poisoned samples, κ, and the scales of the two quantities. All of it is measured once a round, with the pattern of its beginning, and stands fixed
 * while δ moves.
 */
import { UserError } from '../base/errors.js';
import { Rng } from '../base/random.js';
import { pick } from '../datasets/select.js';
import { epochAverage, mean } from '../dynamics/trajectory.js';
import { State } from '../engine/index.js';
import { asTensors } from '../formats/safetensors.js';
import { transpose } from '../information/linalg.js';
import { commonIntensity, noiseScatter, rulerOf, whitened } from '../information/noise-model.js';
import { chooseKappa, KAPPAS } from '../information/resolution.js';
import { type MomentGroup, type MomentValue, resolvedAtMoment } from '../information/resolved-moment.js';
import { rowSpace } from '../information/row-space.js';
import { headOf } from '../runs/probes.js';
import type { Trainer } from '../training/trainer.js';
import type { Surrogate } from './surrogates.js';

/** Most samples of a group: one pass of a network. */
const LARGEST = 128;
/** Fewest samples of a group whose resolved information is compared. */
const SMALLEST = 30;

const QUANTITIES = ['I(X;T)', 'I(T;Ŷ)'] as const;

/** One moment of a surrogate as `gapStep` takes it. */
export interface MomentTarget {
  epoch: number;
  state: State;
  /** [d, d] and [d, classes] as in `gapStep`. */
  whiten: Float32Array;
  basis: Float32Array;
  residual: Float32Array;
  /** Values of clean samples of the target class, and of poisoned ones at the beginning of the round, nats. */
  clean: [number, number];
  poisoned: [number, number];
  /** Weights of the two quantities at this moment: the trapezoid rule over epochs, over the scale, 1 : β. */
  weights: [number, number];
}

/** The part of a moment that does not depend on κ. */
type Own = Pick<MomentTarget, 'state' | 'whiten' | 'basis' | 'residual'>;

export interface Measured {
  moments: MomentTarget[];
  /** κ of I(X;T) and of I(T;Ŷ). */
  kappas: [number, number];
  /** The poisoned samples' own images without the pattern: rows of the training set. */
  rows: Int32Array;
  /** D at the beginning of the round. */
  deviation: number;
}

/** How a surrogate is measured. */
export interface MeasureOptions {
  target: number;
  beta: number;
  /** Most samples of a group. */
  probeSize: number;
  draws: number;
  gamma: number;
  seed: number;
}

/** Measures a surrogate at all of its moments. Throws `UserError` for groups of fewer than 30 samples. */
export async function measure({ trainer, set, snapshots }: Surrogate, o: MeasureOptions): Promise<Measured> {
  const { classes } = trainer.data;
  const groups = groupsOf(set, classes, o);
  const moments: { epoch: number; values: MomentValue[]; own: Own }[] = [];
  for (const [m, { epoch, weights }] of snapshots.entries()) {
    trainer.load(weights);
    // The noise of a probe is drawn from the position: the same for a surrogate that was read from its file.
    trainer.position = { ...trainer.position, epoch: m, step: 0 };
    const all: MomentGroup[] = [];
    for (const { id, rows } of groups) {
      const images = pick(set, rows);
      const noiseFree = await trainer.noiseFree(images);
      const draws = await trainer.probe(images, o.draws);
      const joined = new Float32Array(draws.length * noiseFree.length);
      draws.forEach(({ representation }, k) => {
        joined.set(representation, k * noiseFree.length);
      });
      all.push({ id, clean: id !== 'poisoned', n: rows.length, noiseFree, draws: joined });
    }
    const d = all[0].noiseFree.length / all[0].n;
    const head = { weights: headOf(asTensors(weights), classes, d)!.data as Float32Array, classes, gamma: o.gamma };
    const values = resolvedAtMoment(all, { d, seed: o.seed, moment: epoch, head, variants: ['own'] });
    moments.push({ epoch, values, own: { ...rulersOf(all, d, head), state: stateOf(trainer, Object.keys(weights)) } });
  }
  return judged(moments, groups[0].rows, o);
}

/** The poisoned samples, the clean ones of the target class, and each other class: all of one size. */
function groupsOf(
  set: Surrogate['set'],
  classes: number,
  { target, probeSize, seed }: MeasureOptions,
): { id: string; rows: Int32Array }[] {
  const rowsOf = (wanted: (i: number) => boolean) => Int32Array.from(set.labels.keys()).filter(wanted);
  const clean = (k: number) => rowsOf((i) => set.labels[i] === k && !set.poisoned[i] && !set.cover[i]);
  const others = Array.from({ length: classes }, (_, k) => k).filter((k) => k !== target);
  const all = [
    { id: 'poisoned', rows: rowsOf((i) => set.poisoned[i] === 1) },
    { id: 'clean', rows: clean(target) },
    ...others.map((k) => ({ id: String(k), rows: clean(k) })),
  ];
  const size = Math.min(LARGEST, probeSize, ...all.map((g) => g.rows.length));
  if (size < SMALLEST) {
    const least = all.find((g) => g.rows.length === size)?.id ?? 'every';
    throw new UserError(
      `the group ${least} has ${size} samples: at least ${SMALLEST} are needed; raise --poison-rate or --train-limit`,
    );
  }
  return all.map(({ id, rows }) => ({ id, rows: new Rng(seed, 'adaptive', 'group', id).sample(rows, size) }));
}

/** The units of the poisoned group's T, and one draw of its noise. */
function rulersOf(
  all: readonly MomentGroup[],
  d: number,
  { weights, classes, gamma }: { weights: Float32Array; classes: number; gamma: number },
): Omit<Own, 'state'> {
  const noise = all.map((g) => noiseScatter(g.draws, g.n, d));
  const { factor } = rulerOf(noise[0], 'full', commonIntensity(noise));
  const identity = Float64Array.from({ length: d * d }, (_, at) => (at % (d + 1) === 0 ? 1 : 0));
  // The rows of the identity whitened are the columns of L⁻¹: t·(L⁻¹)ᵀ is in units of the noise.
  const whiten = Float32Array.from(whitened(identity, factor, d));
  const { basis: rows, rank } = rowSpace(weights, classes, d);
  const padded = new Float64Array(classes * d);
  padded.set(rows.subarray(0, rank * d));
  const basis = Float32Array.from(transpose(padded, classes, d), (v) => v / gamma);
  const [{ noiseFree, draws }] = all;
  const residual = Float32Array.from({ length: noiseFree.length }, (_, i) => draws[i] - noiseFree[i]);
  return { whiten, basis, residual };
}

/** The network's present weights, apart from the trainer's. */
function stateOf(trainer: Trainer, names: readonly string[]): State {
  const state = new State();
  for (const name of names) state.set(name, trainer.state.get(name).slice());
  return state;
}

/** From values at every κ to κ, scales, weights and D. */
function judged(
  moments: readonly { epoch: number; values: MomentValue[]; own: Own }[],
  rows: Int32Array,
  { beta }: MeasureOptions,
): Measured {
  const epochs = moments.map((m) => m.epoch);
  const curve = (quantity: string, group: string, k: number) =>
    moments.map((m) => m.values.find((v) => v.quantity === quantity && v.group === group)!.nats[k]);
  const others = [...new Set(moments[0].values.map((v) => v.group))].filter((g) => !['poisoned', 'clean'].includes(g));
  const found = QUANTITIES.map((quantity, q) => {
    const average = KAPPAS.map((_, k) => mean(others.map((g) => epochAverage(epochs, curve(quantity, g, k)))));
    const kappa = chooseKappa(KAPPAS, average, rows.length);
    const k = KAPPAS.indexOf(kappa);
    const share = (q === 0 ? 1 : beta) / (1 + beta);
    const scale = average[k];
    return {
      kappa,
      factor: share / scale,
      clean: curve(quantity, 'clean', k),
      poisoned: curve(quantity, 'poisoned', k),
    };
  });
  const parts = moments.map(({ epoch, own }, m): MomentTarget => {
    const time = epochAverage(
      epochs,
      epochs.map((_, i) => Number(i === m)),
    );
    const both = <T>(of: (part: (typeof found)[number]) => T): [T, T] => [of(found[0]), of(found[1])];
    return {
      epoch,
      ...own,
      clean: both((p) => p.clean[m]),
      poisoned: both((p) => p.poisoned[m]),
      weights: both((p) => p.factor * time),
    };
  });
  const gap = ({ clean, poisoned, weights }: MomentTarget) =>
    weights[0] * Math.abs(poisoned[0] - clean[0]) + weights[1] * Math.abs(poisoned[1] - clean[1]);
  return {
    moments: parts,
    kappas: [found[0].kappa, found[1].kappa],
    rows,
    deviation: parts.reduce((sum, part) => sum + gap(part), 0),
  };
}
