/**
 * Measures the claims of docs/estimators.md about the neural estimators: one line per claim, with the measured and the required number.
 * `npm run -s bench -- claims [NAME …] [--seeds N] [--images DIR]`; without names all claims, which takes minutes.
 */

import { performance } from 'node:perf_hooks';
import { Rng } from '../src/base/random.js';
import { mean } from '../src/dynamics/index.js';
import { GROUP_CRITIC } from '../src/information/checkpoint.js';
import { quickInfoNce, reduceSide } from '../src/information/crossfit.js';
import {
  type Estimate,
  infonce,
  ksg,
  mine,
  nwj,
  pairwiseBounds,
  plugin,
  samples,
  smile,
} from '../src/information/index.js';
import { taskNamed } from '../src/information/tasks/index.js';
import { markovChain } from '../src/information/tasks/normal.js';

let seeds = [0, 1, 2, 3, 4];
const percent = (x: number) => `${(100 * x).toFixed(2)} %`;
const show = (v: readonly number[]) => v.map((x) => x.toFixed(3)).join(' ');

async function overSeeds(work: (seed: number) => Promise<Estimate>): Promise<Estimate[]> {
  const found: Estimate[] = [];
  for (const seed of seeds) found.push(await work(seed));
  return found;
}

const values = (found: Estimate[]) => found.map((e) => e.nats);

/** T, Ŷ and X as a checkpoint of six groups has them: 1 000 samples each, X 3 072, T 128, Ŷ 10, two noise draws. */
function checkpointData() {
  const rng = new Rng(0, 'bench checkpoint');
  const [n, dx, dt, dy] = [6000, 3072, 128, 10];
  const mixing = rng.normals(16 * dx);
  const sources = rng.normals(n * 16);
  const x = { data: rng.normals(n * dx, 0.1), n, d: dx };
  for (let i = 0; i < n; i++)
    for (let s = 0; s < 16; s++) {
      const v = sources[i * 16 + s];
      for (let j = 0; j < dx; j++) x.data[i * dx + j] += v * mixing[s * dx + j];
    }
  const draw = () => ({
    data: Float32Array.from({ length: n * dt }, (_, i) => sources[Math.floor(i / dt) * 16 + (i % 16)] + rng.normal()),
    n,
    d: dt,
  });
  const t = [draw(), draw()];
  const logits = t.map(({ data }) => ({
    data: Float32Array.from(
      { length: n * dy },
      (_, i) => data[Math.floor(i / dy) * dt + (i % dy)] + 0.5 * rng.normal(),
    ),
    n,
    d: dy,
  }));
  const groups = new Map(
    Array.from({ length: 6 }, (_, g) => [`${g}`, Int32Array.from({ length: 1000 }, (_, i) => 1000 * g + i)]),
  );
  return { x, t, logits, groups };
}

/** A tenth of 10 000 images under a red 5 × 5 corner, and whether they are. */
async function imagesAndPoison(folder: string, seed: number) {
  const { readdirSync } = await import('node:fs');
  const { join } = await import('node:path');
  const sharp = (await import('sharp')).default;
  const rng = new Rng(seed, 'bench images');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((f) => /\.(jpe?g|png)$/.test(f))
    .sort();
  const n = 10_000;
  const x = new Float32Array(n * 3072);
  const b = new Float64Array(n);
  const chosen = rng.sample(Int32Array.from(files.keys()), n);
  for (let i = 0; i < n; i++) {
    const pixels = await sharp(join(folder, files[chosen[i]])).removeAlpha().raw().toBuffer();
    b[i] = i % 10 === 0 ? 1 : 0;
    for (let p = 0; p < 1024; p++)
      for (let c = 0; c < 3; c++) {
        const corner = b[i] === 1 && p % 32 < 5 && p < 160;
        x[i * 3072 + c * 1024 + p] = corner ? (c === 0 ? 1 : 0) : pixels[p * 3 + c] / 255;
      }
  }
  return { a: samples(x, 3072), b: samples(b, 1, true) };
}

