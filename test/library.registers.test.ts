import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  analyze,
  attacks,
  audit,
  compare,
  datasets,
  detect,
  dynamics,
  engine,
  formats,
  information,
  models,
  perception,
  Rng,
  readRun,
  registerAttack,
  registerDataset,
  registerModel,
  resolveConfig,
  run,
  stealth,
  UserError,
  z,
} from '../src/index.js';
import { named, stripe, tiny, twoClasses, wrong } from './own-parts.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ibscope-library-'));
});
afterAll(() => rm(folder, { recursive: true }));

const halfTrigger = () =>
  attacks.defineAttack({ ...named('half'), options: z.strictObject({}), trigger: () => wrong({ train: () => {} }) });

describe('a run of what was registered', () => {
  const request = { dataset: 'bright', attack: 'stripe', model: 'tiny-net', width: 2, poisonRate: 0.2, batchSize: 64 };
  const config = { ...request, epochs: 2, checkpoints: [2], draws: 1, target: 1 };

  beforeAll(() => {
    registerAttack(stripe('stripe'));
    registerDataset(
      datasets.fromArrays('bright', {
        classes: ['dark', 'bright'],
        train: twoClasses(600, 0),
        test: twoClasses(60, 1),
      }),
    );
    registerModel(tiny());
  });

  it('takes limits of arrays, class-balanced', async () => {
    const { train, test } = await datasets.loadDataset('bright', { trainLimit: 10 });
    expect([train.n, train.labels.reduce((a, b) => a + b), test.n]).toEqual([10, 5, 60]);
  });

  it('says what is wrong with a model as the caller’s mistake', async () => {
    const at = join(folder, 'bad');
    registerModel({ ...tiny(), name: 'no-layer', layers: ['first'] });
    await expect(run({ ...config, model: 'no-layer' }, at)).rejects.toThrow(
      'model "no-layer": its forward pass gives no layer "first"',
    );
    const forward: models.Model['forward'] = (l, x) => wrong(engine.matmul(x, l.linear('fc', x, 3)));
    registerModel({ ...tiny(), name: 'misfit', forward });
    const refused = await run({ ...config, model: 'misfit' }, at).catch((e) => e);
    expect(refused).toBeInstanceOf(UserError);
    expect(refused.message).toMatch(/^model "misfit": /);
    expect(refused.cause).toBeInstanceOf(Error);
  });

  it('checks a data set of one’s own when it is loaded', async () => {
    const set = twoClasses(20, 2);
    registerDataset({
      name: 'three-labels',
      summary: '',
      needsDir: false,
      load: async () => ({
        name: 'three-labels',
        classes: ['a', 'b'],
        train: { ...set, labels: set.labels.map(() => 2) },
        test: set,
      }),
    });
    await expect(datasets.loadDataset('three-labels')).rejects.toThrow(
      'train has the label 2; its 2 classes are 0 to 1',
    );
  });
});

it('the model of docs/engine.md can be registered as it stands there', async () => {
  const text = await readFile(join(import.meta.dirname, '..', 'docs', 'engine.md'), 'utf8');
  const code = text.match(/```ts\nimport \{ engine, models, registerModel \} from 'ibscope';\n([\s\S]*?)```/)![1];
  new Function('engine', 'models', 'registerModel', code)(engine, models, registerModel);
  const model = models.findModel('two-layers');
  const layers = new models.Layers('train', 0.4);
  const { logits, representation } = model.forward(layers, engine.input('x', [32, 32, 5, 3]), { classes: 7, width: 4 });
  expect([logits.shape, representation.shape]).toEqual([
    [5, 7],
    [5, 32],
  ]);
});

it('mutual information takes lists, rows, typed arrays and categories', async () => {
  const rng = new Rng(0, 'test');
  const x = Array.from({ length: 400 }, () => rng.normal());
  const y = x.map((v) => 0.6 * v + 0.8 * rng.normal());
  const options = { estimator: 'cca' };
  const { nats } = await information.mutualInformation(x, y, options);
  expect(Math.abs(nats + 0.5 * Math.log(1 - 0.36))).toBeLessThan(0.15);
  const rows = await information.mutualInformation(
    x.map((v) => [v]),
    Float64Array.from(y),
    options,
  );
  expect(rows.nats).toBe(nats);
  const sign = (values: number[]) => information.samples(values.map(Math.sign), 1, true);
  expect((await information.mutualInformation(sign(x), sign(x), { estimator: 'plugin' })).nats).toBeCloseTo(
    Math.log(2),
    1,
  );
});

