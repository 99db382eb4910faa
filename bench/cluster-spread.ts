/**
 * What the clusters of a clean class show other networks: sets in which a third of one class has a watermark, divided into images with and without it. The
 * spread of both to a network that was trained without the class, and the share of those with it that a network trained without these takes for other
 * classes. When a choice is doubtful (`src/audit/cluster-content.ts`), and how much it then takes (`candidates.ts`), comes from this.
 *
 *   npm run -s bench -- cluster-spread [--images DIR]
 *
 * `--images` is CIFAR-10 as an image folder; without it its sets are left out.
 */
import { parseArgs } from 'node:util';
import { settingsFor } from '../src/audit/audit.js';
import { contentOf } from '../src/audit/cluster-content.js';
import { epochsOfOthers, shownWithout, strongest } from '../src/audit/second-network.js';
import { loadDataset } from '../src/datasets/index.js';
import { indicesByClass } from '../src/datasets/limits.js';
import { mean, standardDeviation } from '../src/dynamics/index.js';
import { limitThreads } from '../src/engine/index.js';
import { cleanSet } from './audit-sets.js';

const SIZES = [1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000, 3000, 4000];
const SOURCES = { shapes10: 'shapes10', 'Fashion-MNIST': 'fashion-mnist', 'CIFAR-10': 'folder' };
const FIRST_SEED = 2000;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { images: { type: 'string' } } });
  limitThreads(1);
  for (const [name, source] of Object.entries(SOURCES)) {
    if (name === 'CIFAR-10' && !values.images) continue;
    const spreads: number[] = [];
    const shares: number[] = [];
    for (const [k, trainLimit] of SIZES.entries()) {
      const seed = FIRST_SEED + k;
      const dataDir = name === 'CIFAR-10' ? values.images : undefined;
      const { train, classes } = await loadDataset(source, { dataDir, trainLimit, testLimit: 10, seed });
      const set = cleanSet(train, 'watermark', seed);
      const size = set.height * set.width * set.channels;
      const own = Int32Array.from(indicesByClass(set.labels, classes.length)[0]);
      const marked = Array.from(own, (i) => {
        const [before, after] = [train, set].map((s) => s.images.subarray(i * size, (i + 1) * size));
        return Number(after.some((v, j) => v !== before[j]));
      });
      const settings = settingsFor(set.n, { effort: 'normal', seed });
      const epochs = epochsOfOthers(settings.epochs);
      const shown = async (left: Int32Array) =>
        (await shownWithout(set, classes.length, left, left, { ...settings, epochs }, () => {})).logits;
      const content = contentOf(await shown(own), marked, 0);
      spreads.push(...content.map((c) => c.spread));
      const { data, n, d } = await shown(own.filter((_, at) => marked[at] === 1));
      shares.push(Array.from({ length: n }, (_, i) => strongest(data, i, d)).filter((c) => c !== 0).length / n);
      const words = content.map((c) => `spread ${c.spread.toFixed(2)}, confidence ${c.confidence.toFixed(2)}`);
      console.log(
        `${name}, ${trainLimit} images, seed ${seed}: without ${words[0]}; with the watermark ${words[1]}, ${shares.at(-1)!.toFixed(2)} of these taken for other classes`,
      );
    }
    const m = mean(spreads);
    const sd = standardDeviation(spreads);
    console.log(
      `${name}: spread mean ${m.toFixed(3)}, standard deviation ${sd.toFixed(3)}, largest ${Math.max(...spreads).toFixed(3)}, mean + 2 sd ${(m + 2 * sd).toFixed(3)}; taken for other classes ${Math.min(...shares).toFixed(2)} to ${Math.max(...shares).toFixed(2)}`,
    );
  }
}
