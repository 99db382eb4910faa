import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { badnets } from '../../src/attacks/badnets.js';
import { defineAttack } from '../../src/attacks/define.js';
import { attacks, attackTest, findAttack, poison, triggerTest, victims } from '../../src/attacks/index.js';
import { none } from '../../src/attacks/none.js';
import { toBytes } from '../../src/attacks/poison.js';
import type { Labelling, PoisonedSet } from '../../src/attacks/types.js';
import { UserError } from '../../src/base/errors.js';
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
    threat: '',
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
    const out = poison(set, blackout({ rule: 'clean-label', cover: 0 }), settings({ poisonRate: 0.5, target: 4 }));
    expect(perClass(out.poisoned, out.originalLabels)).toEqual([0, 0, 0, 0, 10, 0, 0, 0, 0, 0]);
    expect(out.labels).toEqual(set.labels);
    for (let i = 0; i < set.n; i++) expect(isBlack(out, i)).toBe(out.poisoned[i] === 1);
  });

  test('with cover: half of the triggered samples keep their true label and do not count as poisoned', () => {
    const out = poison(set, blackout({ rule: 'all-to-one', cover: 0.5 }), settings({ poisonRate: 0.2 }));
    expect(perClass(out.poisoned, out.originalLabels)).toEqual(new Array(10).fill(2));
    expect(perClass(out.cover, out.originalLabels)).toEqual(new Array(10).fill(2));
    for (let i = 0; i < set.n; i++) {
      expect(out.poisoned[i] + out.cover[i]).toBeLessThanOrEqual(1);
      expect(isBlack(out, i)).toBe(out.poisoned[i] + out.cover[i] === 1);
      expect(out.labels[i]).toBe(out.poisoned[i] ? 0 : set.labels[i]);
    }
  });
});

describe('rules asked for in place of the attack’s own', () => {
  const set = randomSet(new Array(10).fill(20), small);

  test('all-to-all: label y becomes y + 1, the last class becomes the first', () => {
    const out = poison(set, badnets, settings({ poisonRate: 0.5, rule: 'all-to-all' }));
    expect(perClass(out.poisoned, out.originalLabels)).toEqual(new Array(10).fill(10));
    for (let i = 0; i < set.n; i++)
      expect(out.labels[i]).toBe(out.poisoned[i] ? (set.labels[i] + 1) % 10 : set.labels[i]);
  });

  test('source-specific: the rate is a share of the source classes; as many others get the trigger and keep their label', () => {
    const out = poison(
      set,
      badnets,
      settings({ poisonRate: 0.5, rule: 'source-specific', sources: [3, 5], target: 1 }),
    );
    expect(perClass(out.poisoned, out.originalLabels)).toEqual([0, 0, 0, 10, 0, 10, 0, 0, 0, 0]);
    expect(perClass(out.cover, out.originalLabels)).toEqual([3, 0, 3, 0, 3, 0, 3, 3, 3, 2]);
    for (let i = 0; i < set.n; i++) expect(out.labels[i]).toBe(out.poisoned[i] ? 1 : set.labels[i]);
    const patched = triggerTest(set, badnets, settings());
    for (let i = 0; i < set.n; i++)
      expect(image(out.images, i)).toEqual(image(out.poisoned[i] || out.cover[i] ? patched.images : set.images, i));
  });

  test('clean-label: no label changes, whatever the attack', () => {
    const out = poison(set, badnets, settings({ poisonRate: 0.5, rule: 'clean-label', target: 2 }));
    expect(perClass(out.poisoned, out.originalLabels)).toEqual([0, 0, 10, 0, 0, 0, 0, 0, 0, 0]);
    expect(out.labels).toEqual(set.labels);
  });

  test.each([
    [{ rule: 'source-specific' }, 'needs source classes'],
    [{ rule: 'source-specific', sources: [0] }, 'source class 0: it is the target class'],
    [{ rule: 'source-specific', sources: [11] }, 'source class 11: the training set has the classes 0 to 9'],
    [{ sources: [3] }, 'source classes 3: only the rule source-specific has them'],
  ] as const)('%j is refused', (changes, why) => {
    expect(() => poison(set, badnets, settings(changes))).toThrow(why);
    expect(() => poison(set, badnets, settings(changes))).toThrow(UserError);
  });

  test.each([
    ['all-to-one', undefined, (y: number) => (y === 4 ? null : 4)],
    ['clean-label', undefined, (y: number) => (y === 4 ? null : 4)],
    ['all-to-all', undefined, (y: number) => (y + 1) % 10],
    ['source-specific', [2, 9], (y: number) => (y === 2 || y === 9 ? 4 : null)],
  ] as const)(
    '%s is judged on the test images it should turn, and on the label it should turn them to',
    (rule, sources, wanted) => {
      const { rows, set: judged } = attackTest(set, badnets, settings({ rule, sources, target: 4 }))!;
      const expected = [...set.labels.keys()].filter((i) => wanted(set.labels[i]) !== null);
      expect([...rows]).toEqual(expected);
      expect([...judged.labels]).toEqual(expected.map((i) => wanted(set.labels[i])));
      const all = triggerTest(set, badnets, settings());
      rows.forEach((i, r) => {
        expect(image(judged.images, r)).toEqual(image(all.images, i));
      });
    },
  );
});

