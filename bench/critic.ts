/**
 * One step of the paper's critic, value and gradients: T 512, X 3 072, batch 128, 512 negatives, hidden 128, float32.
 *
 * The factored step multiplies each sample by the first layer once and scores the 128 × 128 different pairs. The naive step concatenates T and
 * X for all 128 × 513 candidates of the batch, as the paper describes it. Both get the same weights, batch and negatives, and their values
 * and gradients are compared before they are timed.
 */
import { spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { Rng } from '../src/base/random.js';
import {
  add,
  concat,
  gradients,
  input,
  logSumExp,
  matmul,
  mean,
  mul,
  Program,
  relu,
  reshape,
  State,
  sub,
  sum,
  type Tensor,
  type Values,
} from '../src/engine/index.js';
import { batchObjective } from '../src/information/fit.js';
import { drawNegatives, logWeights } from '../src/information/paper.js';

const [BATCH, NEGATIVES, HIDDEN, DT, DX] = [128, 512, 128, 512, 3072];
/** Rows of the batch that the naive step concatenates at a time: 513 candidates of 3 584 columns each. */
const ROWS = 8;
const STEPS = 30;

export interface CriticBench {
  /** Seconds of the value and all gradients, median of 30 steps after 5 of warm-up. */
  stepSeconds: number;
  /** The same for the naive form on this engine, one step. */
  naiveSeconds: number;
  /** Largest |factored − naive| over the value and each gradient, relative to that tensor's largest magnitude. */
  maxRelativeDifference: number;
  threads: number | 'all';
}

type Arrays = Record<string, Float32Array>;

/** The objective, and its gradients as `d.` + the parameter's name. */
function withGradients(objective: Tensor, parameters: readonly Tensor[]): Record<string, Tensor> {
  const found = gradients(objective, parameters);
  return { objective, ...Object.fromEntries(parameters.map((p, i) => [`d.${p.attributes.name}`, found[i]])) };
}

async function factored(threads: number | undefined): Promise<{ program: Program; parameters: Arrays }> {
  const kind = { kind: 'concat', hidden: HIDDEN, embedding: 0 } as const;
  const { rows, parameters } = batchObjective(kind, { critics: 1, pairs: BATCH, columns: [DT, DX] }, true);
  const rng = new Rng(0, 'bench weights');
  return {
    program: await Program.compile(
      {
        outputs: withGradients(
          mean(rows),
          parameters.map((p) => p.tensor),
        ),
      },
      { threads },
    ),
    parameters: Object.fromEntries(parameters.map((p) => [p.tensor.attributes.name, p.initial(rng)])),
  };
}

/** The naive step on `ROWS` rows: pairs [ROWS · (1 + K), DT + DX], each row's positive first. */
function naive(threads: number | undefined): Promise<Program> {
  const candidates = NEGATIVES + 1;
  const pairs = concat([input('t', [ROWS * candidates, DT]), input('x', [ROWS * candidates, DX])], 1);
  const state = (name: string, shape: number[]) => input(name, shape, 'float32', 'state');
  const w = [state('weight.0', [DT + DX, HIDDEN]), state('weight.1', [HIDDEN, HIDDEN]), state('weight.2', [HIDDEN, 1])];
  const b = [state('bias.0', [1, HIDDEN]), state('bias.1', [1, HIDDEN]), state('bias.2', [1, 1])];
  let h: Tensor = pairs;
  for (const layer of [0, 1, 2]) {
    const z = add(matmul(h, w[layer]), b[layer]);
    h = layer < 2 ? relu(z) : z;
  }
  const scores = reshape(h, [ROWS, candidates]);
  const first = input('first', [1, candidates]);
  const rows = sub(sum(mul(scores, first), [1]), sub(logSumExp(scores, 1), Math.log(candidates)));
  return Program.compile({ outputs: withGradients(mean(rows), [...w, ...b]) }, { threads });
}

/** Value and gradients of the naive step over all rows, by the names of the factored program's outputs. */
async function runNaive(
  program: Program,
  t: Float32Array,
  x: Float32Array,
  negatives: Int32Array,
  p: Arrays,
): Promise<{ values: Record<string, Float64Array>; seconds: number }> {
  const candidates = NEGATIVES + 1;
  const state = new State();
  const whole = new Float32Array((DT + DX) * HIDDEN);
  whole.set(p['a.weight']);
  whole.set(p['b.weight'], DT * HIDDEN);
  state.set('weight.0', whole);
  for (const layer of [1, 2]) state.set(`weight.${layer}`, p[`${layer}.weight`]);
  for (const layer of [0, 1, 2]) state.set(`bias.${layer}`, p[`${layer}.bias`]);
  const total: Record<string, Float64Array> = {};
  const first = new Float32Array(candidates);
  first[0] = 1;
  let seconds = 0;
  for (let at = 0; at < BATCH; at += ROWS) {
    const started = performance.now();
    const left = new Float32Array(ROWS * candidates * DT);
    const right = new Float32Array(ROWS * candidates * DX);
    for (let r = 0; r < ROWS; r++)
      for (let c = 0; c < candidates; c++) {
        const row = at + r;
        const other = c === 0 ? row : negatives[row * NEGATIVES + c - 1];
        left.set(t.subarray(row * DT, (row + 1) * DT), (r * candidates + c) * DT);
        right.set(x.subarray(other * DX, (other + 1) * DX), (r * candidates + c) * DX);
      }
    const out = await program.run({ t: left, x: right, first }, state);
    seconds += (performance.now() - started) / 1000;
    for (const [name, values] of Object.entries(out as Arrays)) {
      total[name] ??= new Float64Array(values.length);
      values.forEach((v, i) => {
        total[name][i] += (v * ROWS) / BATCH;
      });
    }
  }
  const values: Record<string, Float64Array> = {
    objective: total.objective,
    'd.a.weight': total['d.weight.0'].subarray(0, DT * HIDDEN),
    'd.b.weight': total['d.weight.0'].subarray(DT * HIDDEN),
  };
  for (const layer of [1, 2]) values[`d.${layer}.weight`] = total[`d.weight.${layer}`];
  for (const layer of [0, 1, 2]) values[`d.${layer}.bias`] = total[`d.bias.${layer}`];
  return { values, seconds };
}

/**
 * |a − b| over the largest |b| of each tensor. The last bias shifts all scores alike, so its gradient is rounding around
 * zero: it is compared with the largest of all gradients.
 */
function relativeDifference(ours: Record<string, Values>, theirs: Record<string, Float64Array>): number {
  const size = (v: ArrayLike<number>) => Array.from(v).reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  const largest = Math.max(...Object.entries(theirs).map(([name, v]) => (name === 'objective' ? 0 : size(v))));
  let worst = 0;
  for (const [name, values] of Object.entries(theirs)) {
    const scale = name === 'd.2.bias' ? largest : size(values);
    values.forEach((v, i) => {
      worst = Math.max(worst, Math.abs((ours[name][i] as number) - v) / scale);
    });
  }
  return worst;
}

export async function benchCritic(threads?: number): Promise<CriticBench> {
  const rng = new Rng(0, 'bench data');
  const t = rng.normals(BATCH * DT);
  const x = rng.normals(BATCH * DX);
  const negatives = drawNegatives(BATCH, BATCH, NEGATIVES, rng);
  const { program, parameters } = await factored(threads);
  const state = new State();
  for (const [name, values] of Object.entries(parameters)) state.set(name, values);
  const step = () => program.run({ a: t, b: x, log_weights: logWeights(negatives, BATCH, BATCH, NEGATIVES) }, state);

  const listed = await naive(threads);
  const theirs = await runNaive(listed, t, x, negatives, parameters);
  await listed.release();
  const maxRelativeDifference = relativeDifference(await step(), theirs.values);

  const times: number[] = [];
  for (let i = 0; i < STEPS + 5; i++) {
    const started = performance.now();
    await step();
    if (i >= 5) times.push((performance.now() - started) / 1000);
  }
  await program.release();
  return {
    stepSeconds: times.sort((a, b) => a - b)[STEPS / 2],
    naiveSeconds: theirs.seconds,
    maxRelativeDifference,
    threads: threads ?? 'all',
  };
}

/** Seconds per step that a peer script prints as `{"peer": …, "step_s": …}`. */
function peerFigure(script: string): { peer: string; seconds: number } | string {
  const ran = spawnSync(process.env.PYTHON ?? 'python3', [script], { encoding: 'utf8' });
  if (ran.status !== 0) return (ran.stderr ?? String(ran.error)).trim().split('\n').pop()!;
  const { peer, step_s: seconds } = JSON.parse(ran.stdout);
  return { peer, seconds };
}

/** `--json` prints the document alone; `--peer FILE` runs another implementation's timing script beside it. */
export async function main(args: string[]): Promise<void> {
  const at = args.indexOf('--peer');
  const found = await benchCritic();
  const peer = at >= 0 ? peerFigure(args[at + 1]) : undefined;
  const document = { ...found, ...(peer === undefined ? {} : { peer }) };
  if (args.includes('--json')) {
    console.log(JSON.stringify(document));
    return;
  }
  const row = (what: string, seconds: number) =>
    console.log(
      `${what.padEnd(36)}${(1000 * seconds).toFixed(1).padStart(10)} ms${(seconds / found.stepSeconds).toFixed(0).padStart(8)} ×`,
    );
  row('factored, as ibscope trains it', found.stepSeconds);
  row('naive, on the same engine', found.naiveSeconds);
  if (typeof peer === 'string') console.log(`the peer did not run: ${peer}`);
  else if (peer) row(peer.peer, peer.seconds);
  console.log(`largest relative difference of value and gradients: ${found.maxRelativeDifference.toExponential(1)}`);
}
