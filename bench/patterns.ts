/**
 * How far images with a pattern lie apart from the others of their class, by their pixels alone (`src/audit/pattern-filter.ts`), in clean and in poisoned sets.
 * When they lie clearly apart comes from this.
 *
 *   npm run -s bench -- patterns [--images DIR] [--seeds N-N] [--attacks A,B] [--limit N]
 *
 * `--images` is CIFAR-10 as an image folder; without it its sets are left out. `--attacks`: name[@rate][:option=value], by default `none`. A line a set: standard
 * deviations and number of images on the smaller side, by class; of an attack, how many of its poisoned samples are among those with the pattern of their class.
 */
import { parseArgs } from 'node:util';
import { PatternFilter } from '../src/audit/pattern-filter.js';
import { resolveConfig } from '../src/config/resolve.js';
import { limitThreads } from '../src/engine/index.js';
import { makeSet } from '../src/poisoning/poisoned-set.js';
import { parseAttacks, parseSeeds } from '../src/studies/parse.js';

const OPTIONS = {
  images: { type: 'string' },
  seeds: { type: 'string', default: '201-210' },
  attacks: { type: 'string', default: 'none' },
  limit: { type: 'string', default: '10000' },
} as const;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  limitThreads(1);
  const sources = { 'CIFAR-10': 'folder', 'Fashion-MNIST': 'fashion-mnist' };
  const all: { separation: number; smaller: number }[] = [];
  for (const [name, dataset] of Object.entries(sources)) {
    if (dataset === 'folder' && !values.images) continue;
    const dataDir = dataset === 'folder' ? values.images : undefined;
    for (const { attack, attackOption, rate } of parseAttacks(values.attacks))
      for (const seed of parseSeeds(values.seeds)) {
        const limits = { trainLimit: Number(values.limit), testLimit: 100 };
        const made = await makeSet(
          resolveConfig({ dataset, dataDir, ...limits, attack, attackOption, poisonRate: rate, seed }),
        );
        const { images, labels, n, height, width, channels, poisoned } = made.poisoned;
        const started = performance.now();
        const set = { images, labels, n, height, width, channels };
        const filter = await PatternFilter.of(set, made.dataset.classes.length, seed);
        const words: string[] = [];
        let found = 0;
        for (let c = 0; c < filter.classes; c++) {
          const of = await filter.find(c, null);
          words.push(of ? `${of.separation.toFixed(1)} (${of.smaller})` : '–');
          if (of) all.push(of);
          found += filter.own(c).filter((row, k) => poisoned[row] === 1 && of && of.logOdds[k] > 0).length;
        }
        const seconds = (performance.now() - started) / 1000;
        const hits = attack === 'none' ? '' : `; ${found} of ${poisoned.reduce((a, b) => a + b, 0)} found`;
        console.log(`${name} ${attack}, seed ${seed}, ${seconds.toFixed(1)} s: ${words.join(', ')}${hits}`);
      }
  }
  const largest = (least: number) =>
    Math.max(...all.filter(({ smaller }) => smaller >= least).map(({ separation }) => separation)).toFixed(1);
  console.log(`${all.length} classes: at most ${largest(30)} with 30 images or more, ${largest(100)} with 100`);
}