describe('a mistake of the caller is a UserError that says what is wrong', () => {
  const set = twoClasses(40, 0);
  const blend = attacks.findAttack('blend');
  const estimate = { epoch: 1, group: '0/clean', quantity: 'I(X;T)', nats: 1, standardError: 0.1, samples: 100 };
  const mi = information.mutualInformation;

  it.each<[string, () => unknown, RegExp]>([
    [
      'an option with a slip',
      () => run(wrong({ atack: 'blend' }), 'x'),
      /unknown option "atack".*Did you mean "attack"/,
    ],
    ['a value out of range', () => resolveConfig({ epochs: 0 }), /--epochs 0: a whole number from 1/],
    ['no request', () => run(wrong(undefined), 'x'), /an object is expected/],
    ['no folder', () => run({}, ''), /the folder of a run is expected/],
    ['an odd signal', () => run({}, 'x', false, wrong({ signal: 3 })), /an AbortSignal is expected/],
    ['an odd hook', () => run({}, 'x', false, wrong({ onProgress: 3 })), /unknown option "onProgress"/],
    ['nothing to compare', () => compare([], 'x'), /at least one configuration/],
    ['an attack twice', () => compare([{}, {}], 'x'), /"badnets" occurs twice/],
    ['no trace', () => analyze({ path: join(folder, 'nowhere') }), /no trace there/],
    [
      'an option of training',
      () => analyze({ path: 'x', options: { epochs: 3 } }),
      /unknown option of an analysis "epochs"/,
    ],
    ['no run', () => readRun(join(folder, 'nowhere')), /no run there/],
    ['an attack by name', () => attacks.poison(set, wrong('blend')), /an attack is expected/],
    ['a setting with a slip', () => attacks.poison(set, blend, wrong({ rate: 1 })), /Did you mean "poisonRate"/],
    ['an option out of range', () => attacks.poison(set, blend, { options: { alpha: 3 } }), /option alpha is 3/],
    ['a class that is not there', () => attacks.poison(set, blend, { target: 5 }), /target class 5/],
    [
      'arrays that do not fit',
      () => attacks.poison({ ...set, height: 7 }, blend),
      /are 6720 bytes, but images holds 7680/,
    ],
    ['no arrays', () => attacks.poison(wrong(undefined), blend), /poison: n is undefined/],
    [
      'no adversarial images',
      () => attacks.poison(set, attacks.findAttack('label-consistent')),
      /poisonDataset makes these/,
    ],
    [
      'a trigger of another size',
      () =>
        attacks.poison(
          set,
          stripe('short', (x) => x.subarray(3)),
        ),
      /Float32Array of 192 values/,
    ],
    [
      'a definition without options',
      () => attacks.defineAttack(wrong({ name: 'half', trigger() {} })),
      /needs "options"/,
    ],
    ['half a trigger', () => attacks.poison(set, halfTrigger()), /two functions, "train" and "test"/],
    ['a name that is taken', () => registerAttack(stripe('blend')), /"blend": this name exists already/],
    ['no name', () => registerAttack(stripe('a/b')), /a name of letters/],
    ['no attack', () => registerAttack(wrong({ name: 'half' })), /no function "labelling"/],
    ['no data set', () => registerDataset(wrong({ name: 'half' })), /no function "load"/],
    [
      'a model without layers',
      () => registerModel({ ...tiny(), name: 'flat', layers: [] }),
      /"layers" must be a list of the layers/,
    ],
    [
      'labels that are no numbers',
      () => datasets.imageSet({ images: new Uint8Array(6), labels: [0.5, 1], height: 1, width: 1 }),
      /label 0.5/,
    ],
    [
      'images that are no bytes',
      () => datasets.imageSet({ images: wrong([1]), labels: [0], height: 1, width: 1 }),
      /Uint8Array/,
    ],
    ['one class', () => datasets.fromArrays('one', { classes: ['a'], train: set, test: set }), /two class names/],
    ['rows that do not pair', () => mi([1, 2, 3], [1, 2]), /rows must come in pairs, got 3 and 2/],
    ['rows of different length', () => mi([[1, 2], [3]], [1, 2]), /row 1 has 1 columns, row 0 has 2/],
    ['words', () => mi(wrong(['a', 'b']), [1, 2]), /is NaN/],
    ['no such estimator', () => mi([1, 2], [1, 2], { estimator: 'kgs' }), /Did you mean "ksg"/],
    ['no such critic', () => mi([1, 2], [1, 2], { critic: wrong('best') }), /unknown critic "best"/],
    [
      'no seed',
      () => information.ksg().estimate(information.samples([1, 2]), information.samples([1, 2]), wrong(undefined)),
      /need a seed/,
    ],
    ['no such group', () => dynamics.estimateRows([{ ...estimate, group: 'clean' }]), /unknown group "clean"/],
    ['no such quantity', () => dynamics.estimateRows([{ ...estimate, quantity: 'I(X,T)' }]), /Did you mean "I\(X;T\)"/],
    ['no number', () => dynamics.estimateRows([{ ...estimate, nats: Number.NaN }]), /its value is NaN/],
    [
      'a negative weight',
      () => dynamics.stealth(dynamics.estimateRows([estimate]), { target: 0, beta: -1 }),
      /beta must be/,
    ],
    ['other images', () => perception.perceive({ ...set, images: new Uint8Array(3) }, set), /are 7680 bytes, got 3/],
    ['a misspelt detector', () => detect({ path: folder, detectors: ['flair'] }), /unknown detector "flair".*FLARE/],
    ['nowhere for findings about a set', () => detect({ path: folder }), /out: a folder for the findings/],
    ['a rate above a half', () => detect({ path: folder, out: 'x', expectedRate: 0.7 }), /expected-rate 0.7/],
    ['stealth of what is no run', () => stealth(join(folder, 'nowhere')), /nowhere: no run there/],
    ['nothing to audit', () => audit({}), /a path or a set is expected/],
    ['a misspelt effort', () => audit({ set, effort: wrong('quik') }), /unknown effort "quik".*Did you mean "quick"/],
    ['half a seed', () => audit({ set, seed: 0.5 }), /seed: 0.5/],
    [
      'too few classes to compare',
      () => audit({ set }),
      /0 of its 2 classes have at least 30 images.*needs 4 such classes/,
    ],
    ['a class without a name', () => audit({ set, classes: ['a'] }), /there is the label 1, but 1 class is named/],
    ['no such set', () => audit({ path: join(folder, 'nowhere') }), /no such file or folder/],
    ['a shape that does not hold', () => formats.ndarray(new Uint8Array(3), [2]), /does not hold 3/],
  ])('%s', async (_, call, says) => {
    const error = await (async () => call())().then(
      () => null,
      (e) => e,
    );
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(says);
    expect(error.message).not.toContain('\n');
  });
});
