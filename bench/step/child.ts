/** Measures one step and prints its figures. It is a process of its own, so that the peak memory is that of the step. */
import { performance } from 'node:perf_hooks';
import { buildStep, type StepRequest } from './build.js';
import type { StepFigures } from './measure.js';

const WARM_UP = 2;
const STEPS = 7;

const request: StepRequest = JSON.parse(process.argv[2]);
const before = process.memoryUsage.rss();
const step = await buildStep(request);
const losses: number[] = [];
const times: number[] = [];
for (let i = 0; i < WARM_UP + STEPS; i++) {
  const started = performance.now();
  const loss = await step.run();
  if (i < WARM_UP) losses.push(loss);
  else times.push((performance.now() - started) / 1000);
}
const figures: StepFigures = {
  imagesPerSecond: request.batch / times.sort((a, b) => a - b)[STEPS >> 1],
  // The system counts in KiB.
  peakMemoryMB: (process.resourceUsage().maxRSS * 1024 - before) / 2 ** 20,
  losses,
};
console.log(JSON.stringify(figures));
