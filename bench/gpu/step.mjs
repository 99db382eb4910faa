/**
 * One part of `scripts/gpu-check.mjs`, in a process of its own: a driver may take its process down, and a part that takes too
 * long is killed. Prints one JSON object a line, each as soon as it is known.
 *
 *   node bench/gpu/step.mjs '{"kind": "step", "device": "webgpu", "width": 16, "noise": 0, "batch": 128, …}'
 *
 * With `reference`, the part writes what it starts from and what one step makes of it into `folder`. Without it, the part
 * compares its own step with what is there, and then times further steps.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Rng } from '../../dist/base/random.js';
import { NoiseBank, Program, State } from '../../dist/engine/index.js';
import { asTensors, readSafetensors, writeSafetensors } from '../../dist/formats/safetensors.js';
import { batchObjective, criticStep } from '../../dist/information/fit.js';
import { drawNegatives, logWeights } from '../../dist/information/paper.js';
import { findModel, toTorch } from '../../dist/models/index.js';
import { parameters, trainStep } from '../../dist/training/graphs.js';

/** So low that float32 rounding does not grow from the first step to the second. `peer.py` has the same rates. */
const [RATE, CRITIC_RATE] = [5e-4, 3e-4];
/** The first critic of the paper's protocol: samples of a batch, negatives, hidden units, columns of T and of X. */
const [PAIRS, NEGATIVES, HIDDEN, DT, DX] = [128, 512, 128, 512, 3072];
const SHAPE = { critics: 1, pairs: PAIRS, columns: [DT, DX] };
const BLOCKS = 7;
const BLOCK_SECONDS = 0.5;

const say = (line) => console.log(JSON.stringify(line));
const norm = (values) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
/** ‖a − b‖ / ‖b‖ */
const relative = (a, b) => norm(a.map((v, i) => v - b[i])) / norm(b);
const vector = (data) => ({ data, shape: [data.length] });

/** Memory in use on the card, MiB; undefined where there is no nvidia-smi. */
function cardMemory() {
  try {
    return Number(execFileSync('nvidia-smi', ['--query-gpu=memory.used', '--format=csv,noheader,nounits']));
  } catch {
    return undefined;
  }
}

/** Steps per second: median, lowest and highest of up to seven blocks of half a second, after a warm-up, in `seconds` at most. */
async function time(run, seconds) {
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  let warm = 0;
  while (warm < 2 || (warm < 20 && elapsed() < seconds / 5)) {
    await run();
    warm++;
  }
  const before = elapsed();
  await run();
  const stepsPerBlock = Math.max(1, Math.round(BLOCK_SECONDS / (elapsed() - before)));
  const rates = [];
  let last = 0;
  do {
    const started = elapsed();
    for (let i = 0; i < stepsPerBlock; i++) await run();
    last = elapsed() - started;
    rates.push(stepsPerBlock / last);
  } while (rates.length < BLOCKS && elapsed() + last < seconds);
  rates.sort((a, b) => a - b);
  const stepsPerSecond = rates[rates.length >> 1];
  return { stepsPerSecond, lowest: rates[0], highest: rates.at(-1), blocks: rates.length, stepsPerBlock };
}

/** The train step of ResNet-18, with weights, images, labels and noise that are the same on every device. */
async function networkStep({ device, width, noise, batch, folder, reference }) {
  const graph = {
    model: findModel('resnet18'),
    width,
    classes: 10,
    height: 32,
    imageWidth: 32,
    channels: 3,
    noiseStd: noise,
    momentum: 0.9,
    weightDecay: 5e-4,
  };
  const state = new State();
  const start = {};
  const rng = new Rng(0, 'weights', width);
  for (const p of parameters(graph)) {
    state.set(p.name, p.initial(rng));
    start[p.name] = toTorch(p, state.get(p.name).slice());
    if (p.trainable) state.set(`momentum.${p.name}`, new Float32Array(p.tensor.size));
  }
  const pixels = new Rng(0, 'images');
  const shape = [batch, 32, 32, 3];
  const images = Uint8Array.from({ length: batch * 3072 }, () => pixels.int(256));
  const labels = Int32Array.from({ length: batch }, (_, i) => i % 10);
  if (reference)
    await writeSafetensors(
      join(folder, `start-${width}.safetensors`),
      asTensors({ ...start, images: { data: images, shape }, labels: vector(labels) }),
    );
  const bank = new NoiseBank(noise, noise === 0 ? 1 : batch * width * 1024, new Rng(0, 'noise'));
  const program = await Program.compile(trainStep(graph, batch), { device });
  // Copies, as a training loop hands over a new batch each time.
  const feeds = () => ({ images: images.slice(), labels: labels.slice(), learning_rate: Float32Array.of(RATE) });
  return { state, run: async () => (await program.run(feeds(), state, bank)).losses };
}

