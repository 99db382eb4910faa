/** Sets that were poisoned elsewhere: as ibscope exports them, with manifests of other kinds, and as BackdoorBench writes them. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attackTest, exportSet, findAttack, givenSet, type PoisonedSet, poison } from '../../src/attacks/index.js';
import { type Dataset, type ImageSet, loadDataset } from '../../src/datasets/index.js';
import { ndarray } from '../../src/formats/npy.js';
import { writeNpz } from '../../src/formats/npz.js';

const SIZE = 32 * 32 * 3;
let box: string;
let source: Dataset;
let truth: PoisonedSet;
let triggered: ImageSet;
const settings = { poisonRate: 0.1, target: 3, seed: 0, options: {} };

beforeAll(async () => {
  box = await mkdtemp(join(tmpdir(), 'ibscope-given-'));
  source = await loadDataset('shapes10', { trainLimit: 200, testLimit: 40, seed: 0 });
  const attack = findAttack('badnets');
  truth = poison(source.train, attack, settings);
  triggered = attackTest(source.test, attack, settings)!.set;
  const about = { classes: source.classes, seed: 0, settings: {}, test: source.test, triggered };
  await exportSet(truth, join(box, 'folder'), 'folder', about);
  await exportSet(truth, join(box, 'set.npz'), 'npz', about);
});
afterAll(() => rm(box, { recursive: true, force: true }));

const image = (set: { images: Uint8Array }, i: number) =>
  Buffer.from(set.images.subarray(i * SIZE, (i + 1) * SIZE)).toString('base64');

/** What is said of each image, whatever the order. */
const said = (set: PoisonedSet, classes: readonly string[]) =>
  Object.fromEntries(
    [...set.labels.keys()].map((i) => [
      image(set, i),
      [classes[set.labels[i]], classes[set.originalLabels[i]], set.poisoned[i], set.cover[i]],
    ]),
  );

const folderOf = () => loadDataset('folder', { dataDir: join(box, 'folder'), seed: 0 });
const cleanTest = (name: string) => ({ ...source, train: { ...truth }, name });

