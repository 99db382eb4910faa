import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { badnets } from '../../src/attacks/badnets.js';
import { defineAttack } from '../../src/attacks/define.js';
import { attacks, exportNpz, findAttack, poison, triggerTest } from '../../src/attacks/index.js';
import { none } from '../../src/attacks/none.js';
import { toBytes } from '../../src/attacks/poison.js';
import type { Labelling, PoisonedSet } from '../../src/attacks/types.js';
import { UserError } from '../../src/base/errors.js';
import { readNpz } from '../../src/formats/npz.js';
import { randomSet, settings, shape } from './helpers.js';

const small = shape(8, 8, 3);
const image = (images: Uint8Array, i: number, size = 192) => images.subarray(i * size, (i + 1) * size);
const perClass = (flags: Uint8Array, labels: Int32Array, k = 10) =>
  Array.from({ length: k }, (_, c) => flags.filter((f, i) => f === 1 && labels[i] === c).length);

/** A trigger that turns images black, under any labelling rule. */
const blackout = (labelling: Labelling) =>
  defineAttack({
    name: 'blackout',
    summary: '',
    source: '',
    options: z.strictObject({}),
    labelling: () => labelling,
    trigger: () => ({ train: (x) => new Float32Array(x.length), test: (x) => new Float32Array(x.length) }),
  });

describe('all-to-one', () => {
  const set = randomSet(new Array(10).fill(20), small);
  const out = poison(set, badnets, settings({ target: 3 }));

  test('a tenth of the whole training set is poisoned, evenly from all ten classes, and labelled as the target', () => {
    expect(perClass(out.poisoned, out.originalLabels)).toEqual(new Array(10).fill(2));
    out.poisoned.forEach((p, i) => {
      if (p) expect(out.labels[i]).toBe(3);
    });
    expect(out.cover.includes(1)).toBe(false);
  });

  test('every other image and label stays as it was, in place', () => {
    const patched = triggerTest(set, badnets, settings());
    expect(out.originalLabels).toEqual(set.labels);
    expect([...out.index]).toEqual(Array.from(set.labels.keys()));
    for (let i = 0; i < set.n; i++) {
      expect(image(out.images, i)).toEqual(image(out.poisoned[i] ? patched.images : set.images, i));
      if (!out.poisoned[i]) expect(out.labels[i]).toBe(set.labels[i]);
    }
  });

  test('the given set is left alone', () => {
    expect(set).toEqual(randomSet(new Array(10).fill(20), small));
  });

  test('which samples are poisoned follows the seed, not the attack', () => {
    const again = poison(set, findAttack('blend'), settings({ target: 3 }));
    expect(again.poisoned).toEqual(out.poisoned);
    expect(poison(set, badnets, settings({ seed: 1 })).poisoned).not.toEqual(out.poisoned);
  });

  test.each([
    [0.05, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
    [0.065, [2, 2, 2, 1, 1, 1, 1, 1, 1, 1]],
    [0.0124, [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]],
    [1, new Array(10).fill(20)],
  ])('a rate of %d of 200 poisons %j of the classes', (poisonRate, counts) => {
    const { poisoned, originalLabels } = poison(set, badnets, settings({ poisonRate }));
    expect(perClass(poisoned, originalLabels)).toEqual(counts);
  });

  test('a class too small for its share gives all it has', () => {
    const uneven = randomSet([50, 2, 48], small);
    const { poisoned, originalLabels } = poison(uneven, badnets, settings({ poisonRate: 0.3 }));
    expect(perClass(poisoned, originalLabels, 3)).toEqual([14, 2, 14]);
  });
});

describe('other labelling rules', () => {
  const set = randomSet(new Array(10).fill(20), small);
  const isBlack = (out: PoisonedSet, i: number) => image(out.images, i).every((v) => v === 0);

  test('clean-label: the rate is a share of the target class, and no label changes', () => {
    const out = poison(set, blackout({ victims: 'target', cover: 0 }), settings({ poisonRate: 0.5, target: 4 }));
    expect(perClass(out.poisoned, out.originalLabels)).toEqual([0, 0, 0, 0, 10, 0, 0, 0, 0, 0]);
    expect(out.labels).toEqual(set.labels);
    for (let i = 0; i < set.n; i++) expect(isBlack(out, i)).toBe(out.poisoned[i] === 1);
  });

  test('with cover: half of the triggered keep their true label and are no payload', () => {
    const out = poison(set, blackout({ victims: 'all', cover: 0.5 }), settings({ poisonRate: 0.2 }));
    expect(perClass(out.poisoned, out.originalLabels)).toEqual(new Array(10).fill(2));
    expect(perClass(out.cover, out.originalLabels)).toEqual(new Array(10).fill(2));
    for (let i = 0; i < set.n; i++) {
      expect(out.poisoned[i] + out.cover[i]).toBeLessThanOrEqual(1);
      expect(isBlack(out, i)).toBe(out.poisoned[i] + out.cover[i] === 1);
      expect(out.labels[i]).toBe(out.poisoned[i] ? 0 : set.labels[i]);
    }
  });
});

describe('none', () => {
  const set = randomSet([5, 5], small);
  test('poisons nothing, whatever the rate', () => {
    const out = poison(set, none, settings({ poisonRate: 1 }));
    expect(out.images).toEqual(set.images);
    expect(out.labels).toEqual(set.labels);
    expect([...out.poisoned, ...out.cover].includes(1)).toBe(false);
    expect(triggerTest(set, none, settings())).toEqual(set);
  });
  test('takes no options', () => {
    expect(() => poison(set, none, settings({ options: { alpha: 1 } }))).toThrow('"none" has no options');
  });
});

describe('triggered test images', () => {
  test('all carry the trigger and keep their true label', () => {
    const set = randomSet([3, 3, 3], small);
    const out = triggerTest(set, badnets, settings());
    expect(out.labels).toEqual(set.labels);
    for (let i = 0; i < set.n; i++) expect([...image(out.images, i).subarray(0, 3)]).toEqual([255, 0, 0]);
  });
});

describe('bytes', () => {
  test('every byte survives the way to float32 and back', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(toBytes(Float32Array.from(bytes, (v) => v / 255))).toEqual(bytes);
  });
  test('halves go away from zero, and what leaves [0, 1] is clamped', () => {
    // 127.5 / 255 and 0.5 are exact in float32.
    expect([...toBytes(Float32Array.of(0.5, -0.001, -3, 1.001, 7, 0.0019, 0.002))]).toEqual([
      128, 0, 0, 255, 255, 0, 1,
    ]);
  });
});

