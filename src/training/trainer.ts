/**
 * The training loop of one model, with figures per epoch; it can be stopped and resumed after any step.
 *
 * All random draws depend on (seed, purpose, epoch, step) only, so a run that is resumed from its checkpoint continues with the same draws
 * as a run that was never stopped.
 */
import { UserError } from '../base/errors.js';
import { Rng } from '../base/random.js';
import type { InputSet } from '../datasets/types.js';
import type { EpochRow, MomentRow } from '../dynamics/types.js';
import { emitPortable, flops, NoiseBank, type OptimizerKind, type SessionSettings, State } from '../engine/index.js';
import { OPTIMIZER_STATE } from '../engine/optim.js';
import { sameShape } from '../engine/tensor.js';
import { axesOf, fromTorch, type Model, type Parameter, torchShape, toTorch, type Weights } from '../models/index.js';
import type { Augmentation } from './augment.js';
import { concealFeeds } from './conceal.js';
import {
  batchNorms,
  evaluationStep,
  type GraphOptions,
  type ImageGraphOptions,
  imageGradientStep,
  inferenceStep,
  lastNormStep,
  likelihoodStep,
  ProgramCache,
  parameters,
  probeStep,
  statisticsStep,
  trainStep,
} from './graphs.js';
import { augmented, gatherInputs, largestActivation, readOf, sizesOf } from './inputs.js';
import type { Objective } from './objective.js';
import { type ImageGradient, PASS, type ProbeDraw, passes, recorded, recordedAll } from './passes.js';
import { afterEpoch, freshSchedule, learningRate, type ScheduleKind, type ScheduleState } from './schedule.js';
import { recomputeStatistics } from './statistics.js';
import { addStep, DivergedError, epochMeans, freshTally, type Tally } from './tally.js';

/** Model, optimizer, schedule, noise and seed of a training. */
export interface TrainingConfig {
  model: Model;
  width: number;
  epochs: number;
  batchSize: number;
  learningRate: number;
  /** Default `sgd`, which the paper uses. */
  optimizer?: OptimizerKind;
  momentum: number;
  weightDecay: number;
  schedule: ScheduleKind;
  /** Epochs of linear warm-up. Default 0. */
  warmup?: number;
  /** Default `none`, as in the paper. */
  augmentation?: Augmentation;
  /** γ, standard deviation of the noise after every activation of a block and on the pooled features. */
  noiseStd: number;
  /** λ of the term of an adversary who controls training (conceal.ts). Default 0. */
  conceal?: number;
  /** Default `loss`. */
  objective?: Objective;
  seed: number;
}

/** The sets of a training. */
export interface TrainingData {
  classes: number;
  /** The training set under attack, with the labels that the attack gave. */
  train: InputSet & { poisoned: Uint8Array };
  test: InputSet;
  /** Triggered test images with the labels that the attacker wants, for the ASR; null without a trigger. */
  triggered: InputSet | null;
}

/** Progress of a training without its tensors: plain data, which a checkpoint stores. */
export interface Position {
  /** Epochs completed. */
  epoch: number;
  /** Steps completed of the epoch in progress. */
  step: number;
  schedule: ScheduleState;
  tally: Tally;
}

/** What a probe records. */
const PROBED = ['representation', 'representationMean', 'logits'] as const satisfies (keyof ProbeDraw)[];

export class Trainer {
  readonly state = new State();
  position: Position;
  readonly graph: GraphOptions;
  private readonly parameters: readonly Parameter[];
  /** Names of the running statistics of batch norm. */
  readonly runningStatistics: readonly string[];
  private readonly training: ProgramCache;
  private readonly evaluation: ProgramCache;
  /** Probing by layer, with and without noise. */
  private readonly probing = new Map<string, { noisy: ProgramCache; silent: ProgramCache }>();
  private readonly adversarial: ProgramCache;
  private readonly statistics: ProgramCache;
  private readonly likelihood: ProgramCache;
  private readonly lastNorm: ProgramCache;
  /** Batch norms in the order of the forward pass, with the convolutions before them. */
  readonly batchNorms: ReturnType<typeof batchNorms>;
  private readonly bank: NoiseBank;

