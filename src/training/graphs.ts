/**
 * The programs of a model: training step, evaluation, probe, image gradient, statistics, inference.
 *
 * images [n, h, w, c] uint8 as stored, or tokens [n, length] int32; labels [n] int32. Pixels reach the model as x / 255 in [0, 1], [h, w, n, c].
 */
import {
  adamw,
  add,
  argMax,
  channelAdd,
  channelMul,
  channelSub,
  concat,
  crossEntropy,
  div,
  gradients,
  input,
  log,
  max,
  mul,
  neg,
  type OptimizerKind,
  Program,
  type ProgramSpec,
  reshape,
  type SessionSettings,
  sgd,
  sum,
  transpose,
} from '../engine/index.js';
import { Layers, type Model, type ModelOptions, type Parameter } from '../models/index.js';
import { concealTerm } from './conceal.js';
import { type ImageInput, inputOf, readsText, type TextInput } from './inputs.js';
import { type Objective, objectiveOf } from './objective.js';

/** How a model is built and trained. */
export interface GraphSettings extends ModelOptions {
  model: Model;
  /** γ */
  noiseStd: number;
  /** Default sgd. */
  optimizer?: OptimizerKind;
  /** Of SGD. */
  momentum: number;
  weightDecay: number;
  /** Whether the loss of a training step has the term of `concealTerm`. Default false. */
  conceals?: boolean;
  /** Default `loss`. */
  objective?: Objective;
}

/** Settings of a network that reads images. */
export type ImageGraphOptions = GraphSettings & ImageInput;
/** Settings of any network. */
export type GraphOptions = ImageGraphOptions | (GraphSettings & TextInput);

function begin(o: GraphOptions, n: number, mode: 'train' | 'eval', as: 'uint8' | 'float32' = 'uint8') {
  const { entered, x } = inputOf(o, n, as);
  const labels = input('labels', [n], 'int32');
  const layers = new Layers(mode, o.noiseStd);
  const forward = o.model.forward(layers, x, o);
  return {
    entered,
    layers,
    labels,
    forward,
    losses: crossEntropy(forward.logits, labels),
    predicted: argMax(forward.logits),
  };
}

/**
 * One step of the optimizer on a batch of `n`. Outputs: `losses` [n] nats, `predicted` [n]. Feeds: images, labels,
 * learning_rate, for AdamW step, from 1, and those of `concealFeeds` where the loss has that term.
 */
export function trainStep(o: GraphOptions, n: number): ProgramSpec {
  const { layers, losses, predicted, forward } = begin(o, n, 'train');
  const params = layers.parameters.filter((p) => p.trainable).map((p) => p.tensor);
  const ofLosses = objectiveOf(losses, o.objective ?? 'loss');
  const loss = o.conceals ? add(ofLosses, concealTerm(forward.representation)) : ofLosses;
  const grads = gradients(loss, params);
  const { momentum, weightDecay } = o;
  const learningRate = input('learning_rate', []);
  const updates =
    o.optimizer === 'adamw'
      ? adamw(params, grads, { learningRate, weightDecay, step: input('step', []) })
      : sgd(params, grads, { learningRate, weightDecay, momentum });
  for (const [state, next] of layers.updates) updates.set(state, next);
  return { outputs: { losses, predicted }, updates };
}

/** One noisy forward pass in evaluation mode. Outputs: `losses`, `predicted`. */
export function evaluationStep(o: GraphOptions, n: number): ProgramSpec {
  const { losses, predicted } = begin(o, n, 'eval');
  return { outputs: { losses, predicted } };
}

/** One noisy pass in training mode that moves the running statistics and nothing else. Outputs: `losses`. */
export function statisticsStep(o: GraphOptions, n: number): ProgramSpec {
  const { losses, layers } = begin(o, n, 'train');
  return { outputs: { losses }, updates: layers.updates };
}

/**
 * One noisy forward pass as a probe records it: `representation` T, `representationMean` T̄, `logits` Ŷ. T of `layer`, by
 * default the model's last. The noise drawn is the same whatever the layer.
 */