describe('a set that came poisoned', () => {
  it('as folder and manifest of ibscope’s own is the set that was exported, with its triggered test images', async () => {
    const dataset = await folderOf();
    const found = await givenSet(dataset, {
      manifest: join(box, 'folder', 'manifest.json'),
      dataDir: join(box, 'folder'),
      seed: 0,
    });
    expect(dataset.classes[found.target]).toBe(source.classes[3]);
    expect(said(found.poisoned, dataset.classes)).toEqual(said(truth, source.classes));
    expect(new Set([...found.triggered!.labels.keys()].map((i) => image(found.triggered!, i)))).toEqual(
      new Set([...triggered.labels.keys()].map((i) => image(triggered, i))),
    );
    expect([...found.triggered!.labels].every((y) => y === found.target)).toBe(true);
  });

  it('as npz is the set that was exported, less what is held out; nothing triggered is', async () => {
    const dataset = await loadDataset('npz', { dataDir: join(box, 'set.npz'), seed: 0 });
    const { poisoned, target } = await givenSet(dataset, { manifest: join(box, 'set.npz'), seed: 0 });
    expect(target).toBe(3);
    expect(poisoned.poisoned.reduce((a, b) => a + b, 0)).toBe(20);
    poisoned.index.forEach((i, r) => {
      expect([poisoned.labels[r], poisoned.originalLabels[r], poisoned.poisoned[r], image(poisoned, r)]).toEqual([
        truth.labels[i],
        truth.originalLabels[i],
        truth.poisoned[i],
        image(truth, i),
      ]);
    });
  });

  it('takes a manifest as JSON or CSV, by index or file, original labels by number or name; what is not listed is clean', async () => {
    const rows = [...truth.poisoned.keys()].filter((i) => truth.poisoned[i]);
    const name = (i: number) => source.classes[truth.originalLabels[i]];
    const forms: Record<string, string> = {
      'array.json': JSON.stringify(
        rows.map((index) => ({ index, poisoned: true, originalLabel: truth.originalLabels[index] })),
      ),
      'names.json': JSON.stringify({
        samples: rows.map((index) => ({ index, poisoned: 1, original_label: name(index) })),
      }),
      'table.csv': `index,poisoned,original_label\r\n${rows.map((i) => `${i},1,"${name(i)}"`).join('\r\n')}\r\n`,
    };
    // With the byte-order marks of Excel and of PowerShell.
    forms['marked.csv'] = `\ufeff${forms['table.csv']}`;
    forms['marked.json'] = `\ufeff${forms['names.json']}`;
    for (const [file, text] of Object.entries(forms)) {
      await writeFile(join(box, file), text);
      if (text.startsWith('\ufeff')) await writeFile(join(box, `wide-${file}`), text, 'utf16le');
    }
    for (const file of [...Object.keys(forms), 'wide-marked.csv', 'wide-marked.json']) {
      const { poisoned } = await givenSet(cleanTest('npz'), { manifest: join(box, file), seed: 0 });
      expect(said(poisoned, source.classes), file).toEqual(said(truth, source.classes));
    }
    await writeNpz(join(box, 'flags.npz'), { poisoned: ndarray(truth.poisoned, [200], 'b1') });
    const bare = await givenSet(cleanTest('npz'), { manifest: join(box, 'flags.npz'), seed: 0 });
    expect(bare.poisoned.poisoned).toEqual(truth.poisoned);
    // Where a class came from is then not known: the label trained on stands.
    expect(bare.poisoned.originalLabels).toEqual(truth.labels);
  });

  it('counts an index through all files of a folder, though a tenth is held out of it', async () => {
    const alone = join(box, 'folder', 'train');
    const { samples } = JSON.parse(await readFile(join(box, 'folder', 'manifest.json'), 'utf8'));
    const files = (samples as { file: string; poisoned: boolean }[]).map((s) => s.file).sort();
    const flagged = new Set(
      (samples as { file: string; poisoned: boolean }[]).filter((s) => s.poisoned).map((s) => s.file),
    );
    const rows = files.map((file, index) => ({ index, poisoned: flagged.has(file) }));
    await writeFile(join(box, 'places.json'), JSON.stringify(rows));
    const dataset = await loadDataset('folder', { dataDir: alone, seed: 0 });
    const { poisoned, test } = await givenSet(dataset, { manifest: join(box, 'places.json'), dataDir: alone, seed: 0 });
    const truly = said(truth, source.classes);
    const found = said(poisoned, dataset.classes);
    expect(Object.keys(found).length).toBeLessThan(200);
    expect(Object.keys(found).length).toBeGreaterThan(150);
    for (const [key, value] of Object.entries(found))
      expect([value[0], value[2]]).toEqual([truly[key][0], truly[key][2]]);
    // What is held out carries no trigger.
    expect(test.n).toBeLessThan(20);
    expect(test.n).toBeGreaterThan(0);
    for (const i of test.labels.keys()) expect(truly[image(test, i)][2]).toBe(0);
  });

  it('keeps flags with their images under limits', async () => {
    const all = { manifest: join(box, 'set.npz'), seed: 0 };
    const { poisoned, test } = await givenSet(cleanTest('npz'), { ...all, trainLimit: 100, testLimit: 20 });
    expect([poisoned.n, test.n]).toEqual([100, 20]);
    const whole = said(truth, source.classes);
    for (const [key, value] of Object.entries(said(poisoned, source.classes))) expect(value).toEqual(whole[key]);
    expect([...new Set(poisoned.labels)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('as BackdoorBench’s record is the clean set with the pictures in their places and the target as their label', async () => {
    const write = async (split: string, set: ImageSet, i: number, original: number, index: number) => {
      await mkdir(join(box, 'record', split, String(original)), { recursive: true });
      await sharp(set.images.subarray(i * SIZE, (i + 1) * SIZE), { raw: { width: 32, height: 32, channels: 3 } })
        .png()
        .toFile(join(box, 'record', split, String(original), `${index}.png`));
    };
    for (let i = 0; i < truth.n; i++)
      if (truth.poisoned[i]) await write('bd_train_dataset', truth, i, truth.originalLabels[i], i);
    const judged = [...source.test.labels.keys()].filter((i) => source.test.labels[i] !== 3);
    for (const [r, i] of judged.entries()) await write('bd_test_dataset', triggered, r, source.test.labels[i], i);
    const record = { manifest: join(box, 'record'), target: 3, rule: 'all-to-one' as const, seed: 0 };
    const found = await givenSet(source, record);
    expect(said(found.poisoned, source.classes)).toEqual(said(truth, source.classes));
    expect(found.triggered!.images).toEqual(triggered.images);
    expect(found.untriggered!.labels).toEqual(source.test.labels.filter((y) => y !== 3));
    // The clean set that was given is left as it is.
    expect(image(source.train, truth.poisoned.indexOf(1))).not.toBe(image(truth, truth.poisoned.indexOf(1)));
    await expect(givenSet(source, { ...record, target: undefined })).rejects.toThrow(
      /neither attack_result\.pt nor info\.pickle, which say the target; give one of them, or --target and --rule$/,
    );
    const other = { ...source, train: { ...source.train, labels: source.train.labels.map((y) => (y + 1) % 10) } };
    await expect(givenSet(other, record)).rejects.toThrow(
      /: of class \d; image \d+ there is of class \d\. Is shapes10 the set/,
    );
  });

  it.each([
    ['[', /it is not JSON/],
    ['{"samples": 3}', /a list of samples is expected$/],
    ['[3]', /sample 0 is no object$/],
    ['[{"poisoned": true}]', /sample 0 has neither index nor file$/],
    ['[{"index": -1}]', /sample 0 has the index -1; a whole number from 0 is expected$/],
    ['[{"index": 1e99, "poisoned": 1}]', /sample 0 has the index 1e\+99/],
    ['[{"index": 200, "poisoned": 1}]', /sample 0 has the index 200; the training set has 200 images$/],
    ['[{"index": 0, "poisoned": "perhaps"}]', /sample 0 has poisoned perhaps; 0 or 1 is expected$/],
    ['[{"index": 0, "poisoned": 1, "originalLabel": 10}]', /has the original label 10; classes are 0 to 9$/],
    ['[{"index": 0, "poisoned": 1, "originalLabel": "circel"}]', /unknown class in .* "circel"/],
    ['[{"file": "../../etc/passwd", "poisoned": 1}]', /has a file, .*; samples of npz have an index$/],
    ['[{"index": 0, "poisoned": 0}]', /it marks no sample as poisoned$/],
    [
      '[{"index": 0, "poisoned": 1}, {"index": 1, "poisoned": 1}]',
      /poisoned samples have 2 labels; name the target class with --target/,
    ],
  ])('refuses %s in one line', async (text, line) => {
    await writeFile(join(box, 'bad.json'), text);
    const marked = givenSet(cleanTest('npz'), { manifest: join(box, 'bad.json'), seed: 0 });
    await expect(marked).rejects.toThrow(line);
    await expect(marked).rejects.toHaveProperty('name', 'UserError');
  });

  it('refuses files outside the set, folders that are no record, and what is not there', async () => {
    const dataset = await folderOf();
    await writeFile(join(box, 'stray.json'), '[{"file": "../../../etc/passwd", "poisoned": 1}]');
    await expect(givenSet(dataset, { manifest: join(box, 'stray.json'), dataDir: box, seed: 0 })).rejects.toThrow(
      /sample 0 is \.\.\/\.\.\/\.\.\/etc\/passwd, which the training set does not have$/,
    );
    await expect(givenSet(source, { manifest: box, target: 3, seed: 0 })).rejects.toThrow(
      /a record of BackdoorBench is expected/,
    );
    await expect(givenSet(source, { manifest: join(box, 'none'), seed: 0 })).rejects.toThrow(/no such file or folder$/);
  });
});