  constructor(
    readonly config: TrainingConfig,
    readonly data: TrainingData,
    settings: SessionSettings = {},
  ) {
    const { train } = data;
    const { model, width, noiseStd, optimizer, momentum, weightDecay, objective, conceal = 0 } = config;
    const [sizes, { classes }, conceals] = [sizesOf(train), data, conceal > 0];
    this.graph = { model, width, classes, ...sizes, noiseStd, optimizer, momentum, weightDecay, objective, conceals };
    const upTo = (read?: number): GraphOptions => ({ ...this.graph, read });
    this.training = new ProgramCache((n, read) => trainStep(upTo(read), n), settings);
    this.evaluation = new ProgramCache((n, read) => evaluationStep(upTo(read), n), settings);
    for (const layer of config.model.layers)
      this.probing.set(layer, {
        noisy: new ProgramCache((n, read) => probeStep(upTo(read), n, layer), settings),
        silent: new ProgramCache((n, read) => probeStep({ ...upTo(read), noiseStd: 0 }, n, layer), settings),
      });
    this.adversarial = new ProgramCache((n) => imageGradientStep(this.graph as ImageGraphOptions, n), settings);
    this.statistics = new ProgramCache((n) => statisticsStep(this.graph, n), settings);
    this.likelihood = new ProgramCache((n) => likelihoodStep(this.graph, n), settings);
    this.lastNorm = new ProgramCache((n) => lastNormStep(this.graph, n), settings);
    this.batchNorms = batchNorms(this.graph);
    const largest = largestActivation(sizes, Math.max(PASS, Math.min(config.batchSize, train.n)), config.width);
    this.bank = new NoiseBank(config.noiseStd, config.noiseStd === 0 ? 1 : largest, new Rng(config.seed, 'noise'));
    const rng = new Rng(config.seed, 'weights');
    this.parameters = parameters(this.graph);
    this.runningStatistics = this.parameters.flatMap((p) => (p.trainable ? [] : p.name));
    for (const p of this.parameters) {
      const values = p.initial(rng);
      for (const name of this.stateNames(p))
        this.state.set(name, name === p.name ? values : new Float32Array(values.length));
    }
    this.position = { epoch: 0, step: 0, schedule: freshSchedule(), tally: freshTally(data.classes) };
  }

  /** Floating-point operations of a train step, and of one pass without gradients, per image; two per multiply-add. */
  get flopsPerImage(): { step: number; pass: number } {
    const { batchSize } = this.config;
    return {
      step: flops(trainStep(this.graph, batchSize)) / batchSize,
      pass: flops(evaluationStep(this.graph, batchSize)) / batchSize,
    };
  }

  get stepsPerEpoch(): number {
    return Math.ceil(this.data.train.n / this.config.batchSize);
  }

  /** Standard deviation of T about the recorded T̄. */
  representationNoise(layer = this.lastLayer): number {
    return probeStep(this.graph, 1, layer).representationNoise;
  }

  private get lastLayer(): string {
    return this.config.model.layers.at(-1)!;
  }

  /** Parameters and running statistics by name, in PyTorch's shapes. */
  weights(): Record<string, Weights> {
    return Object.fromEntries(this.parameters.map((p) => [p.name, toTorch(p, this.state.get(p.name))]));
  }

  /** Weights and the optimizer's state: all tensors of a checkpoint. */
  tensors(): Record<string, Weights> {
    const all = this.parameters.flatMap((p) =>
      this.stateNames(p).map((name) => [name, toTorch(p, this.state.get(name))] as const),
    );
    return Object.fromEntries(all);
  }

  /** Loads what `weights` or `tensors` returned; tensors that are not named keep their values. Throws `UserError` for a wrong shape. */
  load(tensors: Record<string, Weights>) {
    for (const p of this.parameters)
      for (const name of this.stateNames(p)) {
        const found = tensors[name];
        if (!found) continue;
        if (!sameShape(found.shape, torchShape(p)))
          throw new UserError(`weights: ${name} is [${found.shape}], the model needs [${torchShape(p)}]`);
        if (!(found.data instanceof Float32Array)) throw new UserError(`weights: ${name} is not float32`);
        this.state.set(name, fromTorch(p, found.data));
      }
  }

  /** Name of a parameter, and names of its optimizer state. */
  private stateNames({ name, trainable }: Parameter): string[] {
    const kinds = trainable ? OPTIMIZER_STATE[this.config.optimizer ?? 'sgd'] : [];
    return [name, ...kinds.map((kind) => `${kind}.${name}`)];
  }

  /** The current model as an ONNX file for any runtime (`inferenceStep`). */
  onnx(): Uint8Array {
    const weights = new Map(
      this.parameters.map((p) => [p.name, { ...toTorch(p, this.state.get(p.name)), perm: axesOf(p) }]),
    );
    return emitPortable((n) => inferenceStep(this.graph, n).outputs, weights);
  }