export function probeStep(o: GraphOptions, n: number, layer?: string): ProgramSpec & { representationNoise: number } {
  const { logits, layers } = begin(o, n, 'eval').forward;
  const { representation, representationMean, representationNoise } = layers[layer ?? o.model.layers.at(-1)!];
  return { outputs: { representation, representationMean, logits }, representationNoise };
}

/**
 * Gradient of every image's own loss with respect to it, in evaluation mode. Feeds: `images` [n, h, w, c] float32 in
 * [0, 1], `labels`. Outputs: `gradient` [n, h, w, c], `losses` [n], `predicted` [n].
 */
export function imageGradientStep(o: ImageGraphOptions, n: number): ProgramSpec {
  const { entered, losses, predicted } = begin(o, n, 'eval', 'float32');
  const [gradient] = gradients(sum(losses), [entered]);
  return { outputs: { gradient, losses, predicted } };
}

/**
 * How likely a batch norm's statistics make what enters it. Outputs: `likelihoods` [n, batch norms], per image and batch norm, in the order of
 * the forward pass, the smallest log-density of any value under the normal distribution with its channel's running mean and variance, nats.
 */
export function likelihoodStep(o: GraphOptions, n: number): ProgramSpec {
  const { normalised } = begin(o, n, 'eval').layers;
  const columns = normalised.map(({ x, mean: mu, variance }) => {
    const v = add(variance, NORM_EPSILON);
    const z = channelSub(x, mu);
    const surprise = channelAdd(channelMul(mul(z, z), div(0.5, v)), mul(0.5, log(mul(2 * Math.PI, v))));
    return reshape(neg(max(surprise, [0, 1, 3])), [n, 1]);
  });
  return { outputs: { likelihoods: concat(columns, 1) } };
}

/**
 * The model for inference elsewhere, without noise. Input: `images` [n, channels, h, w] float32 in [0, 1], or `tokens` [n, length] int32. Outputs:
 * `logits` [n, classes], `representation` T [n, d].
 */
export function inferenceStep(o: GraphOptions, n: number): ProgramSpec {
  const x = readsText(o)
    ? inputOf(o, n).x
    : transpose(input('images', [n, o.channels, o.height, o.imageWidth]), [2, 3, 0, 1]);
  const { logits, representation } = o.model.forward(new Layers('eval', 0), x, o);
  return { outputs: { logits, representation } };
}

/** One pass of the last batch norm. Outputs: `activation` [n, h, w, c], what leaves it. */
export function lastNormStep(o: GraphOptions, n: number): ProgramSpec {
  const { y } = begin(o, n, 'eval').layers.normalised.at(-1)!;
  return { outputs: { activation: transpose(y, [2, 0, 1, 3]) } };
}

/** The batch norms of a model in the order of the forward pass, with the names of the convolutions before them. */
export function batchNorms(o: GraphOptions): { name: string; kernel?: string; channels: number }[] {
  const { normalised } = begin(o, 1, 'eval').layers;
  return normalised.map(({ name, kernel, x }) => ({ name, kernel, channels: x.shape[3] }));
}

/** What batch norm adds to a variance. */
const NORM_EPSILON = 1e-5;

/** The model's parameters and running statistics, with their initial values. */
export function parameters(o: GraphOptions): Parameter[] {
  return begin(o, 1, 'eval').layers.parameters;
}

/** Programs of one kind, compiled once per batch size and, of texts, per `readOf`. */
export class ProgramCache {
  private readonly programs = new Map<string, Promise<Program>>();

  constructor(
    private readonly spec: (n: number, read?: number) => ProgramSpec,
    private readonly settings: SessionSettings,
  ) {}

  get(n: number, read?: number): Promise<Program> {
    const key = `${n} ${read}`;
    let p = this.programs.get(key);
    if (!p) {
      p = Program.compile(this.spec(n, read), this.settings);
      this.programs.set(key, p);
    }
    return p;
  }

  async release(): Promise<void> {
    for (const p of this.programs.values()) await (await p).release();
    this.programs.clear();
  }
}
