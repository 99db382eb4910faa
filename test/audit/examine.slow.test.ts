/** A class that is outlying in its information, without two clusters. */

import { describe, expect, it } from 'vitest';
import { examine, hasTwoClusters } from '../../src/audit/examine.js';
import { Rng } from '../../src/base/random.js';

/** Classes of one normal distribution each; Ŷ follows T in all but the first, where it is noise. */
function oneKindEach() {
  const rng = new Rng(3, 'one kind each');
  const [classes, each, d] = [8, 150, 8];
  const n = classes * each;
  const labels = Int32Array.from({ length: n }, (_, i) => i % classes);
  const t = new Float32Array(n * d).map(() => rng.normal());
  const logits = t.map((v, at) => (labels[Math.floor(at / d)] === 0 ? rng.normal() : v + 0.3 * rng.normal()));
  const matrix = (data: Float32Array) => ({ data, n, d });
  const loss = Float32Array.from({ length: n }, () => 1 + rng.uniform());
  const checkpoint = { features: matrix(t), t: matrix(t), logits: matrix(logits), loss };
  const set = { images: new Uint8Array(n), labels, n, height: 1, width: 1, channels: 1 };
  const names = Array.from({ length: classes }, (_, k) => `class ${k}`);
  return { labelled: { set, classes: names }, checkpoints: [1, 2].map((epoch) => ({ epoch, ...checkpoint })) };
}

describe('a class whose T says nothing of Ŷ, and whose samples are of one kind', () => {
  it('is the only one noted, and none of its samples is named; they rank before those of other classes', async () => {
    const { labelled, checkpoints } = oneKindEach();
    const found = await examine(labelled, checkpoints, { width: 4, epochs: 2, checkpoints: [1, 2], seed: 0 });
    const noted = found.classes.filter((c) => c.note).map((c) => [c.label, c.note, c.suspicious]);
    expect(noted).toEqual([['class 0', 'unlike', false]]);
    expect(found.verdict).toBe('nothing found');
    const { evidence, sides } = found.classes[0];
    expect(evidence.p['I(T;Ŷ)']).toBeLessThan(1e-3);
    expect([hasTwoClusters(evidence), sides, found.suspicious]).toEqual([false, null, []]);
    const { labels } = labelled.set;
    const of = (own: boolean) => found.scores.filter((_, i) => (labels[i] === 0) === own);
    expect(Math.min(...of(true))).toBeGreaterThan(Math.max(...of(false)));
  }, 60_000);
});
