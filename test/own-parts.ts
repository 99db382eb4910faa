/** Parts of one's own, as a user of the library registers them. */
import { attacks, datasets, engine, models, Rng, z } from '../src/index.js';

/** Callers who have no types to warn them. */
// biome-ignore lint/suspicious/noExplicitAny: the point is to pass what does not fit
export const wrong = (value: unknown) => value as any;

/** `n` random images of 8×8 of two classes, brighter in the second. */
export function twoClasses(n: number, seed: number) {
  const rng = new Rng(seed, 'test');
  const labels = Int32Array.from({ length: n }, (_, i) => i % 2);
  const images = Uint8Array.from(
    { length: n * 64 * 3 },
    (_, i) => 60 + 100 * labels[Math.floor(i / 192)] + rng.int(60),
  );
  return datasets.imageSet({ images, labels, height: 8, width: 8 });
}

export const tiny = () => ({
  name: 'tiny-net',
  summary: '',
  source: '',
  defaultWidth: 4,
  layers: ['last'],
  forward: ((l, x, { classes, width }) => {
    const last = engine.relu(l.batchNorm('bn', l.conv('conv', x, width, 3)));
    return models.pooledHead(l, 'fc', { last: models.pooled(l, last, l.noise(last)) }, classes);
  }) satisfies models.Model['forward'],
});

export const named = (name: string) => ({ name, summary: '', source: '', threat: '' });

export const stripe = (
  name: string,
  train: (image: Float32Array) => Float32Array = (image) => image.slice().fill(1, 0, 24),
) =>
  attacks.defineAttack({
    ...named(name),
    options: z.strictObject({ row: attacks.whole(0, 7).default(0) }),
    trigger: () => ({ train, test: train }),
  });
