/**
 * Poisoned sets of other toolboxes, in the layouts of their public source: every flag and every label against the attack that made them.
 * BackdoorBench: utils/bd_dataset_v2.py, utils/save_load_attack.py, attack/wanet.py. backdoor-toolbox: create_poisoned_set.py.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { givenSet, type Rule } from '../../src/attacks/index.js';
import { Rng } from '../../src/base/random.js';
import { type Dataset, type ImageSet, loadDataset } from '../../src/datasets/index.js';
import { NumpyInt, type Savable, Saved, torchSave } from './torch-save.js';

const SIZE = 32 * 32 * 3;
const K = 10;
let box: string;
let source: Dataset;

beforeAll(async () => {
  box = await mkdtemp(join(tmpdir(), 'ibscope-records-'));
  source = await loadDataset('shapes10', { trainLimit: 400, testLimit: 60, seed: 0 });
});
afterAll(() => rm(box, { recursive: true, force: true }));

type Role = 'poisoned' | 'cover';
/** Index of a triggered image → what it is, and the label it is trained with. */
type Truth = Map<number, { role: Role; label: number }>;

interface Made {
  train: Truth;
  test: Truth;
  info?: Record<string, Savable>;
  /** Files of the record; default all. */
  without?: readonly ('attack_result.pt' | 'info.pickle')[];
}

/** A triggered image: the original, inverted. */
const triggered = ({ images }: ImageSet, i: number) => images.slice(i * SIZE, (i + 1) * SIZE).map((v) => 255 - v);

async function writeRecord(name: string, { train, test, info, without = [] }: Made): Promise<string> {
  const folder = join(box, name);
  const states: Record<string, Savable> = {};
  for (const [split, truth, set] of [
    ['bd_train', train, source.train],
    ['bd_test', test, source.test],
  ] as const) {
    const listed = new Map<Savable, Savable>();
    for (const [index, { label }] of truth) {
      const original = set.labels[index];
      const path = join(folder, `${split}_dataset`, String(original));
      await mkdir(path, { recursive: true });
      await sharp(triggered(set, index), { raw: { width: 32, height: 32, channels: 3 } })
        .png({ compressionLevel: 1 })
        .toFile(join(path, `${index}.png`));
      const entry = new Map<Savable, Savable>([
        ['path', `/data/somebody/record/${name}/${split}_dataset/${original}/${index}.png`],
        ['other_info', [label, original]],
      ]);
      listed.set(new NumpyInt(index), entry);
    }
    // Cover samples have the flag too: whoever sets an image in the container sets it.
    const flags = Float64Array.from({ length: set.n }, (_, i) => Number(truth.has(i)));
    states[split] = new Map<Savable, Savable>([
      [
        'bd_data_container',
        new Map<Savable, Savable>([
          ['save_folder_path', `/data/somebody/${split}`],
          ['data_dict', listed],
        ]),
      ],
      ['getitem_all', true],
      ['poison_indicator', flags],
    ]);
  }
  const model = new Map<Savable, Savable>([['conv1.weight', new Saved(new Float32Array(4), [2, 2])]]);
  const result = new Map<Savable, Savable>([
    ['model_name', 'preactresnet18'],
    ['num_classes', K],
    ['model', model],
    ...Object.entries(states),
  ]);
  const write = (file: 'attack_result.pt' | 'info.pickle', value: Savable) =>
    without.includes(file) ? undefined : writeFile(join(folder, file), torchSave(value));
  await write('attack_result.pt', result);
  if (info) await write('info.pickle', new Map<Savable, Savable>(Object.entries({ num_classes: K, ...info })));
  return folder;
}

const labelOf = (i: number) => source.train.labels[i];
const shift = (y: number) => (y + 1) % K;
/** Test images that an attack changes, as BackdoorBench keeps them. */
const judged = (label: (y: number) => number): Truth =>
  new Map(
    [...source.test.labels.entries()]
      .map(([i, y]) => [i, { role: 'poisoned', label: label(y) }] as [number, { role: Role; label: number }])
      .filter(([i, { label }]) => label !== source.test.labels[i])
      .slice(0, 12),
  );
