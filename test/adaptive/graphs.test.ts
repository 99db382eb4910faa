/** The adversary's objective against independent computations: resolved information, and central differences. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { forms } from '../../src/adaptive/forms/index.js';
import { attackStep, gapStep, resolvedExpression } from '../../src/adaptive/graphs.js';
import type { Measured, MomentTarget } from '../../src/adaptive/measure.js';
import { Objective } from '../../src/adaptive/objective.js';
import { type FormName, formNames } from '../../src/adaptive/types.js';
import { findAttack } from '../../src/attacks/index.js';
import { Rng } from '../../src/base/random.js';
import {
  constant,
  evaluate,
  input,
  NoiseBank,
  Program,
  type ProgramSpec,
  State,
  type Values,
} from '../../src/engine/index.js';
import { writeNpz } from '../../src/formats/npz.js';
import { resolvedInformation } from '../../src/information/resolved.js';
import { findModel } from '../../src/models/index.js';
import { type ImageGraphOptions, parameters } from '../../src/training/graphs.js';

const rng = new Rng(0, 'adaptive test');

test.each([0.5, 2, 8])(
  'the expression at κ = %d is the resolved information of the same points and directions',
  async (kappa) => {
    const [n, d, m] = [12, 5, 3];
    const points = rng.normals(n * d, 3);
    const z = rng.normals(m * n * d);
    const { value } = await evaluate({
      value: resolvedExpression(constant(points, [n, d]), constant(z, [m, n, d]), constant(1 / kappa)),
    });
    const { nats } = resolvedInformation({ data: points, n, d }, [kappa], z);
    expect(Number(value[0])).toBeCloseTo(nats[0], 4);
  },
);

interface Case {
  name: FormName;
  what: string;
  spec: ProgramSpec;
  feeds: Record<string, Values>;
}

describe('gradients with respect to the trigger agree with central differences', () => {
  const graph: ImageGraphOptions = {
    model: findModel('resnet10'),
    width: 2,
    classes: 3,
    height: 8,
    imageWidth: 8,
    channels: 3,
    noiseStd: 0.4,
    momentum: 0,
    weightDecay: 0,
  };
  const [n, d, m, size] = [6, 16, 2, 8 * 8 * 3];
  const state = new State();
  const weights = new Rng(1, 'weights');
  for (const p of parameters(graph)) state.set(p.name, p.initial(weights));
  // Bright images leave no room above, dark ones none below: clipping is part of what is differentiated.
  const images = Uint8Array.from({ length: n * size }, () => 40 + rng.int(176));
  const shape = { height: 8, width: 8, channels: 3 };
  const numbers = {
    additive: rng.normals(size, 0.03),
    mask: Float32Array.from({ length: 64 + size }, (_, i) => (i < 64 ? 0.1 : 1) * (0.2 + 0.6 * rng.uniform(0, 1))),
    // Places stay between pixels: at a pixel the slope of a bilinear image jumps.
    warp: new Float32Array(32).fill(0.4).map((v) => v + rng.uniform(-0.02, 0.02)),
  };
  const bank = new NoiseBank(0, 1, rng, 1);
  const identity = Float32Array.from({ length: d * d }, (_, at) => (at % (d + 1) === 0 ? 400 : 0));
  const gapFeeds = {
    whiten: identity,
    basis: rng.normals(d * 3, 20),
    residual: rng.normals(n * d, 0.05),
    z_xt: rng.normals(m * n * d),
    z_ty: rng.normals(m * n * 3),
    inverse_kappa: Float32Array.of(1, 1),
    clean: Float32Array.of(0.2, 5),
    weights: Float32Array.of(0.7, 0.4),
  };

  const labels = new Int32Array(n).fill(1);
  test.each(
    formNames.flatMap((name) => [
      { name, what: 'loss', spec: attackStep(graph, forms[name], n), feeds: { labels } },
      { name, what: 'gap', spec: gapStep(graph, forms[name], n, m), feeds: gapFeeds },
    ]),
  )('$name: $what', async ({ name, what, spec, feeds }: Case) => {
    const program = await Program.compile(spec, { threads: 1 });
    const at = numbers[name];
    const run = (trigger: Float32Array) =>
      program.run({ ...feeds, ...forms[name].feeds(images, trigger, shape), trigger }, state, bank);
    const { gradient: g } = (await run(at)) as { gradient: Float32Array };
    const length = Math.hypot(...g);
    expect(length).toBeGreaterThan(1e-4);
    const other = rng.normals(g.length);
    for (const direction of [g, other]) {
      const h = 0.01 / Math.hypot(...direction);
      const value = async (sign: number) => Number((await run(at.map((v, i) => v + sign * h * direction[i])))[what][0]);
      const slope = ((await value(1)) - (await value(-1))) / (2 * h);
      const inner = g.reduce((sum, v, i) => sum + v * direction[i], 0);
      expect(Math.abs(slope - inner)).toBeLessThan(0.03 * length * Math.hypot(...direction));
    }
    await program.release();
  });

  test('lateness is how far the loss is below chance at moments of the first third, with its gradient', async () => {
    const other = new State();
    const drawn = new Rng(2, 'weights');
    for (const p of parameters(graph)) other.set(p.name, p.initial(drawn));
    const train = { images, labels: new Int32Array(n).fill(2), n, ...shape };
    const objective = new Objective(
      graph,
      train,
      { form: forms.additive, target: 1, lambda: 0, late: 3 },
      { threads: 1 },
    );
    // Epoch 2 of 5 is past the first third.
    const moments = [1, 1.5, 2, 5].map((epoch, k) => ({ epoch, state: k % 2 === 0 ? state : other }) as MomentTarget);
    const draws = { rows: Int32Array.from({ length: n }, (_, i) => i), seed: 0, label: [] };
    const at = (trigger: Float32Array) => objective.evaluate(trigger, [{ moments } as Measured], draws);
    const losses = await Promise.all(
      [state, other].map(async (weights) => {
        const program = await Program.compile(attackStep(graph, forms.additive, n), { threads: 1 });
        const feeds = { images, labels: new Int32Array(n).fill(1), trigger: numbers.additive };
        const { loss } = await program.run(feeds, weights, bank);
        await program.release();
        return Number(loss[0]);
      }),
    );
    const found = await at(numbers.additive);
    const below = losses.map((loss) => Math.max(0, Math.log(3) - loss));
    expect(Math.max(...below)).toBeGreaterThan(0);
    expect(found.lateness).toBeCloseTo((below[0] + below[1]) / 2, 6);
    expect(found.objective).toBeCloseTo(losses[1] + 3 * found.lateness, 6);
    const h = 0.01 / Math.hypot(...found.gradient);
    const value = async (sign: number) =>
      (await at(numbers.additive.map((v, i) => v + sign * h * found.gradient[i]))).objective;
    const slope = ((await value(1)) - (await value(-1))) / (2 * h);
    expect(slope / Math.hypot(...found.gradient) ** 2).toBeCloseTo(1, 1);
    await objective.release();
  });

  test('the deviation is Σ weight·|value − clean|', async () => {
    const program = await Program.compile(gapStep(graph, forms.additive, n, m), { threads: 1 });
    const { xt, ty, gap } = await program.run({ ...gapFeeds, images, trigger: numbers.additive }, state, bank);
    expect(Number(xt[0])).toBeGreaterThan(0.3);
    expect(Number(xt[0])).toBeLessThan(0.99 * Math.log(n));
    expect(Number(ty[0])).toBeLessThan(Math.log(n));
    expect(Number(gap[0])).toBeCloseTo(0.7 * (Number(xt[0]) - 0.2) + 0.4 * (5 - Number(ty[0])), 4);
    await program.release();
  });
});

describe('the attack does to an image what the graph does', () => {
  const shape = { height: 7, width: 9, channels: 3 };
  const pixels = 7 * 9;
  const folder = mkdtempSync(join(tmpdir(), 'ibscope-forms-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(formNames)('%s', async (name) => {
    const form = forms[name];
    const epsilon = { additive: 0.4, mask: 0.7, warp: 3 }[name];
    const numbers = form.first(shape, epsilon, 2).map((v) => v * 0.9);
    const images = Uint8Array.from({ length: 2 * pixels * 3 }, () => rng.int(256));
    const trigger = input('trigger', [numbers.length]);
    const feeds = { ...form.feeds(images, numbers, shape), trigger: numbers };
    const { value } = await evaluate({ value: form.triggered(trigger, 2, shape) }, feeds);
    const path = join(folder, `${name}.npz`);
    await writeNpz(path, form.arrays(numbers, shape));
    const settings = { poisonRate: 0.1, target: 0, seed: 0, options: { trigger: path } };
    const attack = findAttack('learned').trigger(shape, settings)!;
    const all = [0, 1].flatMap((i) => [
      ...attack.test(
        Float32Array.from(images.subarray(i * pixels * 3, (i + 1) * pixels * 3), (v) => v / 255),
        i,
      ),
    ]);
    expect(Math.max(...all.map((v, i) => Math.abs(v - Number(value[i]))))).toBeLessThan(2e-5);
    // The trigger changes the image.
    expect(Math.max(...all.map((v, i) => Math.abs(v - images[i] / 255)))).toBeGreaterThan(0.1);
  });
});
