/** Published detectors on planted samples, and against their definitions. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import type { ImageSet } from '../../src/datasets/types.js';
import {
  activationClustering,
  flare,
  ibdPsc,
  lossIsolation,
  type Network,
  neuralCleanse,
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
  const answer = (from: ImageSet, confused: boolean) =>
    Float32Array.from({ length: from.n * classes }, (_, i) => {
      const [trigger, shown] = from.images.subarray(2 * Math.floor(i / classes));
      if (trigger >= 100) return 20 * Number(i % classes === 0);
      return -Math.abs((i % classes) - ((shown / 25 + 5 * Number(confused)) % classes));
    });
  const network: Network = {
    batchNorms: 6,
    logits: async (from) => answer(from as ImageSet, false),
    // With two batch norms amplified, images without the trigger are taken for another class.
    amplified: async (from, layers) => answer(from as ImageSet, layers > 1),
    features: never,
    likelihoods: never,
    gradient: never,
  };
  const set = { images, labels, n, height: 1, width: 2, channels: 1 };
  const clean = Int32Array.from({ length: 100 }, (_, i) => i % classes);
  const trustedSet = {
    ...set,
    images: Uint8Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 0 : 25 * clean[i >> 1])),
    labels: clean,
    n: 100,
  };
  const trusted = { set: trustedSet, features: { data: new Float32Array(100 * d), n: 100, d } };
  const all = { data: features, n, d };
  return { observed: { set, classes, features: all, loss, network, trusted, epsilon: 0.01, seed: 0 }, poisoned };
}

const never = () => {
  throw new Error('not asked here');
};

describe('the detectors', () => {
  const { observed, poisoned } = planted();

  it.each([activationClustering, spectralSignatures, lossIsolation, strip, ibdPsc].map((d) => [d.name, d] as const))(
    '%s ranks planted poisoned samples first, and its rule flags them',
    async (_, detector) => {
      const { scores, flagged } = await detector.detect(observed);
      expect(scores).toHaveLength(1000);
      expect(auroc(scores!, poisoned)!.auroc).toBeGreaterThan(0.9);
      const hits = flagged!.reduce((s, f, i) => s + f * poisoned[i], 0);
      expect(hits).toBeGreaterThanOrEqual(9);
    },
  );

  it('a planted sample is found with near certainty by clusters and by loss', async () => {
    expect(auroc((await activationClustering.detect(observed)).scores!, poisoned)!.auroc).toBeGreaterThan(0.99);
    expect(auroc((await lossIsolation.detect(observed)).scores!, poisoned)!.auroc).toBe(1);
  });

  it('AC names the class that has two clusters, and no other', async () => {
    expect((await activationClustering.detect(observed)).targets).toEqual([0]);
  });

  it('ABL isolates one per cent, those with the lowest loss', async () => {
    const { flagged } = await lossIsolation.detect(observed);
    expect([...flagged!]).toEqual([...poisoned]);
  });

  it('Spectral Signatures are squared projections on the first singular vector, over their mean', async () => {
    // On a line the centred values are the projections.
    const values = [-3, -1, 0, 1, 3];
    const features = { data: Float32Array.from(values.flatMap((v) => [v, 0])), n: 5, d: 2 };
    const set = { ...observed.set, labels: new Int32Array(5), n: 5 };
    const { scores, flagged } = await spectralSignatures.detect({ set, classes: 1, features, epsilon: 0.2, seed: 0 });
    values.forEach((v, i) => {
      expect(scores![i]).toBeCloseTo(v ** 2 / 4, 4);
    });
    // 1.5 · 0.2 · 5 = 1.5 samples, rounded down.
    expect(flagged!.reduce((s, f) => s + f)).toBe(1);
  });

  it('STRIP is the negated entropy of the prediction: −ln 10 where all ten classes are predicted alike', async () => {
    const network = { ...observed.network, logits: async ({ n }: ImageSet) => new Float32Array(10 * n) };
    const { scores, flagged } = await strip.detect({ ...observed, network });
    expect(scores).toHaveLength(1000);
    for (const s of scores!) expect(s).toBeCloseTo(-Math.log(10), 5);
    expect(flagged!.some((f) => f)).toBe(false);
  });

  it('IBD-PSC is the mean confidence of five networks in the class that was predicted', async () => {
    const seen: number[] = [];
    const network = {
      ...observed.network,
      batchNorms: 9,
      logits: async ({ n }: ImageSet) => Float32Array.from({ length: 10 * n }, (_, i) => Number(i % 10 === 4)),
      amplified: async ({ n }: ImageSet, layers: number) => {
        seen.push(layers);
        // Class 4 has confidence 1/(1 + 9/layers).
        return Float32Array.from({ length: 10 * n }, (_, i) => (i % 10 === 4 ? Math.log(layers) : 0));
      },
    };
    const { scores } = await ibdPsc.detect({ ...observed, network });
    // Nine in ten trusted images are wrong at once, with 1; the networks are 2 to 6.
    expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
    const expected = [2, 3, 4, 5, 6].reduce((s, k) => s + k / (k + 9) / 5, 0);
    for (const s of scores!) expect(s).toBeCloseTo(expected, 5);
  });
});

describe('FLARE', () => {
  /** Likelihoods in four batch norms; of the samples from 600 on, those in the third are lower. The last tells two kinds of clean ones apart. */
  const likelihoods = (poisoned: boolean) => {
    const rng = new Rng(5, 'flare');
    return Float32Array.from({ length: 760 * 4 }, (_, i) => {
      const [at, layer] = [Math.floor(i / 4), i % 4];
      const low = poisoned && at >= 600 && layer === 2 ? 12 : 0;
      return -8 + rng.normal() - low;
    });
  };
  const found = (poisoned: boolean) => {
    const set = { images: new Uint8Array(760), labels: new Int32Array(760), n: 760, height: 1, width: 1, channels: 1 };
    const data = likelihoods(poisoned);
    const network: Network = {
      batchNorms: 4,
      likelihoods: async () => ({ data, n: 760, d: 4 }),
      logits: never,
      amplified: never,
      features: never,
      gradient: never,
    };
    return flare.detect({ set, network, seed: 0 });
  };

  it('flags the samples that are rare in one layer, of whatever class, and hardly any other', async () => {
    const { flagged } = await found(true);
    const [caught, wrong] = [flagged!.subarray(600), flagged!.subarray(0, 600)].map((f) =>
      f.reduce((s, v) => s + v, 0),
    );
    expect(caught).toBeGreaterThan(155);
    expect(wrong).toBeLessThan(6);
  });
});