/** The step of one critic of the paper's protocol: InfoNCE on a batch, clipped gradients, AdamW. */
async function criticOf({ device, folder, reference }) {
  const critic = { kind: 'concat', hidden: HIDDEN, embedding: 0 };
  const state = new State();
  const rng = new Rng(0, 'critic');
  const start = {};
  for (const p of batchObjective(critic, SHAPE, true).parameters) {
    const { name } = p.tensor.attributes;
    state.set(name, p.initial(rng));
    start[name] = { data: state.get(name).slice(), shape: p.tensor.shape.slice(1) };
    for (const kind of ['adam_m', 'adam_v']) state.set(`${kind}.${name}`, new Float32Array(p.tensor.size));
  }
  const a = rng.normals(PAIRS * DT);
  const b = rng.normals(PAIRS * DX);
  const weights = logWeights(drawNegatives(PAIRS, PAIRS, NEGATIVES, rng), PAIRS, PAIRS, NEGATIVES);
  if (reference)
    await writeSafetensors(
      join(folder, 'start-critic.safetensors'),
      asTensors({
        ...start,
        a: { data: a, shape: [PAIRS, DT] },
        b: { data: b, shape: [PAIRS, DX] },
        log_weights: { data: weights, shape: [PAIRS, PAIRS] },
      }),
    );
  const options = { critic, batch: PAIRS, learningRate: CRITIC_RATE, weightDecay: 1e-4, clip: 5, seed: 0 };
  const program = await Program.compile(criticStep(options, SHAPE, true), { device });
  let steps = 0;
  const run = async () => {
    steps++;
    const rates = { learning_rate: Float32Array.of(CRITIC_RATE), step: Float32Array.of(steps) };
    return (await program.run({ a: a.slice(), b: b.slice(), log_weights: weights.slice(), ...rates }, state)).objective;
  };
  return { state, run };
}

/** Largest relative difference of the tensors of each group; the gradients are the momentum after the first step. */
function differences(state, theirs) {
  const found = { weights: 0, gradients: 0, worst: '' };
  for (const name of state.names()) {
    if (!(name in theirs)) continue;
    const difference = relative(state.get(name), theirs[name].data);
    if (difference > Math.max(found.weights, found.gradients)) found.worst = name;
    const group = name.startsWith('momentum.') ? 'gradients' : 'weights';
    found[group] = Math.max(found[group], difference);
  }
  return found;
}

async function main(part) {
  const { state, run } = await (part.kind === 'critic' ? criticOf(part) : networkStep(part));
  const first = await run();
  await state.collect();
  const file = join(
    part.folder,
    part.kind === 'critic' ? 'cpu-critic.safetensors' : `cpu-${part.width}-${part.noise}.safetensors`,
  );
  // Adam divides by the gradient's size: the critic's last bias, whose gradient is rounding around zero, has a random sign.
  const names = state.names().filter((name) => !/^adam_|^2\.bias$/.test(name));
  if (part.reference) {
    const values = Object.fromEntries(names.map((name) => [name, vector(state.get(name).slice())]));
    await writeSafetensors(file, asTensors({ ...values, losses: vector(first) }));
  } else {
    // Where the reference did not end in its time, the speed is still of use.
    const found = await readSafetensors(file).catch(() => undefined);
    const theirs = found?.tensors;
    if (theirs) say({ agreement: { losses: relative(first, theirs.losses.data), ...differences(state, theirs) } });
  }
  const second = await run();
  const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
  say({ means: [mean(first), mean(second)] });
  if (part.reference) return;
  say({ speed: await time(run, part.seconds) });
  say({ cardMemoryMB: cardMemory() });
}

main(JSON.parse(process.argv[2])).then(
  // The drivers' own clean-up at exit is not what is measured, and may fail.
  () => process.exit(0),
  (error) => {
    say({ error: String(error.message).split('\n')[0] });
    process.exit(1);
  },
);