describe('an attack with an adversary', () => {
  const set = randomSet([20, 20], small);
  const attack = findAttack('label-consistent');
  const of = settings({ poisonRate: 0.5, target: 1 });

  test('lays its trigger over the adversarial image', () => {
    const touched = victims(set, attack, of).poisoned;
    expect(touched).toHaveLength(10);
    const black = new Map(touched.map((i) => [i, new Float32Array(192)]));
    const out = poison(set, attack, of, black);
    const checker = toBytes(attack.trigger(set, of)!.train(new Float32Array(192), 0));
    for (let i = 0; i < set.n; i++)
      expect(image(out.images, i)).toEqual(out.poisoned[i] ? checker : image(set.images, i));
    expect(out.labels).toEqual(set.labels);
  });

  test('does not silently go without', () => {
    expect(() => poison(set, attack, of)).toThrow('needs an adversarial version of image');
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
    expect(attackTest(set, none, settings())).toBeNull();
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
    [{ poisonRate: 0.01 }, 'poison rate 0.01: of 10 samples it poisons none'],
    [{ target: 2 }, 'target class 2: the training set has the classes 0 to 1'],
    [{ target: 0.5 }, 'target class 0.5'],
  ])('%j', (changes, why) => {
    expect(() => poison(set, badnets, settings(changes))).toThrow(why);
    expect(() => poison(set, badnets, settings(changes))).toThrow(UserError);
  });
  test('a trigger that changes no pixel, which would be reported as a failed attack', () => {
    const nothing = settings({ poisonRate: 0.5, options: { alpha: 0 } });
    expect(() => poison(set, findAttack('blend'), nothing)).toThrow('changes no pixel of any of the 5 images');
    expect(() => poison(set, findAttack('blend'), nothing)).toThrow(UserError);
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
      expect(attack.threat.length).toBeGreaterThan(5);
      for (const option of Object.values(attack.options.shape)) {
        expect((option as z.ZodType).description?.length).toBeGreaterThan(5);
      }
    },
  );

  test('the control for label noise relabels the samples of BadNets, and changes no pixel', () => {
    const set = randomSet(new Array(10).fill(20), small);
    const [control, backdoor] = [findAttack('relabel'), badnets].map((a) => poison(set, a, settings({ target: 3 })));
    expect(control.poisoned).toEqual(backdoor.poisoned);
    expect(control.labels).toEqual(backdoor.labels);
    expect(control.images).toEqual(set.images);
    expect(attackTest(set, findAttack('relabel'), settings({ target: 3 }))!.set.labels.every((y) => y === 3)).toBe(
      true,
    );
  });

  const changing = attacks.filter((a) => a !== none && !['patch', 'learned', 'relabel'].includes(a.name));
  test.each(changing.map((a) => [a.name, a] as const))(
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
