/** Training steps of `transformer` on the texts of a file, in a process of its own, on one thread; bench/peer_texts.py does the same in PyTorch. */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Rng } from '../../src/base/random.js';
import type { TokenSet } from '../../src/datasets/types.js';
import { limitThreads } from '../../src/engine/devices.js';
import { NoiseBank, State } from '../../src/engine/index.js';
import { OPTIMIZER_STATE } from '../../src/engine/optim.js';
import { findModel, fromTorch, torchShape } from '../../src/models/index.js';
import { type GraphOptions, ProgramCache, parameters, trainStep } from '../../src/training/graphs.js';
import { gatherInputs, largestActivation, readOf } from '../../src/training/inputs.js';
import { initial } from '../../test/models/helpers.js';

export interface TextSpeedRequest {
  /** Tokens [texts, length], then labels [texts], int32. */
  file: string;
  texts: number;
  length: number;
  vocabulary: number;
  classes: number;
  batch: number;
  width: number;
  /** γ */
  noise: number;
}

/** Seconds for all texts once, and the mean losses of the first two steps. */
export interface TextSpeedFigures {
  seconds: number;
  first: number;
  second: number;
}

const request: TextSpeedRequest = JSON.parse(process.argv[2]);
const { texts: n, length, vocabulary, classes, batch, width, noise } = request;
limitThreads(1);
const bytes = readFileSync(request.file);
const all = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const set: TokenSet = {
  ...{ n, length, vocabulary, texts: [] },
  tokens: all.subarray(0, n * length),
  labels: all.subarray(n * length),
};
const graph: GraphOptions = {
  model: findModel('transformer'),
  ...{ width, classes, vocabulary, length, noiseStd: noise },
  ...{ optimizer: 'adamw', momentum: 0, weightDecay: 5e-4 },
};
const state = new State();
for (const p of parameters(graph)) {
  state.set(p.name, fromTorch(p, initial(p.name, torchShape(p))));
  for (const kind of OPTIMIZER_STATE.adamw) state.set(`${kind}.${p.name}`, new Float32Array(p.tensor.size));
}
const bank = new NoiseBank(noise, noise === 0 ? 1 : largestActivation(graph, batch, width), new Rng(0, 'bench noise'));
const programs = new ProgramCache((rows, read) => trainStep({ ...graph, read }, rows), { threads: 1 });
const losses: number[] = [];

async function once() {
  const started = performance.now();
  for (let at = 0; at < n; at += batch) {
    const index = Int32Array.from({ length: Math.min(batch, n - at) }, (_, k) => at + k);
    const feeds = {
      ...gatherInputs(set, index),
      labels: Int32Array.from(index, (i) => set.labels[i]),
      learning_rate: Float32Array.of(1e-3),
      step: Float32Array.of(losses.length + 1),
    };
    const out = await (await programs.get(index.length, readOf(set, index))).run(feeds, state, bank);
    losses.push((out.losses as Float32Array).reduce((a, b) => a + b) / index.length);
  }
  return (performance.now() - started) / 1000;
}

await once();
const seconds = await once();
console.log(JSON.stringify({ seconds, first: losses[0], second: losses[1] } satisfies TextSpeedFigures));
