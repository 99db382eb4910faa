/**
 * The adversary's objective over the surrogates of a round: the mean cross-entropy of triggered images at the end of training plus λ times the mean
 * deviation D = Σ_moments w·(|I(X;T) − clean|/s + β·|I(T;Ŷ) − clean|/s)/(1 + β), the integration gap of the stealth score (dynamics/distance.ts). An adversary who poisons slowly adds μ times
 * the lateness: how far the loss of triggered images is below chance, ln classes, over the moments of the first third of the training.
 */
import { Rng } from '../base/random.js';
import type { ImageSet } from '../datasets/index.js';
import type { SessionSettings } from '../engine/index.js';
import { NoiseBank } from '../engine/index.js';
import { type ImageGraphOptions, ProgramCache } from '../training/graphs.js';
import { gatherImages } from '../training/inputs.js';
import type { Form } from './forms/index.js';
import { attackStep, gapStep, shapeOf } from './graphs.js';
import type { Measured, MomentTarget } from './measure.js';
import { EARLY } from './types.js';

/** Triggered images of a step. */
const BATCH = 64;
/** Directions of ε, each with both signs. */
const DIRECTIONS = 2;

/** The value of the objective, and its gradient with respect to the numbers of the trigger. */
export interface Evaluated {
  loss: number;
  /** Share of the triggered images that are assigned to the target. */
  asr: number;
  deviation: number;
  /** By how much the loss is below chance early in the training, nats. */
  lateness: number;
  objective: number;
  gradient: Float32Array;
}

/** The draws of one evaluation: rows of the training set whose triggered images are attacked, and what ε is drawn from. */
export interface Draws {
  rows: Int32Array;
  seed: number;
  label: (string | number)[];
}

/** Programs of one architecture, which all surrogates share. */
export class Objective {
  private readonly attack: ProgramCache;
  private readonly gap: ProgramCache;
  /** The graphs have no noise; programs ask for a bank all the same. */
  private readonly silent = new NoiseBank(0, 1, new Rng(0), 1);

  constructor(
    private readonly graph: ImageGraphOptions,
    private readonly train: ImageSet,
    private readonly options: { form: Form; target: number; lambda: number; late: number },
    settings: SessionSettings = {},
  ) {
    const { form } = options;
    this.attack = new ProgramCache((n) => attackStep(graph, form, n), settings);
    this.gap = new ProgramCache((n) => gapStep(graph, form, n, DIRECTIONS), settings);
  }

  /** The draws of a step: images of other classes than the target. */
  draws(seed: number, ...label: (string | number)[]): Draws {
    const { labels, n } = this.train;
    const others = Int32Array.from({ length: n }, (_, i) => i).filter((i) => labels[i] !== this.options.target);
    return { rows: new Rng(seed, 'adaptive', 'batch', ...label).sample(others, BATCH), seed, label };
  }

  /** The objective at the trigger's numbers over measured surrogates. */
  async evaluate(trigger: Float32Array, surrogates: readonly Measured[], draws: Draws): Promise<Evaluated> {
    const { lambda, late } = this.options;
    const out: Evaluated = {
      loss: 0,
      asr: 0,
      deviation: 0,
      lateness: 0,
      objective: 0,
      gradient: new Float32Array(trigger.length),
    };
    const add = (gradient: Float32Array, factor: number) => {
      for (let i = 0; i < gradient.length; i++) out.gradient[i] += factor * gradient[i];
    };
    const share = 1 / surrogates.length;
    for (const surrogate of surrogates) {
      const end = surrogate.moments.at(-1)!;
      const attacked = await this.attacked(trigger, end, draws.rows);
      out.loss += share * attacked.loss;
      out.asr += share * attacked.asr;
      add(attacked.gradient, share);
      const early = late > 0 ? surrogate.moments.filter((m) => m.epoch <= EARLY * end.epoch) : [];
      for (const moment of early) {
        const { loss, gradient } = await this.attacked(trigger, moment, draws.rows);
        const below = Math.log(this.graph.classes) - loss;
        if (below <= 0) continue;
        out.lateness += (share * below) / early.length;
        add(gradient, (-share * late) / early.length);
      }
      if (lambda === 0) continue;
      for (const [m] of surrogate.moments.entries()) {
        const { gap, gradient } = await this.apart(trigger, surrogate, m, draws);
        out.deviation += share * gap;
        add(gradient, share * lambda);
      }
    }
    out.objective = out.loss + lambda * out.deviation + late * out.lateness;
    return out;
  }

  private feeds(trigger: Float32Array, rows: Int32Array) {
    const images = gatherImages(this.train, rows);
    return { ...this.options.form.feeds(images, trigger, shapeOf(this.graph)), trigger };
  }

  private async attacked(trigger: Float32Array, { state }: MomentTarget, rows: Int32Array) {
    const { target } = this.options;
    const program = await this.attack.get(rows.length);
    const labels = new Int32Array(rows.length).fill(target);
    const feeds = { ...this.feeds(trigger, rows), labels };
    const { loss, predicted, gradient } = await program.run(feeds, state, this.silent);
    const hits = Array.from(predicted, Number).filter((y) => y === target).length;
    return { loss: Number(loss[0]), asr: hits / rows.length, gradient: gradient as Float32Array };
  }

  private async apart(trigger: Float32Array, measured: Measured, m: number, { seed, label }: Draws) {
    const { rows, kappas, moments } = measured;
    const { state, whiten, basis, residual, clean, weights } = moments[m];
    const [n, { classes }] = [rows.length, this.graph];
    const rng = new Rng(seed, 'adaptive', 'epsilon', ...label, m);
    const program = await this.gap.get(n);
    const feeds = {
      ...this.feeds(trigger, rows),
      whiten,
      basis,
      residual,
      z_xt: rng.normals(DIRECTIONS * residual.length),
      z_ty: rng.normals(DIRECTIONS * n * classes),
      inverse_kappa: Float32Array.from(kappas, (kappa) => 1 / kappa),
      clean: Float32Array.from(clean),
      weights: Float32Array.from(weights),
    };
    const { gap, gradient } = await program.run(feeds, state, this.silent);
    return { gap: Number(gap[0]), gradient: gradient as Float32Array };
  }

  /** Frees the programs. */
  async release(): Promise<void> {
    await this.attack.release();
    await this.gap.release();
  }
}