  private scheduleOptions() {
    const { schedule: kind, learningRate: top, epochs, warmup } = this.config;
    return { kind, learningRate: top, epochs, warmup };
  }

  /** One optimizer step; returns whether it was the last of its epoch. Throws `DivergedError`. */
  async step(): Promise<boolean> {
    const started = performance.now();
    const { train } = this.data;
    const { batchSize, seed, epochs } = this.config;
    const { epoch, step, tally, schedule } = this.position;
    const order = new Rng(seed, 'shuffle', epoch).permutation(train.n);
    const batch = order.subarray(step * batchSize, Math.min((step + 1) * batchSize, train.n));
    const rate = learningRate(this.scheduleOptions(), schedule, (epoch + step / this.stepsPerEpoch) / epochs);
    const labels = Int32Array.from(batch, (i) => train.labels[i]);
    this.bank.reseed(new Rng(seed, 'noise', epoch, step));
    const program = await this.training.get(batch.length, readOf(train, batch));
    const augmentation = this.config.augmentation ?? 'none';
    const inputs = augmented(train, batch, augmentation, new Rng(seed, 'augment', epoch, step));
    const poisoned = Array.from(batch, (i) => train.poisoned[i]);
    const feeds = {
      ...inputs,
      labels,
      ...concealFeeds(poisoned, labels, this.config.conceal ?? 0),
      learning_rate: Float32Array.of(rate),
      step: Float32Array.of(epoch * this.stepsPerEpoch + step + 1),
    };
    const { losses, predicted } = await program.run(feeds, this.state, this.bank);
    addStep(tally, { losses, predicted, labels, poisoned });
    if (!Number.isFinite(tally.loss)) throw new DivergedError(epoch + 1, rate);
    tally.milliseconds += performance.now() - started;
    this.position.step++;
    return this.position.step === this.stepsPerEpoch;
  }

  /** Ends an epoch after its last step: evaluates the model, updates the schedule, and returns the figures of the epoch. */
  async finishEpoch(): Promise<EpochRow> {
    const started = performance.now();
    const { data, config } = this;
    const { tally, schedule } = this.position;
    const epoch = this.position.epoch + 1;
    const rate = learningRate(this.scheduleOptions(), schedule, this.position.epoch / config.epochs);
    const test = await this.evaluate(data.test, `test ${epoch}`);
    const triggered = data.triggered && (await this.evaluate(data.triggered, `asr ${epoch}`));
    const row: EpochRow = {
      epoch,
      learningRate: rate,
      ...epochMeans(tally, data.train.n),
      testLoss: test.loss,
      testAccuracy: test.accuracy,
      asr: triggered?.accuracy ?? null,
      seconds: (tally.milliseconds + performance.now() - started) / 1000,
    };
    this.position = {
      epoch,
      step: 0,
      schedule: afterEpoch(this.scheduleOptions(), schedule, test.loss),
      tally: freshTally(data.classes),
    };
    return row;
  }

  /** Steps since training began. */
  get globalStep(): number {
    return this.position.epoch * this.stepsPerEpoch + this.position.step;
  }

  /** Training so far, in epochs. */
  get epochs(): number {
    return this.globalStep / this.stepsPerEpoch;
  }

  /** The figures of the network inside an epoch: loss of the epoch so far, and what it makes of the test images. */
  async figures(): Promise<MomentRow> {
    const started = performance.now();
    const { data, position, globalStep: step } = this;
    const test = await this.evaluate(data.test, `test step ${step}`);
    const triggered = data.triggered && (await this.evaluate(data.triggered, `asr step ${step}`));
    return {
      epoch: this.epochs,
      step,
      trainLoss: position.tally.loss / Math.min(data.train.n, position.step * this.config.batchSize),
      testLoss: test.loss,
      testAccuracy: test.accuracy,
      asr: triggered?.accuracy ?? null,
      seconds: (performance.now() - started) / 1000,
    };
  }

  /** Mean loss in nats and accuracy over a set, one noisy pass in evaluation mode. */
  async evaluate(set: InputSet, label: string): Promise<{ loss: number; accuracy: number }> {
    this.bank.reseed(new Rng(this.config.seed, 'evaluate', label));
    let loss = 0;
    let correct = 0;
    await passes(this.evaluation, set, this.state, this.bank, (out, samples) => {
      for (const [r, i] of samples.entries()) {
        loss += out.losses[r] as number;
        if (Number(out.predicted[r]) === set.labels[i]) correct++;
      }
    });
    return { loss: loss / set.n, accuracy: correct / set.n };
  }

