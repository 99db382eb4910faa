/**
 * Speed against memory of a training step: images per second and peak memory, by the size from which transforms of convolutions are computed again in
 * the backward pass instead of kept.
 *
 *   npm run -s bench -- recompute [--model resnet18] [--width 64] [--batch 64]
 *
 * Medians of three rounds; each round measures every size once, in a process of its own.
 */
import { ProgressLine } from '../src/cli/progress.js';
import { table } from '../src/cli/table.js';
import { findModel } from '../src/models/index.js';
import { measureStep, median } from './step/measure.js';
import { readNumber, readOptions } from './step/options.js';

/** Sizes in MiB; a value has four bytes. */
const SIZES = [Number.POSITIVE_INFINITY, 32, 16, 8, 4];
const ROUNDS = 3;

export async function main(args: string[]): Promise<void> {
  const o = readOptions(args, { model: 'resnet18', width: '64', batch: '64' }, []);
  const model = findModel(o.model!).name;
  const width = readNumber('width', o.width!, 1, true);
  const batch = readNumber('batch', o.batch!, 1, true);
  const line = new ProgressLine();
  const figures = SIZES.map(() => [] as ReturnType<typeof measureStep>[]);
  for (let k = 0; k < ROUNDS * SIZES.length; k++) {
    line.update({ phase: 'runs', stage: 'steps', done: k, total: ROUNDS * SIZES.length, unit: 'steps' });
    // JSON has no infinity.
    const again = Math.min(Number.MAX_SAFE_INTEGER, (SIZES[k % SIZES.length] * 2 ** 20) / 4);
    figures[k % SIZES.length].push(measureStep({ model, width, batch, noise: 0, again }));
  }
  line.clear();
  const of = (k: number, what: 'imagesPerSecond' | 'peakMemoryMB') => median(figures[k].map((f) => f[what]));
  console.log(`${model}, width ${width}, batch ${batch}`);
  console.log(
    table(
      ['computed again from', 'images/s', 'relative', 'peak MB', 'relative'],
      SIZES.map((size, k) => [
        Number.isFinite(size) ? `${size} MiB` : 'never',
        of(k, 'imagesPerSecond').toFixed(1),
        (of(k, 'imagesPerSecond') / of(0, 'imagesPerSecond')).toFixed(2),
        of(k, 'peakMemoryMB').toFixed(0),
        (of(k, 'peakMemoryMB') / of(0, 'peakMemoryMB')).toFixed(2),
      ]),
    ),
  );
}
