/** An executor that carries out jobs in the test's own thread, and a small data set whose images cost nothing to load. */
import type { RunHooks } from '../../src/base/progress.js';
import type { DatasetSource } from '../../src/datasets/index.js';
import { limited } from '../../src/datasets/limits.js';
import { gather } from '../../src/datasets/select.js';
import type { Executor } from '../../src/execution/executor.js';
import type { Job } from '../../src/execution/job.js';
import { heard } from '../../src/execution/messages.js';
import { randomSet } from '../attacks/helpers.js';

export class Here implements Executor {
  readonly atOnce = 1;
  /** Names of the jobs in the order in which they were handed over. */
  readonly jobs: string[] = [];

  constructor(readonly before: (job: string) => void = () => {}) {}

  async run<A, R>({ module, name }: Job<A, R>, argument: A, hooks: RunHooks = {}): Promise<R> {
    this.before(name);
    this.jobs.push(name);
    const room = await import(/* @vite-ignore */ module.href.replace(/\.js$/, '.ts'));
    return room[name](argument, { post: heard(hooks), shouldStop: () => false });
  }

  close() {}
}

/** Ten classes of 300 random images, 16 × 16. */
export function noiseImages(name: string): DatasetSource {
  const size = { height: 16, width: 16, channels: 3 };
  const [train, test] = [new Array(10).fill(300), new Array(10).fill(4)].map((counts) => randomSet(counts, size));
  return {
    name,
    summary: 'random images',
    needsDir: false,
    async load({ trainLimit, testLimit, seed }) {
      return {
        name,
        classes: Array.from({ length: 10 }, (_, k) => `class ${k}`),
        train: gather(train, limited(train.labels, 10, trainLimit, seed, 'train')),
        test: gather(test, limited(test.labels, 10, testLimit, seed, 'test')),
      };
    },
  };
}