  /**
   * The recordings of a probe of `set`: T and T̄ [n, d] of a layer and Ŷ [n, classes], `draws` times with new noise. The noise of a draw
   * is the same for every layer.
   */
  async probe(set: InputSet, draws: number, layer = this.lastLayer): Promise<ProbeDraw[]> {
    const result: ProbeDraw[] = [];
    for (let k = 0; k < draws; k++) {
      const { epoch, step } = this.position;
      // A probe at the end of an epoch draws what version 0.1.0 drew; two moments of one epoch draw different noise.
      this.bank.reseed(new Rng(this.config.seed, 'probe', epoch, ...(step > 0 ? ['step', step] : []), k));
      const { noisy } = this.probing.get(layer)!;
      result.push(await recordedAll(noisy, PROBED, set, this.state, this.bank));
    }
    return result;
  }

  /**
   * Calls `act` with running statistics recomputed under the present weights from `images` training images or a few more
   * (`recomputeStatistics`), then puts the former ones back: training does not notice.
   */
  async withStatisticsOf<R>(images: number, act: () => Promise<R>): Promise<R> {
    const { train } = this.data;
    const { position, runningStatistics: names } = this;
    const { batchSize, seed } = this.config;
    const size = Math.min(batchSize, train.n);
    const batches = Math.min(Math.ceil(images / size), Math.floor(train.n / size));
    const order = new Rng(seed, 'statistics', position.epoch, position.step).permutation(train.n);
    this.bank.reseed(new Rng(seed, 'statistics noise', position.epoch, position.step));
    await this.state.collect();
    const restore = await recomputeStatistics(this.state, names, names.length === 0 ? 0 : batches, async (b) => {
      const rows = order.slice(b * size, (b + 1) * size);
      const feeds = { ...gatherInputs(train, rows), labels: Int32Array.from(rows, (i) => train.labels[i]) };
      return (await this.statistics.get(size)).run(feeds, this.state, this.bank);
    });
    try {
      return await act();
    } finally {
      restore();
    }
  }

  /** φ(X) [n, d]: T of a pass without any noise, a deterministic function of X. */
  noiseFree(set: InputSet, layer = this.lastLayer): Promise<Float32Array> {
    return recorded(this.probing.get(layer)!.silent, 'representation', set, this.state, this.bank);
  }

  /** T [n, d] and Ŷ [n, classes] of a pass without any noise. */
  noiseFreeProbe(set: InputSet): Promise<Pick<ProbeDraw, 'representation' | 'logits'>> {
    const { silent } = this.probing.get(this.lastLayer)!;
    return recordedAll(silent, ['representation', 'logits'], set, this.state, this.bank);
  }

  /** `likelihoodStep` of every image: [n, batch norms], nats. */
  likelihoods(set: InputSet): Promise<Float32Array> {
    return this.readout(this.likelihood, 'likelihoods', set);
  }

  /** What leaves the last batch norm, [n, h·w·c] with the channel last. */
  lastActivation(set: InputSet): Promise<Float32Array> {
    return this.readout(this.lastNorm, 'activation', set);
  }

  private readout(programs: ProgramCache, output: string, set: InputSet): Promise<Float32Array> {
    this.bank.reseed(new Rng(this.config.seed, output));
    return recorded(programs, output, set, this.state, this.bank);
  }

  /** Gradient of the loss of each image with respect to that image: [n, h·w·c] in [0, 1] and labels [n] → [n, h·w·c], and predictions [n]. */
  async imageGradient(images: Float32Array, labels: Int32Array): Promise<ImageGradient> {
    const program = await this.adversarial.get(labels.length);
    const { gradient, predicted } = await program.run({ images, labels }, this.state, this.bank);
    return { gradient: gradient as Float32Array, predicted: Int32Array.from(predicted, Number) };
  }

  async release(): Promise<void> {
    // Values on the device are lost with its programs, so they are copied first.
    await this.state.collect();
    const probing = [...this.probing.values()].flatMap(({ noisy, silent }) => [noisy, silent]);
    for (const p of [
      this.training,
      this.evaluation,
      this.adversarial,
      this.statistics,
      this.likelihood,
      this.lastNorm,
      ...probing,
    ])
      await p.release();
  }
}
