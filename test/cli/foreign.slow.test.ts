/** A ResNet-18 trained by PyTorch on poisoned images: recorded, as ONNX files, and by ibscope's own probes of its weights. */

import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tar from 'tar';
import { beforeAll, describe, expect, it } from 'vitest';
import { resolveConfig } from '../../src/config/resolve.js';
import { trainingConfig } from '../../src/config/training.js';
import type { EstimateRow } from '../../src/dynamics/index.js';
import { readNpz } from '../../src/formats/npz.js';
import { readSafetensors, tensor, writeSafetensors } from '../../src/formats/safetensors.js';
import type { Weights } from '../../src/models/index.js';
import { Trainer } from '../../src/training/trainer.js';
import { hasTorch } from '../python.js';
import { sandbox } from './helpers.js';

const CIFAR = new URL('../../../shared/data/cifar10-imagefolder.tar.gz', import.meta.url).pathname;
const EPOCHS = [1, 2];
const D = 64;

if (!hasTorch) console.log('a training of PyTorch’s: skipped, needs a Python with PyTorch');

describe.skipIf(!hasTorch)('a training of PyTorch’s', () => {
  const box = sandbox();
  const at = (...parts: string[]) => join(box.folder, ...parts);
  const onnx = ['--dataset', 'npz', '--data-dir', 'set.npz', '--manifest', 'set.npz'];
  const estimates = (trace: string): EstimateRow[] =>
    readFileSync(at(trace, 'information.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l));

  beforeAll(async () => {
    const source = ['--train-limit', '2400', '--attack', 'badnets', '--out', 'set.npz'];
    if (existsSync(CIFAR)) {
      mkdirSync(at('images'));
      await tar.extract({ file: CIFAR, cwd: at('images') });
      source.push('--dataset', 'folder', '--data-dir', existsSync(at('images', 'train')) ? 'images' : 'images/cifar10');
    }
    const made = await box.run(['poison', ...source]);
    expect(made.code, made.stderr).toBe(0);
    const script = new URL('../golden/foreign.py', import.meta.url).pathname;
    execFileSync(process.env.PYTHON ?? 'python3', [script, at('set.npz'), at('out'), String(EPOCHS.length)]);
  });

  it('recorded, has the trajectories of ibscope’s own probes of the same weights, within standard errors', async () => {
    const set = await readNpz(at('set.npz'));
    const n = set.images.shape[0];
    const labels = Int32Array.from(set.labels.data as BigInt64Array, Number);
    const images = { images: set.images.data as Uint8Array, labels, n, height: 32, width: 32, channels: 3 };
    const trainer = new Trainer(trainingConfig(resolveConfig({ width: 8, noise: 0.4 })), {
      classes: 10,
      train: { ...images, poisoned: set.poisoned.data as Uint8Array },
      test: images,
      triggered: null,
    });
    mkdirSync(at('own', 'probes'), { recursive: true });
    for (const file of ['run.json', 'samples.npz']) copyFileSync(at('out', 'noisy', file), at('own', file));
    for (const epoch of EPOCHS) {
      trainer.load((await readNpz(at('out', `weights-${epoch}.npz`))) as unknown as Record<string, Weights>);
      const draws = await trainer.probe(images, 2, 'layer4');
      const free = await trainer.noiseFree(images, 'layer4');
      const recorded = await readNpz(at('out', 'noisy', 'probes', `epoch-000${epoch}.npz`));
      expect(largestDifference(free, recorded.t_noise_free.data as Float32Array)).toBeLessThan(1e-4);
      const stack = (key: 'representation' | 'logits') => {
        const all = draws.map((d) => d[key]);
        const whole = new Float32Array(2 * all[0].length);
        all.forEach((values, k) => {
          whole.set(values, k * values.length);
        });
        return tensor(whole, [2, n, all[0].length / n]);
      };
      await writeSafetensors(at('own', 'probes', `epoch-000${epoch}.safetensors`), {
        t: stack('representation'),
        logits: stack('logits'),
        t_noise_free: tensor(free, [n, D]),
      });
    }
    for (const trace of ['own', 'out/noisy']) {
      const { code, stderr } = await box.run(['analyze', trace, '--seed', '3', '--instrument', 'critics']);
      expect(code, stderr).toBe(0);
    }
    const recorded = estimates('out/noisy');
    const z = apart(estimates('own'), recorded);
    // The noise is drawn anew; 95 % of differences lie within 1.96 of their standard errors.
    expect(z.length).toBeGreaterThan(120);
    expect(z.filter((v) => Math.abs(v) < 1.96).length / z.length).toBeGreaterThan(0.93);
  });

  it('as ONNX files lists its layers by PyTorch’s names, with the shape of each', async () => {
    const { code, stdout, stderr } = await box.run(['analyze', '--onnx', 'out/epoch-*.onnx', ...onnx, '--json']);
    expect(code, stderr).toBe(0);
    const { layers } = JSON.parse(stdout) as { layers: { name: string; shape: number[] }[] };
    const shapes = Object.fromEntries(layers.map((l) => [l.name, l.shape]));
    expect(shapes).toMatchObject({
      layer1: [8, 32, 32],
      'layer2.0.downsample': [16, 16, 16],
      layer4: [64, 4, 4],
      fc: [10],
    });
  });

  it('as ONNX files gives the recorded noise-free probes to 1e-4, whether batches are open or fixed, and their estimates', async () => {
    const layer = ['--layer', 'layer4', '--seed', '1', '--null-splits', '0'];
    const outcome = await box.run([
      'analyze',
      '--onnx',
      'out/epoch-*.onnx',
      ...onnx,
      ...layer,
      '--out',
      'open',
      '--json',
    ]);
    expect(outcome.code, outcome.stderr).toBe(0);
    const fixed = await box.run(['analyze', '--onnx', 'out/fixed/epoch-2.onnx', ...onnx, ...layer, '--out', 'fixed']);
    expect(fixed.code, fixed.stderr).toBe(0);
    for (const [trace, epochs] of [
      ['open', EPOCHS],
      ['fixed', [2]],
    ] as const) {
      const rows = (await readSafetensors(at(trace, 'samples.safetensors'))).tensors.index.data as Int32Array;
      for (const epoch of epochs) {
        const { t_noise_free: found, t_noise_std: std } = (
          await readSafetensors(at(trace, 'probes', `epoch-000${epoch}.safetensors`))
        ).tensors;
        const recorded = await readNpz(at('out', 'plain', 'probes', `epoch-000${epoch}.npz`));
        const truth = recorded.t_noise_free.data as Float32Array;
        const same = Float32Array.from(
          { length: rows.length * D },
          (_, i) => truth[rows[Math.floor(i / D)] * D + (i % D)],
        );
        expect(largestDifference(found.data as Float32Array, same)).toBeLessThan(1e-4);
        expect(std.data[0]).toBeCloseTo((recorded.t_noise_std.data as Float32Array)[0], 6);
      }
    }
    // The same noise on the same layer: estimates agree with the recording's, drawn and grouped anew.
    const recorded = await box.run(['analyze', 'out/plain', '--seed', '1', '--null-splits', '0']);
    expect(recorded.code, recorded.stderr).toBe(0);
    const plain = estimates('out/plain');
    const classes = estimates('open').filter((r) => r.group === 'all' || /^\d+$/.test(r.group));
    const z = apart(classes, plain);
    expect(z.length).toBeGreaterThan(40);
    expect(z.filter((v) => Math.abs(v) < 3).length / z.length).toBeGreaterThan(0.9);
    const result = JSON.parse(outcome.stdout);
    expect(result.attack).toBe('given');
    // The same command goes on with what is there; another layer does not.
    const again = await box.run([
      'analyze',
      '--onnx',
      'out/epoch-*.onnx',
      ...onnx,
      ...layer,
      '--out',
      'open',
      '--json',
    ]);
    expect(JSON.parse(again.stdout).stealth).toEqual(result.stealth);
    const other = await box.run([
      'analyze',
      '--onnx',
      'out/epoch-*.onnx',
      ...onnx,
      '--layer',
      'layer3',
      '--out',
      'open',
    ]);
    expect(other.code).toBe(2);
    expect(lastLine(other.stderr)).toBe('ibscope: --out open: it holds another analysis; name another folder');
  });

  it.each([
    [['--layer', 'layer5'], /unknown layer of out\/epoch-1\.onnx "layer5": .*Did you mean "layer/],
    [['--layer', 'layer4', '--noise', '0'], /--noise 0: without noise I\(X;T\) of a network is infinite/],
    [['--layer', 'layer4', '--target', '3'], /--target 3: the poisoned samples have the label 0 \("0"\)/],
    [['--layer', 'layer4', '--std', '0.2,0,0.2'], /--std 0\.2,0,0\.2: a number per channel is expected/],
    [['--layer', 'layer4', '--follow'], /--follow: only allowed with a trace/],
  ])('refuses %j in one line', async (more, line) => {
    const { code, stderr } = await box.run([
      'analyze',
      '--onnx',
      'out/epoch-*.onnx',
      ...onnx,
      ...more,
      '--out',
      'never',
    ]);
    expect(code).toBe(2);
    expect(lastLine(stderr)).toMatch(line);
    expect(existsSync(at('never'))).toBe(false);
  });

  it('refuses images of another size, and files that are no models, in one line', async () => {
    const idx = (magic: number, dims: number[], n: number) => {
      const bytes = Buffer.alloc(4 + 4 * dims.length + n);
      bytes.writeUInt32BE(magic);
      dims.forEach((d, i) => {
        bytes.writeUInt32BE(d, 4 + 4 * i);
      });
      for (let i = 0; i < n; i++) bytes[4 + 4 * dims.length + i] = i % 10;
      return bytes;
    };
    mkdirSync(at('mnist'));
    for (const split of ['train', 't10k']) {
      writeFileSync(at('mnist', `${split}-images-idx3-ubyte`), idx(0x803, [20, 28, 28], 20 * 784));
      writeFileSync(at('mnist', `${split}-labels-idx1-ubyte`), idx(0x801, [20], 20));
    }
    const digits = await box.run([
      'analyze',
      '--onnx',
      'out/epoch-1.onnx',
      '--dataset',
      'mnist',
      '--data-dir',
      'mnist',
    ]);
    expect(digits.code).toBe(2);
    expect(lastLine(digits.stderr)).toBe('ibscope: out/epoch-1.onnx: it takes images 3×32×32; these are 1×28×28');
    copyFileSync(at('set.npz'), at('bad-1.onnx'));
    const bad = await box.run(['analyze', '--onnx', 'bad-1.onnx', ...onnx, '--layer', 'x', '--out', 'bad']);
    expect(bad.code).toBe(2);
    expect(lastLine(bad.stderr)).toBe('ibscope: bad-1.onnx: is a ZIP file, but none of torch.save: it has no data.pkl');
    writeFileSync(at('text-1.onnx'), 'an error page');
    const text = await box.run(['analyze', '--onnx', 'text-1.onnx', ...onnx, '--layer', 'x', '--out', 'bad']);
    expect(text.code).toBe(2);
    expect(lastLine(text.stderr)).toBe('ibscope: text-1.onnx: it is not an ONNX model');
    const none = await box.run(['analyze', '--onnx', 'none-*.onnx', ...onnx, '--layer', 'x']);
    expect(lastLine(none.stderr)).toBe('ibscope: --onnx none-*.onnx: no file is called so');
  });
});

/** Differences of estimates to their twins, in standard errors. */
const apart = (rows: EstimateRow[], others: EstimateRow[]) =>
  rows.map((r) => {
    const twin = others.find((o) => o.epoch === r.epoch && o.group === r.group && o.quantity === r.quantity)!;
    return (r.nats - twin.nats) / Math.hypot(r.standardError, twin.standardError);
  });

const lastLine = (text: string) => text.trim().split('\n').at(-1);

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i])), 0);
}

