/**
 * One SGD step of a model, as training runs it: images per second (median of `STEPS` steps after two of warm-up) and peak memory.
 *
 *   npm run -s bench -- train [--model resnet18] [--width 64] [--batch 64] [--noise 0] [--device cpu] [--json]
 */
import { performance } from 'node:perf_hooks';
import { Rng } from '../src/base/random.js';
import { NoiseBank, Program, State } from '../src/engine/index.js';
import { OPTIMIZER_STATE } from '../src/engine/optim.js';
import { findModel } from '../src/models/index.js';
import { type GraphOptions, parameters, trainStep } from '../src/training/graphs.js';

const STEPS = 7;

export async function main(args: string[]): Promise<void> {
  const option = (name: string, or: string) => (args.includes(`--${name}`) ? args[args.indexOf(`--${name}`) + 1] : or);
  const model = findModel(option('model', 'resnet18'));
  const width = Number(option('width', String(model.defaultWidth)));
  const batch = Number(option('batch', '64'));
  const noiseStd = Number(option('noise', '0'));
  const before = process.resourceUsage().maxRSS;
  const graph: GraphOptions = {
    model,
    width,
    classes: 10,
    height: 32,
    imageWidth: 32,
    channels: 3,
    noiseStd,
    momentum: 0.9,
    weightDecay: 5e-4,
  };
  const rng = new Rng(0, 'bench train');
  const state = new State();
  for (const p of parameters(graph)) {
    const values = p.initial(rng);
    state.set(p.name, values);
    if (p.trainable)
      for (const kind of OPTIMIZER_STATE.sgd) state.set(`${kind}.${p.name}`, new Float32Array(values.length));
  }
  const bank = new NoiseBank(noiseStd, noiseStd === 0 ? 1 : batch * width * 1024, rng);
  const images = Uint8Array.from({ length: batch * 3072 }, () => rng.int(256));
  const labels = Int32Array.from({ length: batch }, () => rng.int(10));
  const program = await Program.compile(trainStep(graph, batch));
  const times: number[] = [];
  for (let i = 0; i < STEPS + 2; i++) {
    const started = performance.now();
    await program.run({ images, labels, learning_rate: Float32Array.of(0.05) }, state, bank);
    if (i >= 2) times.push((performance.now() - started) / 1000);
  }
  const seconds = times.sort((a, b) => a - b)[STEPS >> 1];
  console.log(
    JSON.stringify({
      model: model.name,
      width,
      batch,
      noise: noiseStd,
      imagesPerSecond: batch / seconds,
      peakMemoryMB: (process.resourceUsage().maxRSS - before) / 1024,
    }),
  );
}