/** Random images of which `test` holds. */
const some = (count: number, test: (i: number) => boolean, what: string) =>
  [...new Rng(1, what).permutation(source.train.n)].filter(test).slice(0, count);

const entry = (i: number, role: Role, label: number) => [i, { role, label }] as const;
const allToOne = (target: number, rows: readonly number[], cover: readonly number[] = []): Truth =>
  new Map([...rows.map((i) => entry(i, 'poisoned', target)), ...cover.map((i) => entry(i, 'cover', labelOf(i)))]);
const allToAll = (rows: readonly number[], cover: readonly number[] = []): Truth =>
  new Map([
    ...rows.map((i) => entry(i, 'poisoned', shift(labelOf(i)))),
    ...cover.map((i) => entry(i, 'cover', labelOf(i))),
  ]);

/** WaNet as BackdoorBench writes it: of every batch the first tenth is poisoned and the next fifth cover, whatever their classes are. */
function inBatches(target: number, batch: number): Truth {
  const truth: Truth = new Map();
  for (let first = 0; first < source.train.n; first += batch) {
    const n = Math.floor(0.1 * Math.min(batch, source.train.n - first));
    for (let p = 0; p < 3 * n; p++)
      truth.set(first + p, p < n ? { role: 'poisoned', label: target } : { role: 'cover', label: labelOf(first + p) });
  }
  return truth;
}

async function read(manifest: string, options: { target?: number; rule?: Rule } = {}) {
  return givenSet(source, { manifest, seed: 0, ...options });
}

/** Every image, label and flag of the training set against the truth. */
async function expectExactly(manifest: string, truth: Truth, options: { target?: number; rule?: Rule } = {}) {
  const found = await read(manifest, options);
  const { poisoned, cover, labels, originalLabels, images } = found.poisoned;
  for (let i = 0; i < source.train.n; i++) {
    const told = truth.get(i);
    expect([i, poisoned[i], cover[i], labels[i], originalLabels[i]]).toEqual([
      i,
      Number(told?.role === 'poisoned'),
      Number(told?.role === 'cover'),
      told?.label ?? labelOf(i),
      labelOf(i),
    ]);
    const own = images.subarray(i * SIZE, (i + 1) * SIZE);
    expect(
      Buffer.compare(own, told ? triggered(source.train, i) : source.train.images.subarray(i * SIZE, (i + 1) * SIZE)),
    ).toBe(0);
  }
  return found;
}

