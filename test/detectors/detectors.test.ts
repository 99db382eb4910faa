/** Published detectors on planted samples, and against their definitions. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import {
  activationClustering,
  detectors,
  lossIsolation,
  type Observed,
  spectralSignatures,
  strip,
} from '../../src/detectors/index.js';
import { auroc } from '../../src/dynamics/rank.js';

/** Ten classes of normal features; a tenth of class 0 is poisoned: it lies elsewhere and was learned early. */
function planted(): { observed: Observed; poisoned: Uint8Array } {
  const rng = new Rng(2, 'planted');
  const [n, d, classes] = [1000, 12, 10];
  const labels = Int32Array.from({ length: n }, (_, i) => i % classes);
  const poisoned = Uint8Array.from(labels, (y, i) => Number(y === 0 && i % 100 === 0));
  const features = new Float32Array(n * d).map((_, i) => {
    const at = Math.floor(i / d);
    return rng.normal() + (i % d === labels[at] ? 5 : 0) + (i % d === 11 ? 9 * poisoned[at] : 0);
  });
  const loss = Float32Array.from(poisoned, (p) => (p ? 0.1 : 1 + rng.uniform()));
  // The first pixel is the trigger, the second the class. A trigger decides even when its image is blended with another.
  const images = Uint8Array.from({ length: 2 * n }, (_, i) => {
    const at = i >> 1;
    return i % 2 === 0 ? 200 * poisoned[at] : 25 * labels[at];
  });
  const predict = async (set: { images: Uint8Array; n: number }) =>
    Float32Array.from({ length: set.n * classes }, (_, i) => {
      const [trigger, shown] = set.images.subarray(2 * Math.floor(i / classes));
      return trigger >= 100 ? 20 * Number(i % classes === 0) : -Math.abs((i % classes) - shown / 25);
    });
  const set = { images, labels, n, height: 1, width: 2, channels: 1 };
  return { observed: { set, classes, features: { data: features, n, d }, loss, predict, seed: 0 }, poisoned };
}

describe('the detectors', () => {
  const { observed, poisoned } = planted();

  it.each(detectors.map((d) => [d.name, d] as const))(
    '%s ranks planted poisoned samples first',
    async (_, detector) => {
      const scores = await detector.score(observed);
      expect(scores).toHaveLength(1000);
      expect(auroc(scores, poisoned)!.auroc).toBeGreaterThan(0.9);
    },
  );

  it('are four, and a planted sample is found with near certainty by clusters and by loss', async () => {
    expect(detectors.map((d) => d.name)).toEqual(['AC', 'SS', 'ABL', 'STRIP']);
    expect(auroc(await activationClustering.score(observed), poisoned)!.auroc).toBeGreaterThan(0.99);
    expect(auroc(await lossIsolation.score(observed), poisoned)!.auroc).toBe(1);
  });

  it('Spectral Signatures are squared projections on the first singular vector, over their mean', async () => {
    // On a line the centred values are the projections.
    const values = [-3, -1, 0, 1, 3];
    const features = { data: Float32Array.from(values.flatMap((v) => [v, 0])), n: 5, d: 2 };
    const set = { ...observed.set, labels: new Int32Array(5), n: 5 };
    const found = await spectralSignatures.score({ set, classes: 1, features, seed: 0 });
    values.forEach((v, i) => {
      expect(found[i]).toBeCloseTo(v ** 2 / 4, 4);
    });
  });

  it('STRIP is the negated entropy of the prediction: −ln 10 where all ten classes are predicted alike', async () => {
    const scores = await strip.score({ ...observed, predict: async ({ n }) => new Float32Array(10 * n) });
    expect(scores).toHaveLength(1000);
    for (const s of scores) expect(s).toBeCloseTo(-Math.log(10), 5);
  });
});
