/**
 * A slice of a study, in a process of its own, on one thread: training steps, the passes of a moment, and resolved information of its
 * groups. Prints seconds of each part.
 */
import { performance } from 'node:perf_hooks';
import { Rng } from '../../src/base/random.js';
import { limitThreads } from '../../src/engine/devices.js';
import { NoiseBank, Program } from '../../src/engine/index.js';
import { type MomentGroup, resolvedAtMoment } from '../../src/information/resolved-moment.js';
import { probeStep } from '../../src/training/graphs.js';
import { PASS } from '../../src/training/passes.js';
import { uniform } from '../../test/models/helpers.js';
import { buildStep, modelOf } from '../step/build.js';
import type { SliceFigures, SliceRequest } from './measure.js';

const request: SliceRequest = JSON.parse(process.argv[2]);
const { model, width, batch, noise, images, probed, passes, groups, samples } = request;
limitThreads(1);

async function timed(act: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await act();
  return (performance.now() - started) / 1000;
}

const step = await buildStep({ model, width, batch, noise });
const { graph, state, pixels } = modelOf({ model, width, batch: PASS, noise });
const bank = new NoiseBank(noise, PASS * width * graph.height * graph.imageWidth, new Rng(0, 'bench noise'));
const program = await Program.compile(probeStep(graph, PASS));
const feeds = { images: pixels, labels: new Int32Array(PASS) };
await step.run();
await program.run(feeds, state, bank);

const training = await timed(async () => {
  for (let done = 0; done < images; done += batch) await step.run();
});
const probes = await timed(async () => {
  for (let done = 0; done < passes * probed; done += PASS) await program.run(feeds, state, bank);
});
const d = 8 * width;
/** Spread of the points in units of the noise. */
const SPREAD = 2;
const normal = (name: string, n: number) => uniform(name, n).map((u) => u * Math.sqrt(3));
const moment = Array.from({ length: groups }, (_, g): MomentGroup => {
  const noiseFree = normal(`points ${g}`, samples * d).map((v) => v * SPREAD);
  const draws = normal(`draws ${g}`, 8 * samples * d).map((v, at) => v + noiseFree[at % (samples * d)]);
  return { id: String(g), clean: true, n: samples, noiseFree, draws: Float32Array.from(draws) };
});
let nats: number[] = [];
const estimates = await timed(async () => {
  nats = resolvedAtMoment(moment, { d, seed: 0, moment: 0 })
    .filter((v) => v.variant === 'own')
    .flatMap((v) => [...v.nats]);
});
const figures: SliceFigures = {
  training,
  probes,
  estimates,
  meanNats: nats.reduce((a, b) => a + b) / nats.length,
};
console.log(JSON.stringify(figures));