describe('a record of BackdoorBench', () => {
  it('with cover samples: 40 poisoned and 80 cover samples are flagged as such, and the target is the record’s', async () => {
    const poisoned = some(40, (i) => labelOf(i) !== 3, 'poisoned');
    const cover = some(120, (i) => labelOf(i) !== 3, 'poisoned').slice(40);
    const truth = allToOne(3, poisoned, cover);
    const path = await writeRecord('wanet', { train: truth, test: judged(() => 3) });
    const found = await expectExactly(path, truth);
    expect([found.target, found.rule]).toEqual([3, 'all-to-one']);
    expect([...found.triggered!.labels]).toEqual(new Array(12).fill(3));
    await expect(read(path, { target: 5 })).rejects.toThrow(/^--target 5: the poisoned samples have the label 3 /);
    await expect(read(path, { rule: 'all-to-all' })).rejects.toThrow(
      /labels are those of the rule all-to-one, not of --rule all-to-all$/,
    );
  });

  it('of WaNet: images of the target class are poisoned or cover by their place in the batch, which info.pickle tells', async () => {
    const truth = inBatches(2, 50);
    const own = [...truth].filter(([i]) => labelOf(i) === 2);
    expect(new Set(own.map(([, { role }]) => role))).toEqual(new Set(['poisoned', 'cover']));
    const info = { attack: 'wanet', attack_target: 2, attack_label_trans: 'all2one', pratio: 0.1, batch_size: 50 };
    const path = await writeRecord('batches', { train: truth, test: judged(() => 2), info });
    await expectExactly(path, truth);
    // The batches alone say the same.
    const alone = await writeRecord('batches-alone', {
      train: truth,
      test: judged(() => 2),
      info,
      without: ['attack_result.pt'],
    });
    const found = await expectExactly(alone, truth);
    expect([...found.triggered!.labels]).toEqual(new Array(12).fill(2));
    // Without them a triggered image with its true label counts as cover.
    const bare = await writeRecord('batches-bare', { train: truth, test: judged(() => 2) });
    await expectExactly(
      bare,
      new Map([...truth].map(([i, t]) => [i, t.label === labelOf(i) ? { ...t, role: 'cover' } : t])),
    );
  });

  it('without cover samples: images of the target class are poisoned too', async () => {
    const truth = allToOne(
      7,
      some(60, () => true, 'badnets'),
    );
    expect([...truth.keys()].some((i) => labelOf(i) === 7)).toBe(true);
    const path = await writeRecord('badnets', { train: truth, test: judged(() => 7) });
    await expectExactly(path, truth);
    const info = { attack: 'badnet', attack_target: 7, attack_label_trans: 'all2one', pratio: 0.15, batch_size: 128 };
    await expectExactly(
      await writeRecord('badnets-info', { train: truth, test: new Map(), info, without: ['attack_result.pt'] }),
      truth,
    );
  });

  it('of an all-to-all attack: every image has its own label, and the target class has to be named', async () => {
    const rows = some(100, () => true, 'all-to-all');
    const truth = allToAll(rows.slice(0, 60), rows.slice(60));
    const path = await writeRecord('all-to-all', { train: truth, test: judged(shift) });
    const found = await expectExactly(path, truth, { target: 4 });
    expect([found.target, found.rule]).toEqual([4, 'all-to-all']);
    expect([...found.triggered!.labels]).toEqual([...found.untriggered!.labels].map(shift));
    await expect(read(path)).rejects.toThrow(
      /its poisoned samples have 10 labels; name the target class with --target$/,
    );
  });

  it('of a clean-label attack: the class of its images is the target, and no other is', async () => {
    const truth = allToOne(
      0,
      some(20, (i) => labelOf(i) === 0, 'sig'),
    );
    const path = await writeRecord('sig', { train: truth, test: judged(() => 0) });
    const found = await expectExactly(path, truth);
    expect([found.target, found.rule]).toEqual([0, 'clean-label']);
    await expect(read(path, { target: 5 })).rejects.toThrow(/^--target 5: the poisoned samples have the label 0 /);
    const pictures = await writeRecord('sig-pictures', {
      train: truth,
      test: new Map(),
      without: ['attack_result.pt'],
    });
    await expectExactly(pictures, truth, { target: 0 });
    await expect(read(pictures, { target: 5 })).rejects.toThrow(
      /^--target 5: the images of .*sig-pictures are of class 0 \(.*\), as those of a clean-label attack/,
    );
    await expect(read(pictures)).rejects.toThrow(
      /neither attack_result\.pt nor info\.pickle, which say the target; give one/,
    );
  });

  it('of pictures alone is refused until its user says that all of them are poisoned', async () => {
    const rows = some(30, () => true, 'pictures');
    const without = ['attack_result.pt'] as const;
    const path = await writeRecord('pictures', { train: allToOne(3, rows), test: judged(() => 3), without });
    await expect(read(path, { target: 3 })).rejects.toThrow(
      /which tell poisoned samples from cover samples and say their labels; give one of them, or --rule all-to-one/,
    );
    await expectExactly(path, allToOne(3, rows), { target: 3, rule: 'all-to-one' });
    await expectExactly(path, allToAll(rows), { target: 3, rule: 'all-to-all' });
    const info = {
      attack: 'inputaware',
      attack_target: 3,
      attack_label_trans: 'all2one',
      pratio: 0.001,
      batch_size: 50,
    };
    const few = await writeRecord('few', { train: allToOne(3, rows), test: new Map(), info, without });
    await expect(read(few)).rejects.toThrow(
      /inputaware has cover samples, which only attack_result\.pt tells from poisoned ones; put it beside info\.pickle$/,
    );
  });

  it('whose files contradict each other, or the data set, is refused', async () => {
    const truth = allToOne(
      3,
      some(30, (i) => labelOf(i) !== 3, 'contradiction'),
    );
    const [first] = truth.keys();
    const path = await writeRecord('contradiction', { train: truth, test: new Map() });
    await rm(join(path, 'bd_train_dataset', String(labelOf(first)), `${first}.png`));
    await expect(read(path)).rejects.toThrow(
      /bd_train lists 30 images, bd_train_dataset holds 29: they are of different records$/,
    );
    const info = { attack: 'badnet', attack_target: 4, attack_label_trans: 'all2one' };
    await expect(read(await writeRecord('other-target', { train: truth, test: new Map(), info }))).rejects.toThrow(
      /its info\.pickle names the target 4, its poisoned samples have the label 3$/,
    );
    await expect(
      read(await writeRecord('other-classes', { train: truth, test: new Map(), info: { num_classes: 100 } })),
    ).rejects.toThrow(/its info\.pickle has 100 classes, the data set 10$/);
    const mixed = new Map([...truth].map(([i, t], r) => [i, { ...t, label: r % 2 ? 3 : shift(shift(labelOf(i))) }]));
    await expect(read(await writeRecord('mixed', { train: mixed, test: new Map() }))).rejects.toThrow(
      /poisoned samples have \d+ labels, which are no shift of their classes$/,
    );
  });
});

