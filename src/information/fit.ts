/**
 * Trains many critics side by side, and evaluates them on held-out samples.
 *
 * The default objective is InfoNCE (objective.ts has the others). For a batch of pairs (aᵢ, bᵢ) with scores f and candidate weights w,
 * w ≥ 1 on the diagonal:
 *
 *   mean over i of  fᵢᵢ − log( Σⱼ wᵢⱼ·exp fᵢⱼ / Σⱼ wᵢⱼ )
 *
 * With w = 1 every pair of the batch is a candidate once. With K negatives drawn with replacement from the batch (the paper's
 * protocol), wᵢⱼ = [i = j] + the number of times that j was drawn for i: only B² of the B·K pairs differ.
 */
import { Rng } from '../base/random.js';
import {
  adamw,
  add,
  clipGradNorm,
  exp,
  gradients,
  input,
  logSumExp,
  mean,
  mul,
  Program,
  type ProgramSpec,
  reshape,
  State,
  sub,
  sum,
  type Tensor,
  type Values,
} from '../engine/index.js';
import type { Matrix } from './columns.js';
import { type CriticOptions, type CriticParameter, critic } from './critic.js';
import { batchValue, capped, type Objective } from './objective.js';
import { diagonal, logShare } from './pairs.js';

/** One variable of the pairs: one matrix per noise draw, or a single matrix if the variable has no noise. Row = sample. */
export type Side = readonly Matrix[];

/** Row numbers of the training samples of a critic, and of its held-out samples. */
export interface Fold {
  train: Int32Array;
  heldOut: Int32Array;
}

/** Settings of a fit. */
export interface FitOptions {
  critic: CriticOptions;
  /** Pairs per step; a smaller fold uses all its pairs. */
  batch: number;
  learningRate: number;
  weightDecay: number;
  /** Gradient norm limit per critic. */
  clip: number;
  seed: number;
  threads?: number;
  /** Objective; default InfoNCE. */
  objective?: Objective;
  /** Largest score of a pair, nats, for objectives other than InfoNCE. Default 30. */
  cap?: number;
  /** Evaluate an average of the weights over the steps, in which late steps count most. Default false. */
  average?: boolean;
}

/** Shape of one batch: critics trained side by side, pairs per critic, columns of the two sides. */
export interface BatchShape {
  critics: number;
  pairs: number;
  columns: readonly [number, number];
}

/** Weight averaging gives step t a weight of about t⁸ (polynomial decay, Shamir and Zhang 2013). */
const DECAY = 8;

/** Largest number of candidates in evaluation. More candidates raise the ceiling ln n; the cost grows with their square. */
const BLOCK = { separable: 10_000, quadratic: 10_000, bilinear: 10_000, concat: 2500 };
/** Name of the state with the moving average of the log-partition. */
const PARTITION = 'log_partition';

/** Pairs that one pass of evaluation holds in memory, over all critics: at most eight hidden layers of 64 MB. */
const PAIRS_AT_ONCE = { separable: 1 << 23, quadratic: 1 << 23, bilinear: 1 << 23, concat: 1 << 17 };

/** InfoNCE of every row of a batch, [g, n], and the critics' parameters. `weighted`: with candidate weights from the feed. */
export function batchObjective(o: CriticOptions, { critics: g, pairs: n, columns }: BatchShape, weighted: boolean) {
  const [da, db] = columns;
  const a = input('a', [g, n, da]);
  const b = input('b', [g, n, db]);
  const { scores, parameters } = critic(o, a, b);
  if (!weighted) return { parameters, rows: add(logShare(scores), Math.log(n)) };
  const weights = input('log_weights', [g, n, n]);
  return { parameters, rows: sub(logShare(add(scores, weights)), diagonal(weights)) };
}

/** One training step of g critics on batches a [g, n, da] and b [g, n, db]. Output: `objective` [g], nats. */
export function criticStep(o: FitOptions, shape: BatchShape, weighted: boolean): ProgramSpec {
  const { critics: g, pairs: n, columns } = shape;
  const [da, db] = columns;
  const average = input(PARTITION, [g], 'float32', 'state');
  let parameters: CriticParameter[];
  let objective: Tensor;
  let climb: Tensor;
  let nextAverage: Tensor | undefined;
  if (o.objective) {
    const made = critic(o.critic, input('a', [g, n, da]), input('b', [g, n, db]));
    parameters = made.parameters;
    ({ value: objective, climb, nextAverage } = batchValue(o.objective, made.scores, o.cap ?? CAP, average));
  } else {
    const made = batchObjective(o.critic, shape, weighted);
    parameters = made.parameters;
    objective = climb = mean(made.rows, [1]);
  }
  const tensors = parameters.map((p) => p.tensor);
  const grads = clipGradNorm(gradients(sum(mul(climb, -1)), tensors), o.clip, 1);
  const updates = adamw(tensors, grads, {
    learningRate: input('learning_rate', []),
    step: input('step', []),
    weightDecay: o.weightDecay,
  });
  if (nextAverage) updates.set(average, nextAverage);
  return { outputs: { objective }, updates };
}

