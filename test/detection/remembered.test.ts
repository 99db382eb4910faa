/** Answers of a network that are kept on disk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { ReleasableNetwork } from '../../src/detection/network.js';
import { rememberedNetwork } from '../../src/detection/remembered.js';
import { randomSet } from '../attacks/helpers.js';

const box = mkdtempSync(join(tmpdir(), 'ibscope-answers-'));
afterAll(() => rmSync(box, { recursive: true, force: true }));

it('are given again for the same weights, question and images, and for no others', async () => {
  const size = { height: 4, width: 4, channels: 3 };
  const set = randomSet([3, 2], size);
  const other = { ...set, images: set.images.map((v) => 255 - v) };
  const asked: string[] = [];
  const answer = (question: string, n: number) => {
    asked.push(question);
    return Float32Array.from({ length: 2 * n }, (_, i) => i + asked.length);
  };
  const network = {
    batchNorms: 1,
    features: async ({ n }) => ({ data: answer('features', n), n, d: 2 }),
    likelihoods: async ({ n }) => ({ data: answer('likelihoods', n), n, d: 2 }),
    amplified: async ({ n }, layers, factor) => answer(`amplified ${layers} ${factor}`, n),
  } as Partial<ReleasableNetwork> as ReleasableNetwork;
  const at = (stamp: string) => rememberedNetwork(network, box, stamp);
  const features = await at('weights').features(set);
  const amplified = await at('weights').amplified(set, 2, 1.5);
  const likelihoods = await at('weights').likelihoods(set);
  expect(await at('weights').features({ ...set })).toEqual(features);
  expect(await at('weights').likelihoods(set)).toEqual(likelihoods);
  expect(await at('weights').amplified(set, 2, 1.5)).toEqual(amplified);
  expect(asked).toEqual(['features', 'amplified 2 1.5', 'likelihoods']);
  await at('weights').amplified(set, 1, 1.5);
  await at('weights').features(other);
  expect(await at('other weights').features(set)).not.toEqual(features);
  expect(asked.slice(3)).toEqual(['amplified 1 1.5', 'features', 'features']);
});