describe('a set of backdoor-toolbox', () => {
  /** [n, 3, 32, 32] floats of the images, inverted where triggered. */
  function pixels(truth: Truth): Float32Array {
    const out = new Float32Array(source.train.n * SIZE);
    for (let i = 0; i < source.train.n; i++) {
      const own = truth.has(i) ? triggered(source.train, i) : source.train.images.subarray(i * SIZE, (i + 1) * SIZE);
      for (let p = 0; p < 1024; p++) for (let c = 0; c < 3; c++) out[i * SIZE + c * 1024 + p] = own[3 * p + c] / 255;
    }
    return out;
  }
  async function write(name: string, truth: Truth, change: Record<string, Savable> = {}) {
    const path = join(box, name);
    await mkdir(path);
    const indices = (role: Role) => [...truth].filter(([, t]) => t.role === role).map(([i]) => i);
    const labels = BigInt64Array.from({ length: source.train.n }, (_, i) => BigInt(truth.get(i)?.label ?? labelOf(i)));
    const files: Record<string, Savable> = {
      imgs: new Saved(pixels(truth), [source.train.n, 3, 32, 32]),
      labels: new Saved(labels, [source.train.n]),
      poison_indices: indices('poisoned'),
      cover_indices: indices('cover'),
      ...change,
    };
    for (const [file, value] of Object.entries(files)) await writeFile(join(path, file), torchSave(value));
    return path;
  }

  it('has the images, labels, poisoned and cover samples of its files', async () => {
    const rows = some(60, (i) => labelOf(i) !== 1, 'toolbox');
    const truth = allToOne(1, rows.slice(0, 20), rows.slice(20));
    const found = await expectExactly(await write('toolbox', truth), truth);
    expect([found.target, found.triggered]).toEqual([1, null]);
  });

  it('of another data set, or with indices that it does not have, is refused', async () => {
    const truth = allToOne(
      1,
      some(20, (i) => labelOf(i) !== 1, 'toolbox'),
    );
    await expect(read(await write('far', truth, { cover_indices: [400] }))).rejects.toThrow(
      /cover_indices: a list of numbers from 0 to 399 is expected$/,
    );
    await expect(read(await write('unlisted', truth, { poison_indices: [...truth.keys()].slice(1) }))).rejects.toThrow(
      /is not poisoned and has the label 1, in shapes10 it has \d\. Is it the set it was made from\?$/,
    );
    const both = [...truth.keys()];
    await expect(read(await write('both', truth, { cover_indices: both }))).rejects.toThrow(
      /is in poison_indices and in cover_indices$/,
    );
  });
});