describe('what is refused', () => {
  const set = randomSet([5, 5], small);
  test.each([
    [{ poisonRate: 1.2 }, 'poison rate 1.2: allowed is 0 to 1'],
    [{ poisonRate: Number.NaN }, 'poison rate NaN'],
    [{ poisonRate: 0.01 }, 'poison rate 0.01: of 10 images it poisons none'],
    [{ target: 2 }, 'target class 2: the training set has the classes 0 to 1'],
    [{ target: 0.5 }, 'target class 0.5'],
  ])('%j', (changes, why) => {
    expect(() => poison(set, badnets, settings(changes))).toThrow(why);
    expect(() => poison(set, badnets, settings(changes))).toThrow(UserError);
  });
  test('a rate of zero is the attack with nothing poisoned', () => {
    expect(poison(set, badnets, settings({ poisonRate: 0 })).poisoned.includes(1)).toBe(false);
  });
  test('an unknown attack, with the nearest name', () => {
    expect(() => findAttack('badnet')).toThrow(
      /unknown attack "badnet": one of none, badnets.* Did you mean "badnets"\?/,
    );
  });
});

describe('every attack', () => {
  test.each(attacks.map((a) => [a.name, a] as const))(
    '%s has a name, a summary, a source and described options',
    (_, attack) => {
      expect(attack.name).toMatch(/^[a-z0-9-]+$/);
      expect(attack.summary.length).toBeGreaterThan(5);
      expect(attack.source.length).toBeGreaterThan(5);
      for (const option of Object.values(attack.options.shape)) {
        expect((option as z.ZodType).description?.length).toBeGreaterThan(5);
      }
    },
  );

  test.each(attacks.filter((a) => a !== none && a.name !== 'patch').map((a) => [a.name, a] as const))(
    '%s changes every image it is given, the same way for the same index, and leaves the original alone',
    (_, attack) => {
      const set = randomSet([4, 4]);
      const once = triggerTest(set, attack, settings());
      expect(triggerTest(set, attack, settings()).images).toEqual(once.images);
      for (let i = 0; i < set.n; i++) expect(image(once.images, i, 3072)).not.toEqual(image(set.images, i, 3072));
      expect(set).toEqual(randomSet([4, 4]));
    },
  );
});

describe('the exported file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ibscope-export-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const set = poison(
    randomSet([10, 10], small),
    blackout({ victims: 'all', cover: 0.5 }),
    settings({ poisonRate: 0.4 }),
  );
  const path = join(folder, 'poisoned.npz');

  test('holds the set', async () => {
    await exportNpz(set, path);
    const read = await readNpz(path);
    expect(read.images).toEqual({ data: set.images, shape: [20, 8, 8, 3], dtype: 'u1' });
    expect([...read.labels.data].map(Number)).toEqual([...set.labels]);
    expect([...read.original_labels.data].map(Number)).toEqual([...set.originalLabels]);
    expect(read.poisoned).toEqual({ data: set.poisoned, shape: [20], dtype: 'b1' });
    expect(read.cover).toEqual({ data: set.cover, shape: [20], dtype: 'b1' });
    expect([...read.index.data].map(Number)).toEqual([...set.index]);
  });

  const hasNumpy = spawnSync('python3', ['-c', 'import numpy']).status === 0;
  test.skipIf(!hasNumpy)('is read by NumPy (skipped, needs python3 with numpy)', async () => {
    await exportNpz(set, path);
    const script = `
import json, sys, numpy as np
z = np.load(sys.argv[1], allow_pickle=False)
print(json.dumps({k: [str(z[k].dtype), z[k].shape] for k in z.files}
  | {"black": bool((z["images"][z["poisoned"] | z["cover"]] == 0).all()),
     "kept": bool((z["labels"] == z["original_labels"])[~z["poisoned"]].all())}))`;
    expect(JSON.parse(execFileSync('python3', ['-c', script, path], { encoding: 'utf8' }))).toEqual({
      images: ['uint8', [20, 8, 8, 3]],
      labels: ['int64', [20]],
      original_labels: ['int64', [20]],
      poisoned: ['bool', [20]],
      cover: ['bool', [20]],
      index: ['int64', [20]],
      black: true,
      kept: true,
    });
  });
});