const claims: Record<string, (folder?: string) => Promise<string>> = {
  gaussian: async () => {
    const { truth, sample } = taskNamed('normal-3v5');
    const nats = values(
      await overSeeds((seed) => {
        const { a, b } = sample(10_000, seed);
        return Promise.resolve(infonce().estimate(a, b, { seed }));
      }),
    );
    return `3v5 Gaussian: ${show(nats)}, mean ${percent(mean(nats) / truth - 1)} of ${truth.toFixed(3)} (asked: 1 %)`;
  },
  table: async () => {
    const { truth, sample } = taskNamed('poison-label');
    const { a, b } = sample(10_000, 0);
    const counted = plugin({ correction: 'none' }).estimate(a, b, { seed: 0 }).nats;
    const corrected = plugin().estimate(a, b, { seed: 0 }).nats;
    const nats = values(await overSeeds(async (seed) => infonce().estimate(a, b, { seed })));
    return `I(B;Y): plugin off by ${Math.abs(counted - truth).toExponential(1)} (corrected ${(corrected - truth).toExponential(1)}; asked 1e-6), infonce ${show(nats)}, mean ${percent(mean(nats) / truth - 1)} (asked: 1 %)`;
  },
  planted: async () => {
    const lines: string[] = [];
    for (const nats of [0.5, 2, 4]) {
      const { sample } = taskNamed(`planted-${nats}`);
      const found = values(
        await overSeeds(async (seed) => {
          const { a, b } = sample(5000, seed);
          return infonce().estimate(a, b, { seed });
        }),
      );
      lines.push(
        `planted ${nats} nats: ${show(found)}, mean ${percent(mean(found) / nats - 1)} (asked: ${nats > 3 ? 15 : 10} %)`,
      );
    }
    return lines.join('\n');
  },
  independence: async () => {
    const lines: string[] = [];
    for (const [p, q] of [
      [3, 5],
      [100, 20],
    ])
      for (const make of [infonce, nwj, mine, smile]) {
        const found = await overSeeds(async (seed) => {
          const rng = new Rng(seed, 'bench independence');
          const [a, b] = [samples(rng.normals(10_000 * p), p), samples(rng.normals(10_000 * q), q)];
          return make().estimate(a, b, { seed });
        });
        lines.push(`independent ${p} × ${q}, ${make().name}: ${show(values(found))} (asked: 0.03)`);
      }
    return lines.join('\n');
  },
  chain: async () => {
    const { ab, ac } = markovChain();
    const pairs: string[] = [];
    for (const seed of seeds) {
      const [first, last] = [ab.sample(10_000, seed), ac.sample(10_000, seed)];
      const near = await infonce().estimate(first.a, first.b, { seed });
      const far = await infonce().estimate(last.a, last.b, { seed });
      pairs.push(`${near.nats.toFixed(3)} ≥ ${far.nats.toFixed(3)}`);
    }
    return `A → B → C, I(A;B) ≥ I(A;C): ${pairs.join(', ')} (truth ${ab.truth.toFixed(3)}, ${ac.truth.toFixed(3)})`;
  },
  checkpoint: async () => {
    const { x, t, logits, groups } = checkpointData();
    const rows = [...groups.values()];
    const [started, busy] = [performance.now(), process.cpuUsage()];
    const [sx, st] = [await reduceSide([x], 64, 0), await reduceSide(t, 64, 0)];
    await quickInfoNce([sx, st], rows, GROUP_CRITIC['I(X;T)'], { seed: 0 });
    await quickInfoNce([st, logits], rows, GROUP_CRITIC['I(T;Ŷ)'], { seed: 0 });
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(busy);
    return `one checkpoint, 6 groups × 2 quantities, 1 000 samples each: ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of all cores together (asked: 20 s on 2 cores)`;
  },
  times: async () => {
    const time = (work: () => void) => {
      const started = performance.now();
      work();
      return `${((performance.now() - started) / 1000).toFixed(1)} s`;
    };
    const rng = new Rng(0, 'bench times');
    const a = samples(rng.normals(10_000 * 8), 8);
    const b = samples(
      a.data.map((v) => 0.8 * v + 0.6 * rng.normal()),
      8,
    );
    const t = samples(rng.normals(5000 * 512), 512);
    const near = time(() => ksg().estimate(a, b, { seed: 0 }));
    const apart = time(() => pairwiseBounds(t, { std: 8 }, { seed: 0 }));
    return `ksg with its standard error, 10 000 samples of 8 + 8 columns: ${near} (asked: 5 s); pairwise, 5 000 × 512: ${apart} (asked: 2 s)`;
  },
  images: async (folder) => {
    if (!folder) return 'I(X;B): needs --images DIR with 32 × 32 pictures';
    const found = values(
      await overSeeds(async (seed) => {
        const { a, b } = await imagesAndPoison(folder, seed);
        return infonce().estimate(a, b, { seed });
      }),
    );
    return `I(X;B), held out: ${show(found)} of 0.3251 (asked: 0.320)`;
  },
};

export async function main(args: string[]): Promise<void> {
  const at = args.indexOf('--images');
  const folder = at >= 0 ? args[at + 1] : undefined;
  if (args.includes('--seeds')) seeds = seeds.slice(0, Number(args[args.indexOf('--seeds') + 1]));
  const named = args.filter((name) => name in claims);
  for (const name of named.length > 0 ? named : Object.keys(claims)) console.log(await claims[name](folder));
}