/** Default of `cap`: no estimate on fewer than e³⁰ samples reaches it. */
const CAP = 30;

/** The critics of one fit, with their programs, parameters and batches. */
export class CriticGroup {
  private readonly state = new State();
  /** The weights that are evaluated: those of `state`, or their average. */
  private readonly judged: State;
  private steps = 0;
  private readonly programs = new Map<string, Promise<Program>>();
  private readonly g: number;
  private readonly cap: number;

  constructor(
    private readonly a: Side,
    private readonly b: Side,
    readonly critics: number,
    private readonly o: FitOptions,
  ) {
    this.g = critics;
    this.cap = o.cap ?? CAP;
    this.judged = o.average ? new State() : this.state;
    const rng = new Rng(o.seed, 'critic');
    if (o.objective) this.state.set(PARTITION, new Float32Array(critics));
    for (const p of batchObjective(o.critic, { critics, pairs: 1, columns: this.columns }, false).parameters) {
      const name = p.tensor.attributes.name;
      this.state.set(name, p.initial(rng));
      if (o.average) this.judged.set(name, this.state.get(name).slice());
      for (const kind of ['adam_m', 'adam_v']) this.state.set(`${kind}.${name}`, new Float32Array(p.tensor.size));
    }
  }

  private get columns(): [number, number] {
    return [this.a[0].d, this.b[0].d];
  }

  private program(weighted: boolean, n: number): Promise<Program> {
    const key = `${weighted} ${n}`;
    let p = this.programs.get(key);
    if (!p) {
      p = this.compile(weighted, n);
      this.programs.set(key, p);
    }
    return p;
  }

  private compile(weighted: boolean, n: number): Promise<Program> {
    const spec = criticStep(this.o, { critics: this.g, pairs: n, columns: this.columns }, weighted);
    return Program.compile(spec, { threads: this.o.threads });
  }

  /** A copy of the weights that `judge` evaluates now. */
  weights(): State {
    const copy = new State();
    for (const name of this.judged.names()) copy.set(name, this.judged.get(name).slice());
    return copy;
  }

  /** Program that scores `r` rows against `n` candidates; the feed `positive` [1, r, n] marks the true pair of each row. */
  private judging(r: number, n: number): Promise<Program> {
    const key = `judge ${r} ${n}`;
    let p = this.programs.get(key);
    if (!p) {
      const a = input('a', [this.g, r, this.a[0].d]);
      const b = input('b', [this.g, n, this.b[0].d]);
      const { scores } = critic(this.o.critic, a, b);
      const { objective, threads } = this.o;
      const positive = input('positive', [1, r, n]);
      if (objective) {
        const f = capped(scores, this.cap);
        const others = mul(objective.kernel(f), sub(1, positive));
        const outputs = { rows: sum(mul(f, positive), [2]), inRow: sum(others, [2]), inColumn: sum(others, [1]) };
        p = Program.compile({ outputs }, { threads });
        this.programs.set(key, p);
        return p;
      }
      const partition = sub(logSumExp(scores, 2), Math.log(n));
      const rows = sub(sum(mul(scores, positive), [2]), partition);
      const share = mean(exp(sub(scores, reshape(partition, [this.g, r, 1]))), [1]);
      p = Program.compile({ outputs: { rows, share } }, { threads });
      this.programs.set(key, p);
    }
    return p;
  }

  private gather(side: Side, rows: readonly Int32Array[], draw: number): Float32Array {
    const { data, d } = side[draw % side.length];
    const n = rows[0].length;
    const out = new Float32Array(rows.length * n * d);
    let at = 0;
    for (const list of rows)
      for (let r = 0; r < n; r++, at += d) {
        const from = list[r] * d;
        for (let j = 0; j < d; j++) out[at + j] = data[from + j];
      }
    return out;
  }

  /** One training step; `rows[g]` is the batch of critic g. Returns the objective of each critic on its batch, in nats. */
  async step(
    rows: readonly Int32Array[],
    draw: number,
    learningRate: number,
    logWeights?: Float32Array,
  ): Promise<Float32Array> {
    const program = await this.program(logWeights !== undefined, rows[0].length);
    const feeds: Record<string, Float32Array> = {
      a: this.gather(this.a, rows, draw),
      b: this.gather(this.b, rows, draw),
      learning_rate: Float32Array.of(learningRate),
      step: Float32Array.of(++this.steps),
    };
    if (logWeights) feeds.log_weights = logWeights;
    const { objective } = await program.run(feeds, this.state);
    if (this.o.average) this.averageWeights();
    return objective as Float32Array;
  }

  private averageWeights() {
    const share = (DECAY + 1) / (this.steps + DECAY);
    for (const name of this.judged.names()) {
      const average = this.judged.get(name);
      this.state.get(name).forEach((w, i) => {
        average[i] += share * (w - average[i]);
      });
    }
  }

