/** The groups that a study plans with, from labels and marks alone, are those of the poisoned set. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attacks } from '../../src/attacks/index.js';
import type { RunRequest } from '../../src/config/options.js';
import { resolveConfig } from '../../src/config/resolve.js';
import { ndarray } from '../../src/formats/npy.js';
import { writeNpz } from '../../src/formats/npz.js';
import { registerDataset } from '../../src/library/register.js';
import { missingParts } from '../../src/pipeline/group-sizes.js';
import { costJob, groupSizesJob } from '../../src/pipeline/jobs.js';
import { groupsOf, prepare } from '../../src/pipeline/prepare.js';
import { markSet } from '../../src/poisoning/poisoned-set.js';
import { noiseImages } from './here.js';

let box: string;
const { IBSCOPE_CACHE } = process.env;
let loads = 0;
const images = noiseImages('noise-of-groups');
const data: typeof images = {
  ...images,
  load(request) {
    loads++;
    return images.load(request);
  },
};

beforeAll(async () => {
  registerDataset(data);
  box = await mkdtemp(join(tmpdir(), 'ibscope-groups-'));
  process.env.IBSCOPE_CACHE = join(box, 'cache');
  const red = { create: { width: 4, height: 4, channels: 3, background: '#f00' } } as const;
  await sharp(red).png().toFile(join(box, 'patch.png'));
  const { train } = await data.load({ seed: 0 });
  const { height, width, channels } = train;
  const delta = Float32Array.from({ length: height * width * channels }, (_, i) => (i % 2 === 0 ? 0.1 : -0.1));
  await writeNpz(join(box, 'trigger.npz'), { delta: ndarray(delta, [height, width, channels]) });
  const marked = [...train.labels.keys()].filter((i) => train.labels[i] === 3).slice(0, 160);
  const samples = marked.map((index, k) => ({ index, poisoned: k < 130, cover: k >= 130 }));
  await writeFile(join(box, 'manifest.json'), JSON.stringify(samples));
});
afterAll(async () => {
  if (IBSCOPE_CACHE === undefined) delete process.env.IBSCOPE_CACHE;
  else process.env.IBSCOPE_CACHE = IBSCOPE_CACHE;
  await rm(box, { recursive: true, force: true });
});

/** What an attack needs besides its defaults to be quick, or to be possible. */
const NEEDS: Record<string, () => string[]> = {
  'label-consistent': () => ['surrogateWidth=1', 'surrogateEpochs=1', 'steps=1'],
  patch: () => [`image=${join(box, 'patch.png')}`],
  learned: () => [`trigger=${join(box, 'trigger.npz')}`],
};

const cases: [string, RunRequest][] = [
  // Half, so that a tenth of the poisoned samples of all-to-all and half of a clean-label attack's class are groups.
  ...attacks.map(({ name }): [string, RunRequest] => [name, { attack: name, poisonRate: 0.5 }]),
  ['adaptive-blend, all cover', { attack: 'adaptive-blend', poisonRate: 0.2, attackOption: ['cover=1'] }],
  ['badnets, all-to-all', { attack: 'badnets', poisonRate: 0.5, rule: 'all-to-all' }],
  ['badnets, source-specific', { attack: 'badnets', poisonRate: 0.6, rule: 'source-specific', source: [3, 5] }],
  ['badnets, limits', { attack: 'badnets', trainLimit: 2400, testLimit: 20, seed: 4, target: 7 }],
  ['a manifest', { manifest: 'manifest.json', target: 3, trainLimit: 2600 }],
];

describe.each(cases)('%s', (_, request) => {
  const config = () => {
    const { attack, attackOption, manifest } = request;
    const options = attackOption ?? NEEDS[attack as string]?.() ?? [];
    const more = manifest === undefined ? {} : { manifest: join(box, manifest as string) };
    return resolveConfig({ dataset: 'noise-of-groups', probeSize: 200, ...request, attackOption: options, ...more });
  };

  it('the same groups, marks and judged images', async () => {
    const set = await markSet(config());
    const made = await prepare(config());
    expect(groupsOf(config(), set)).toEqual(made.groups);
    expect(made.groups.size).toBeGreaterThanOrEqual(100);
    for (const key of ['labels', 'originalLabels', 'poisoned', 'cover', 'index'] as const)
      expect(set.poisoned[key], key).toEqual(made.poisoned[key]);
    expect(set.judged).toBe(made.triggered?.n ?? 0);
    expect(set.target).toBe(made.target);
    const [{ size }] = await groupSizesJob({ configs: [config()] });
    expect(size).toBe(made.groups.size);
  });
});

it('runs on the same data load them once, and get the sizes that each of them gets alone', async () => {
  const of = (more: RunRequest) =>
    resolveConfig({ dataset: 'noise-of-groups', width: 1, epochs: 1, probeSize: 200, ...more });
  const configs = [
    of({ seed: 0 }),
    of({ seed: 0, attack: 'none' }),
    of({ seed: 0, poisonRate: 0.05 }),
    of({ seed: 1 }),
  ];
  loads = 0;
  const together = await groupSizesJob({ configs });
  expect(loads).toBe(2);
  const alone = [];
  for (const config of configs) alone.push(...(await groupSizesJob({ configs: [config] })));
  expect(together).toEqual(alone);
  expect(new Set(together.map((g) => g.size)).size).toBeGreaterThan(1);
});

it('a poisoned group of under 100 samples is named with its samples, and does not shrink the groups of the run', async () => {
  const of = (poisonRate: number) => resolveConfig({ dataset: 'noise-of-groups', probeSize: 120, poisonRate });
  // 3 000 images: 30, 99 and 100 of them are poisoned.
  expect(await groupSizesJob({ configs: [of(0.01), of(0.033), of(100 / 3000)] })).toEqual([
    { size: 120, short: { group: '0/backdoor', samples: 30, images: 3000 } },
    { size: 120, short: { group: '0/backdoor', samples: 99, images: 3000 } },
    { size: 100 },
  ]);
});

it('the size of groups and the cost need no surrogate model', async () => {
  const request = { dataset: 'noise-of-groups', attack: 'label-consistent', poisonRate: 0.5, seed: 9 };
  const config = resolveConfig({
    ...request,
    width: 1,
    trainLimit: 2000,
    epochs: 1,
    attackOption: ['surrogateWidth=1'],
  });
  const kept = async () => [
    await readdir(join(box, 'cache', 'models')),
    await readdir(join(box, 'cache', 'adversarial')),
  ];
  const before = await kept();
  expect(await groupSizesJob({ configs: [config] })).toEqual([{ size: 100 }]);
  const cost = await costJob({ config, threads: 1 });
  expect(cost.trainingFlops).toBeGreaterThan(0);
  expect(await kept()).toEqual(before);
});

it('what a run will not have is said with its numbers: a score, or a null', async () => {
  const missing = async (more: RunRequest) => {
    const config = resolveConfig({ dataset: 'noise-of-groups', ...more });
    const set = await markSet(config);
    return missingParts(config, groupsOf(config, set), set);
  };
  expect(await missing({ probeSize: 120, poisonRate: 0.01 })).toEqual([
    'There will be no score: group 0/backdoor has 30 samples, and a comparison needs 100.',
  ]);
  expect(await missing({})).toEqual([]);
  // 150 images a class, of which a tenth is poisoned: two halves of at least 100 do not fit.
  expect(await missing({ trainLimit: 1500 })).toEqual([
    'There will be no null, and so no p: a class has 135 clean samples, 65 fewer than a null needs. More samples give one.',
  ]);
  expect(await missing({ trainLimit: 1500, nullSplits: 0 })).toEqual([]);
});
