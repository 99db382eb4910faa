/** The paired control: the same images without the trigger, and held-out images; the training set and the other groups stay. */
import { expect, it } from 'vitest';
import { resolveConfig } from '../../src/config/resolve.js';
import { loadDataset } from '../../src/datasets/index.js';
import { imagesOf, prepare } from '../../src/pipeline/prepare.js';

const options = { attack: 'blend', trainLimit: 2400, testLimit: 1100, probeSize: 100, seed: 3, target: 2 };

it('probes the poisoned samples’ own images and test images of the target class beside what it probes anyway', async () => {
  const plain = await prepare(resolveConfig(options));
  const paired = imagesOf(await prepare(resolveConfig({ ...options, control: 'paired' })));
  expect(paired.hash).toBe(plain.hash);
  expect(paired.poisoned.n).toBe(2400);
  const { groups, samples, size } = paired.groups;
  for (const [id, rows] of plain.groups.groups) expect(groups.get(id), id).toEqual(rows);
  expect([...groups.keys()].slice(-2)).toEqual(['2/untriggered', '2/held-out']);

  const clean = await loadDataset('shapes10', { trainLimit: 2400, testLimit: 1100, seed: 3 });
  const each = 32 * 32 * 3;
  const image = (set: { images: Uint8Array }, i: number) => Buffer.from(set.images.subarray(i * each, (i + 1) * each));
  const at = (id: string, i: number) => samples[groups.get(id)![i]];
  const tests = new Set<string>();
  for (let i = 0; i < clean.test.n; i++)
    if (clean.test.labels[i] === 2) tests.add(image(clean.test, i).toString('hex'));
  for (let i = 0; i < size; i++) {
    const triggered = at('2/backdoor', i);
    const own = at('2/untriggered', i);
    expect(image(paired.probed, own).equals(image(clean.train, triggered))).toBe(true);
    expect(image(paired.probed, own).equals(image(paired.poisoned, triggered))).toBe(false);
    expect(paired.probed.originalLabels[own]).toBe(clean.train.labels[triggered]);
    expect(tests.has(image(paired.probed, at('2/held-out', i)).toString('hex'))).toBe(true);
    expect([paired.probed.poisoned[own], paired.probed.index[own]]).toEqual([0, -1]);
  }
});

it('has no control where nothing is triggered, and says so', async () => {
  const lines: string[] = [];
  const { groups } = await prepare(resolveConfig({ ...options, attack: 'none', control: 'paired' }), {
    line: (text) => lines.push(text),
  });
  expect([...groups.groups.keys()].some((id) => id.includes('untriggered'))).toBe(false);
  expect(lines).toEqual(['--control paired: no trigger is known here, so there is no control without one']);
});