describe('Neural Cleanse', () => {
  /** Class k shows a bright row k of six; class 3 also answers to the first pixel alone. */
  const [classes, side] = [6, 6];
  const weight = (k: number, p: number, shortcut: boolean) =>
    (Math.floor(p / side) === k ? 4 : -0.4) + (shortcut && k === 3 && p === 0 ? 120 : 0);
  const area = side * side;
  const weightsWith = (shortcut: boolean) =>
    Array.from({ length: classes }, (_, k) => Float64Array.from({ length: area }, (_, p) => weight(k, p, shortcut)));
  const networkWith = (shortcut: boolean, weights = weightsWith(shortcut)): Network => ({
    batchNorms: 0,
    logits: never,
    amplified: never,
    features: never,
    likelihoods: never,
    async gradient(images, labels) {
      const gradient = new Float32Array(images.length);
      const predicted = Int32Array.from(labels, (label, i) => {
        const x = images.subarray(i * area, (i + 1) * area);
        const z = weights.map((w) => w.reduce((s, v, p) => s + v * x[p], 0));
        const most = Math.max(...z);
        const e = z.map((v) => Math.exp(v - most));
        const total = e.reduce((s, v) => s + v, 0);
        for (let k = 0; k < classes; k++) {
          const slope = e[k] / total - Number(k === label);
          for (let p = 0; p < area; p++) gradient[i * area + p] += slope * weights[k][p];
        }
        return z.indexOf(most);
      });
      return { gradient, predicted };
    },
  });
  const rng = new Rng(1, 'rows');
  const labels = Int32Array.from({ length: 64 }, (_, i) => i % classes);
  const images = Uint8Array.from({ length: 64 * side * side }, (_, i) => {
    const [at, p] = [Math.floor(i / (side * side)), i % (side * side)];
    return Math.floor(p / side) === labels[at] ? 150 + rng.int(50) : rng.int(30);
  });
  const set = { images, labels, n: 64, height: side, width: side, channels: 1 };
  const trusted: Observed['trusted'] = { set, features: { data: new Float32Array(64), n: 64, d: 1 } };

  it('finds the class with a shortcut of one pixel, and no other', async () => {
    const { targets, classScores } = await neuralCleanse.detect({
      classes,
      network: networkWith(true),
      trusted,
      seed: 0,
    });
    expect(targets).toEqual([3]);
    expect(classScores!.indexOf(Math.max(...classScores!))).toBe(3);
  });

  it('finds none in the same network without the shortcut', async () => {
    const { targets } = await neuralCleanse.detect({ classes, network: networkWith(false), trusted, seed: 0 });
    expect(targets).toEqual([]);
  });
});
