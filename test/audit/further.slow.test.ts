/** Once a class is flagged: a second target whose clusters are no clearer than those of clean classes, but whose I(X;T) is higher. */
import { expect, it } from 'vitest';
import { severalTargets } from '../../bench/audit-sets.js';
import { examine } from '../../src/audit/examine.js';
import { FURTHER } from '../../src/audit/verdict.js';
import { Rng } from '../../src/base/random.js';
import { loadDataset } from '../../src/datasets/index.js';

/** Columns of T, and the noise of a pass beside the spread of a class, 1. */
const [D, NOISE] = [12, 0.15];

/** Checkpoints in which poisoned samples of class 0 lie `apart[0]` from the others, those of class 1 `apart[1]`. */
function checkpointsOf(labels: Int32Array, poisoned: Uint8Array, apart: readonly number[]) {
  const rng = new Rng(7, 'places');
  const n = labels.length;
  const data = Float32Array.from(rng.normals(n * D));
  for (let i = 0; i < n; i++) if (poisoned[i]) data[i * D + labels[i]] += apart[labels[i]];
  const t = { data: data.map((v) => v + NOISE * rng.normal()), n, d: D };
  // The network has learned all labels.
  const logits = new Float32Array(n * 10).map((_, e) => (e % 10 === labels[Math.floor(e / 10)] ? 6 : 0) + rng.normal());
  const checkpoint = { features: { data, n, d: D }, t, logits: { data: logits, n, d: 10 }, loss: new Float32Array(n) };
  return [1, 2].map((epoch) => ({ epoch, ...checkpoint }));
}

it('such a class is examined and flagged beside a class that is flagged, and not without one', async () => {
  const { train, classes } = await loadDataset('shapes10', { trainLimit: 2000, testLimit: 10, seed: 0 });
  const { images, labels, n, height, width, channels, poisoned } = severalTargets(train, 2, 0.05, 0);
  const labelled = { set: { images, labels, n, height, width, channels }, classes };
  const settings = { width: 8, epochs: 15, checkpoints: [1, 2], seed: 0 };
  const found = await examine(labelled, checkpointsOf(labels, poisoned, [8, 2.8]), settings);
  expect(found.classes.filter((c) => c.suspicious).map((c) => c.label)).toEqual(classes.slice(0, 2));
  const { p, together } = found.classes[1].evidence;
  expect(together).toBeGreaterThan(FURTHER);
  expect(p['I(X;T)']).toBeLessThan(FURTHER);
  const alone = await examine(labelled, checkpointsOf(labels, poisoned, [0, 2.8]), settings);
  expect(alone.classes.filter((c) => c.suspicious)).toEqual([]);
}, 600_000);
