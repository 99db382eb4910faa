/** The adversary's objective against independent computations: resolved information, and central differences. */
import { describe, expect, test } from 'vitest';
import { attackStep, gapStep, resolvedExpression } from '../../src/adaptive/graphs.js';
import { Rng } from '../../src/base/random.js';
import {
  constant,
  evaluate,
  NoiseBank,
  Program,
  type ProgramSpec,
  State,
  type Values,
} from '../../src/engine/index.js';
import { resolvedInformation } from '../../src/information/resolved.js';
import { findModel } from '../../src/models/index.js';
import { type GraphOptions, parameters } from '../../src/training/graphs.js';

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

describe('gradients with respect to δ agree with central differences', () => {
  const graph: GraphOptions = {
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
  const delta = rng.normals(size, 0.03);
  const bank = new NoiseBank(0, 1, rng, 1);
  const identity = Float32Array.from({ length: d * d }, (_, at) => (at % (d + 1) === 0 ? 400 : 0));
  const gapFeeds = {
    images,
    whiten: identity,
    basis: rng.normals(d * 3, 20),
    residual: rng.normals(n * d, 0.05),
    z_xt: rng.normals(m * n * d),
    z_ty: rng.normals(m * n * 3),
    inverse_kappa: Float32Array.of(1, 1),
    clean: Float32Array.of(0.2, 5),
    weights: Float32Array.of(0.7, 0.4),
  };

  test.each<[string, ProgramSpec, Record<string, Values>, string]>([
    ['loss of triggered images', attackStep(graph, n), { images, labels: new Int32Array(n).fill(1) }, 'loss'],
    ['deviation of resolved information', gapStep(graph, n, m), gapFeeds, 'gap'],
  ])('%s', async (_, spec, feeds, output) => {
    const program = await Program.compile(spec, { threads: 1 });
    const run = (at: Float32Array) => program.run({ ...feeds, delta: at }, state, bank);
    const { gradient: g } = (await run(delta)) as { gradient: Float32Array };
    const length = Math.hypot(...g);
    expect(length).toBeGreaterThan(1e-4);
    const other = rng.normals(size);
    for (const direction of [g, other]) {
      const h = 0.01 / Math.hypot(...direction);
      const value = async (sign: number) =>
        Number((await run(delta.map((v, i) => v + sign * h * direction[i])))[output][0]);
      const slope = ((await value(1)) - (await value(-1))) / (2 * h);
      const inner = g.reduce((sum, v, i) => sum + v * direction[i], 0);
      expect(Math.abs(slope - inner)).toBeLessThan(0.03 * length * Math.hypot(...direction));
    }
    await program.release();
  });

  test('the deviation is Σ weight·|value − clean|', async () => {
    const program = await Program.compile(gapStep(graph, n, m), { threads: 1 });
    const { xt, ty, gap } = await program.run({ ...gapFeeds, delta }, state, bank);
    expect(Number(xt[0])).toBeGreaterThan(0.3);
    expect(Number(xt[0])).toBeLessThan(0.99 * Math.log(n));
    expect(Number(ty[0])).toBeLessThan(Math.log(n));
    expect(Number(gap[0])).toBeCloseTo(0.7 * (Number(xt[0]) - 0.2) + 0.4 * (5 - Number(ty[0])), 4);
    await program.release();
  });
});
