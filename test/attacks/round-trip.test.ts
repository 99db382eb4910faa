/** Every export of a poisoned set comes back as itself: the same images, labels, original labels and flags, whatever attack, format and limit. */
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  attacks,
  attackTest,
  type ExportFormat,
  exportFormats,
  exportSet,
  givenSet,
  type PoisonedSet,
  poison,
} from '../../src/attacks/index.js';
import { parametersOf } from '../../src/attacks/parameters.js';
import { Rng } from '../../src/base/random.js';
import { type Dataset, loadDataset } from '../../src/datasets/index.js';
import { ndarray } from '../../src/formats/npy.js';
import { writeNpz } from '../../src/formats/npz.js';

const box = mkdtempSync(join(tmpdir(), 'ibscope-round-trip-'));
afterAll(() => rmSync(box, { recursive: true, force: true }));

/** Attacks that need neither options nor a trained surrogate. */
const PLAIN = attacks
  .filter((a) => !parametersOf(a).some((p) => p.required || p.name === 'surrogate') && a.name !== 'none')
  .map((a) => a.name);
const SOURCES = { npz: 'npz', folder: 'folder', bin: 'cifar10' } as const;
const TARGET = 3;

let source: Dataset;
beforeAll(async () => {
  const drawn = await loadDataset('shapes10', { trainLimit: 200, testLimit: 20, seed: 0 });
  // As if chosen by a limit from 5 000: the place of a sample tells its number in the whole set, which no export has.
  const places = new Rng(1, 'places').permutation(5000).subarray(0, 200);
  source = { ...drawn, train: { ...drawn.train, places } };
});

const SIZE = 32 * 32 * 3;
const image = ({ images }: { images: Uint8Array }, i: number) =>
  Buffer.from(images.subarray(i * SIZE, (i + 1) * SIZE)).toString('base64');

/** What is said of each image, in no order. Images that are equal are told apart by how often they occur. */
const said = (set: PoisonedSet, classes: readonly string[]) =>
  [...set.labels.keys()]
    .map((i) =>
      [image(set, i), classes[set.labels[i]], classes[set.originalLabels[i]], set.poisoned[i], set.cover[i]].join(' '),
    )
    .sort();

let made = 0;
async function exported(name: string, format: ExportFormat) {
  const attack = attacks.find((a) => a.name === name)!;
  const settings = { poisonRate: 0.1, target: TARGET, seed: 0, options: {} };
  const set = poison(source.train, attack, settings);
  const triggered = attackTest(source.test, attack, settings)?.set ?? null;
  const path = join(box, `${name}-${made++}${format === 'npz' ? '.npz' : ''}`);
  await exportSet(set, path, format, { classes: source.classes, seed: 0, settings: {}, test: source.test, triggered });
  const manifest = format === 'npz' ? path : join(path, 'manifest.json');
  const back = (limits = {}) =>
    loadDataset(SOURCES[format], { dataDir: path, seed: 0 }).then(async (read) => ({
      read,
      given: await givenSet(read, {
        manifest,
        dataDir: path,
        seed: 0,
        target: read.classes.indexOf(format === 'npz' ? String(TARGET) : source.classes[TARGET]),
        ...limits,
      }),
    }));
  return { set, path, manifest, back };
}

describe.each(exportFormats)('%s', (format) => {
  it.each(PLAIN)('%s comes back as itself', async (name) => {
    const { set, back } = await exported(name, format);
    const { read, given } = await back();
    // The classes of an .npz have no names.
    const names = format === 'npz' ? source.classes.map((_, k) => String(k)) : source.classes;
    const whole = said(set, names);
    const found = said(given.poisoned, read.classes);
    if (format === 'npz') {
      // A tenth is held out of a file without a test set; nothing triggered is.
      expect(found.length).toBeGreaterThanOrEqual(180);
      expect(whole).toEqual(expect.arrayContaining(found));
      expect(found.filter((s) => !s.endsWith(' 0 0'))).toEqual(whole.filter((s) => !s.endsWith(' 0 0')));
    } else expect(found).toEqual(whole);
    const limited = (await back({ trainLimit: 100 })).given.poisoned;
    expect(limited.n).toBe(100);
    expect(whole).toEqual(expect.arrayContaining(said(limited, read.classes)));
  });
});

describe('a manifest of other samples is refused', () => {
  it('bin, applied to the set that it was made from', async () => {
    const { manifest } = await exported('badnets', 'bin');
    // Its `index` are the places in the clean set, whose poisoned samples still have their own label.
    const clean = { ...source, train: { ...source.train, places: undefined, n: 200 } };
    const { samples, ...head } = JSON.parse(await readFile(manifest, 'utf8'));
    const within = samples.map((s: { index: number }, i: number) => ({ ...s, file: undefined, index: i }));
    await writeFile(join(box, 'other.json'), JSON.stringify({ ...head, samples: within }));
    await expect(givenSet(clean, { manifest: join(box, 'other.json'), seed: 0 })).rejects.toThrow(
      /sample \d+ has the label \d \(\w+\), the data set has \d \(\w+\) there: the manifest is of other samples, or of another order$/,
    );
  });

  it('two rows of one image that differ, but not two that agree', async () => {
    const { path, manifest } = await exported('badnets', 'folder');
    const { samples, ...head } = JSON.parse(await readFile(manifest, 'utf8'));
    const dataset = await loadDataset('folder', { dataDir: path, seed: 0 });
    const options = { manifest: join(box, 'twice.json'), dataDir: path, seed: 0 };
    const of = (more: object) => writeFile(options.manifest, JSON.stringify({ ...head, samples: [...samples, more] }));
    await of(samples[7]);
    await givenSet(dataset, options);
    await of({ ...samples[7], poisoned: !samples[7].poisoned });
    await expect(givenSet(dataset, options)).rejects.toThrow(
      /sample 200 contradicts sample 7, which is the same image$/,
    );
  });

  it('arrays with fewer rows than there are images', async () => {
    const whole = { ...source, train: { ...source.train, places: undefined } };
    const flags = new Uint8Array(150).fill(1, 0, 10);
    const manifest = join(box, 'few.npz');
    await writeNpz(manifest, { poisoned: ndarray(flags, [150], 'b1') });
    await expect(givenSet(whole, { manifest, seed: 0, target: 0 })).rejects.toThrow(
      /"poisoned" has 150 rows, the training set has 200 images; an array "index" says which they are$/,
    );
  });
});