describe('a set that came poisoned, given to a run', () => {
  const box = sandbox();
  const small = ['--width', '2', '--epochs', '1', '--checkpoints', '1', '--null-splits', '0'];

  it('is trained on as it is: its rate and name stand in the result, its triggered test images give the ASR', async () => {
    const poison = [
      'poison',
      '--attack',
      'badnets',
      '--train-limit',
      '1600',
      '--test-limit',
      '100',
      '--format',
      'folder',
    ];
    expect((await box.run([...poison, '--out', 'theirs'])).code).toBe(0);
    const { code, stdout, stderr } = await box.run([
      ...['run', '--dataset', 'folder', '--data-dir', 'theirs', '--manifest', 'theirs/manifest.json', '--target', '0'],
      ...[...small, '--out', 'given', '--json'],
    ]);
    expect(code, stderr).toBe(2);
    // Folders are sorted by name: class 0 of the exporter is another number here.
    const target = /the poisoned samples have the label (\d+)/.exec(stderr)![1];
    const done = await box.run([
      ...[
        'run',
        '--dataset',
        'folder',
        '--data-dir',
        'theirs',
        '--manifest',
        'theirs/manifest.json',
        '--target',
        target,
      ],
      ...[...small, '--out', 'given', '--json'],
    ]);
    expect(done.code, done.stderr).toBe(0);
    expect(stdout).toBe('');
    const result = JSON.parse(done.stdout);
    expect(result.attack).toBe('given');
    expect(result.asr).toBeGreaterThanOrEqual(0);
    const { config } = JSON.parse(readFileSync(join(box.folder, 'given', 'run.json'), 'utf8'));
    expect(config.poisonRate).toBeCloseTo(0.1, 10);
    const again = await box.run(['run', '--resume', '--out', 'given', '--json']);
    expect(again.code, again.stderr).toBe(0);
    expect(JSON.parse(again.stdout).stealth).toEqual(result.stealth);
  });

  it.each([
    [['--manifest', 'm.json', '--attack', 'blend'], '--attack blend: with --manifest the data set is poisoned already'],
    [['--attack', 'given'], '--attack given: --manifest has to say which samples are poisoned'],
    [['--manifest', 'nowhere.json'], '--manifest nowhere.json: no such file or folder'],
  ])('refuses %j', async (more, line) => {
    const { code, stderr } = await box.run(['run', ...more, ...small, '--out', 'never']);
    expect(code).toBe(2);
    expect(lastLine(stderr)).toBe(`ibscope: ${line}`);
    expect(existsSync(join(box.folder, 'never'))).toBe(false);
  });
});