  /**
   * Evaluates every critic on its held-out rows. Per critic and row, averaged over noise draws: the row's term of the objective, and
   * the row's influence on the mean, which includes its role as a candidate of other rows.
   */
  async judge(rows: readonly Int32Array[], weights: State = this.judged): Promise<Judgement[]> {
    const total = rows[0].length;
    const blocks = Math.ceil(total / BLOCK[this.o.critic.kind]);
    const n = Math.floor(total / blocks);
    const chunk = Math.max(1, Math.min(n, Math.floor(PAIRS_AT_ONCE[this.o.critic.kind] / (n * this.g))));
    const draws = Math.max(this.a.length, this.b.length);
    const result = rows.map(() => ({
      terms: new Float64Array(n * blocks),
      influence: new Float64Array(n * blocks),
      candidates: n,
    }));
    for (let block = 0; block < blocks; block++) {
      const part = rows.map((list) => list.subarray(block * n, (block + 1) * n));
      for (let k = 0; k < draws; k++) {
        const sums = rows.map(() => new PairSums(n));
        const b = this.gather(this.b, part, k);
        for (let at = 0; at < n; at += chunk) {
          const r = Math.min(chunk, n - at);
          const positive = new Float32Array(r * n);
          for (let i = 0; i < r; i++) positive[i * n + at + i] = 1;
          const a = this.gather(
            this.a,
            part.map((list) => list.subarray(at, at + r)),
            k,
          );
          const out = await (await this.judging(r, n)).run({ a, b, positive }, weights);
          sums.forEach((s, g) => {
            if (this.o.objective) s.add(out, g, at, r);
            else s.addRows(out, g, at, r);
          });
        }
        sums.forEach((s, g) => {
          const { terms, influence } = this.o.objective ? s.judge(this.o.objective) : s;
          for (let i = 0; i < n; i++) {
            result[g].terms[block * n + i] += terms[i] / draws;
            result[g].influence[block * n + i] += influence[i] / draws;
          }
        });
      }
    }
    return result;
  }

  async release(): Promise<void> {
    for (const p of this.programs.values()) await (await p).release();
  }
}

/** Sums over the pairs of one block and noise draw, for one critic. */
class PairSums {
  readonly terms: Float64Array;
  readonly influence: Float64Array;
  /** Sums of h(f) over the other pairs of each row and of each column. */
  private readonly inRow: Float64Array;
  private readonly inColumn: Float64Array;

  constructor(private readonly n: number) {
    [this.terms, this.influence, this.inRow, this.inColumn] = [0, 1, 2, 3].map(() => new Float64Array(n));
  }

  /** InfoNCE: adds rows at … at + r − 1, each with all its candidates. */
  addRows({ rows, share }: Record<string, Values>, g: number, at: number, r: number): void {
    for (let i = 0; i < r; i++) {
      const term = rows[g * r + i] as number;
      this.terms[at + i] = term;
      this.influence[at + i] += term + 1;
    }
    // A row is a candidate of all n rows: its shares of their partition sums enter its influence.
    for (let j = 0; j < this.n; j++) this.influence[j] -= ((share[g * this.n + j] as number) * r) / this.n;
  }

  /** Other objectives: adds rows at … at + r − 1 to the sums over all pairs. */
  add({ rows, inRow, inColumn }: Record<string, Values>, g: number, at: number, r: number): void {
    for (let i = 0; i < r; i++) {
      this.terms[at + i] = rows[g * r + i] as number;
      this.inRow[at + i] = inRow[g * r + i] as number;
    }
    for (let j = 0; j < this.n; j++) this.inColumn[j] += inColumn[g * this.n + j] as number;
  }

  judge({ outer }: Objective): { terms: Float64Array; influence: Float64Array } {
    const { n, inRow, inColumn } = this;
    const z = inRow.reduce((s, v) => s + v, 0) / n / (n - 1);
    const slope = outer === 'log' ? 1 / z : 1;
    return {
      terms: this.terms.map((f, i) => (outer === 'log' ? f - Math.log(z) : f + 1 - inRow[i] / (n - 1))),
      influence: this.terms.map((f, i) => f - (slope * (inRow[i] + inColumn[i])) / (n - 1)),
    };
  }
}

/** Evaluation of one critic on held-out rows. */
export interface Judgement {
  /** fᵢᵢ − log meanⱼ exp fᵢⱼ per row: the pointwise information, nats. */
  terms: Float64Array;
  /** Influence of each row on the mean of `terms`. */
  influence: Float64Array;
  /** Candidates per row; the ceiling is the logarithm of their number. */
  candidates: number;
}

/** Batches of `size` rows. All of `rows` come up in random order before one repeats; a remainder below `size` is skipped. */
export class Batches {
  private order: Int32Array;
  private at = 0;

  constructor(
    rows: Int32Array,
    readonly size: number,
    private readonly rng: Rng,
  ) {
    this.order = rng.shuffle(rows.slice());
  }

  next(): Int32Array {
    if (this.at + this.size > this.order.length) {
      this.rng.shuffle(this.order);
      this.at = 0;
    }
    this.at += this.size;
    return this.order.subarray(this.at - this.size, this.at);
  }
}
