/**
 * Trains many critics side by side, and evaluates them on samples they never saw.
 *
 * The objective, unless another is given (`objective.ts`), is InfoNCE's: of a batch of pairs (aᵢ, bᵢ) with scores f and candidate weights w, w ≥ 1 on the diagonal:
 *
 *   mean over i of  fᵢᵢ − log( Σⱼ wᵢⱼ·exp fᵢⱼ / Σⱼ wᵢⱼ )
 *
 * w = 1 makes every pair of the batch a candidate once. With K negatives drawn with replacement from the batch (the paper's
 * protocol), wᵢⱼ = [i = j] + how often j was drawn for i: of the B·K pairs only B² are different.
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

/** One side of the pairs: one matrix per noise draw, or a single one where the side has no noise. Row = sample. */
export type Side = readonly Matrix[];

/** Row numbers a critic learns from, and those it is judged on. */
export interface Fold {
  train: Int32Array;
  heldOut: Int32Array;
}

export interface FitOptions {
  critic: CriticOptions;
  /** Pairs per step; a fold with fewer uses all it has. */
  batch: number;
  learningRate: number;
  weightDecay: number;
  /** Gradient norm limit per critic. */
  clip: number;
  seed: number;
  threads?: number;
  /** What is climbed and judged; absent: InfoNCE. */
  objective?: Objective;
  /** Largest score of a pair under a given objective, nats. */
  cap?: number;
  /** Judge the average of the weights over the steps, the last ones most, and not the weights themselves. */
  average?: boolean;
}

/** The average of `average` weighs step t by about t⁸, its last ninth most (Shamir and Zhang 2013, polynomial decay). */
const DECAY = 8;

/** Held-out pairs are judged in blocks of at most this many candidates. More raise the ceiling, but each pair costs. */
const BLOCK = { separable: 10_000, quadratic: 10_000, bilinear: 10_000, concat: 2500 };
/** The state that holds the moving average of the log-partition. */
const PARTITION = 'log_partition';

/** Pairs that one pass of judging holds at a time, over all critics: 8 hidden layers of 64 MB each at most. */
const PAIRS_AT_ONCE = { separable: 1 << 23, quadratic: 1 << 23, bilinear: 1 << 23, concat: 1 << 17 };

export function batchObjective(o: CriticOptions, g: number, n: number, da: number, db: number, weighted: boolean) {
  const a = input('a', [g, n, da]);
  const b = input('b', [g, n, db]);
  const { scores, parameters } = critic(o, a, b);
  if (!weighted) return { parameters, rows: add(logShare(scores), Math.log(n)) };
  const weights = input('log_weights', [g, n, n]);
  return { parameters, rows: sub(logShare(add(scores, weights)), diagonal(weights)) };
}

/** One step of `g` critics on batches a [g, n, da] and b [g, n, db]. Output: `objective` [g], nats. */
export function criticStep(
  o: FitOptions,
  cap: number,
  g: number,
  n: number,
  da: number,
  db: number,
  weighted: boolean,
): ProgramSpec {
  const average = input(PARTITION, [g], 'float32', 'state');
  let parameters: CriticParameter[];
  let objective: Tensor;
  let climb: Tensor;
  let nextAverage: Tensor | undefined;
  if (o.objective) {
    const made = critic(o.critic, input('a', [g, n, da]), input('b', [g, n, db]));
    parameters = made.parameters;
    ({ value: objective, climb, nextAverage } = batchValue(o.objective, made.scores, cap, average));
  } else {
    const made = batchObjective(o.critic, g, n, da, db, weighted);
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

/** The critics of one fit: their programs, parameters and the gathering of their batches. */
export class CriticGroup {
  private readonly state = new State();
  /** What is judged: the state itself, or the average of its weights. */
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
    this.cap = o.cap ?? 30;
    this.judged = o.average ? new State() : this.state;
    const rng = new Rng(o.seed, 'critic');
    if (o.objective) this.state.set(PARTITION, new Float32Array(critics));
    for (const p of batchObjective(o.critic, critics, 1, a[0].d, b[0].d, false).parameters) {
      const name = p.tensor.attributes.name;
      this.state.set(name, p.initial(rng));
      if (o.average) this.judged.set(name, this.state.get(name).slice());
      for (const kind of ['adam_m', 'adam_v']) this.state.set(`${kind}.${name}`, new Float32Array(p.tensor.size));
    }
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
    const spec = criticStep(this.o, this.cap, this.g, n, this.a[0].d, this.b[0].d, weighted);
    return Program.compile(spec, { threads: this.o.threads });
  }

  /** A copy of the weights that `judge` judges now. */
  weights(): State {
    const copy = new State();
    for (const name of this.judged.names()) copy.set(name, this.judged.get(name).slice());
    return copy;
  }

  /** `r` rows against `n` candidates; `positive` [r, n] marks each row's own. */
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

  /** One step; `rows[g]` are the batch of critic g. Returns each critic's objective on its batch, in nats. */
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
   * Judges every critic on rows it did not learn from. Per critic and row, averaged over noise draws: the row's term of the
   * objective, and its influence on the mean, which also counts its part as other rows' candidate.
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

/** What the judged pairs of one block and draw add up to, for one critic. */
class PairSums {
  readonly terms: Float64Array;
  readonly influence: Float64Array;
  /** Sums of h(f) over the other pairs of each row and of each column. */
  private readonly inRow: Float64Array;
  private readonly inColumn: Float64Array;

  constructor(private readonly n: number) {
    [this.terms, this.influence, this.inRow, this.inColumn] = [0, 1, 2, 3].map(() => new Float64Array(n));
  }

  /** InfoNCE: rows at … at + r − 1 are whole. */
  addRows({ rows, share }: Record<string, Values>, g: number, at: number, r: number): void {
    for (let i = 0; i < r; i++) {
      const term = rows[g * r + i] as number;
      this.terms[at + i] = term;
      this.influence[at + i] += term + 1;
    }
    // What a row lends to others as their candidate: its share of their partition sums, n rows in all.
    for (let j = 0; j < this.n; j++) this.influence[j] -= ((share[g * this.n + j] as number) * r) / this.n;
  }

  /** Other objectives: what rows at … at + r − 1 add to the sums over all pairs. */
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

export interface Judgement {
  /** fᵢᵢ − log meanⱼ exp fᵢⱼ per row: the pointwise information, nats. */
  terms: Float64Array;
  influence: Float64Array;
  /** Candidates per row; the ceiling is its logarithm. */
  candidates: number;
}

/** Batches that pass through all of `rows` in random order before any repeats, for each critic. */
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
