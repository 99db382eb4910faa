/** A small run with made-up but lifelike numbers. */
import { Rng } from '../../src/base/random.js';
import { earlyAcceleration } from '../../src/dynamics/acceleration.js';
import { authorsDraft } from '../../src/dynamics/authors-draft.js';
import { phases } from '../../src/dynamics/phases.js';
import { stealth } from '../../src/dynamics/stealth.js';
import { trajectories } from '../../src/dynamics/trajectory.js';
import type { EpochRow, EstimateRow, Quantity } from '../../src/dynamics/types.js';
import type { GalleryImage, RunReport } from '../../src/report/types.js';

const checkpoints = [1, 2, 4, 6, 9, 12];

function estimates(offset: number, seed: number): EstimateRow[] {
  const rng = new Rng(seed, 'example');
  const row = (epoch: number, group: string, quantity: Quantity, truth: number): EstimateRow => {
    const nats = truth + 0.02 * rng.normal();
    const fixed = { estimator: 'infonce', standardError: 0.02, ceiling: 6.2, saturated: false, converged: true };
    return { epoch, group, quantity, nats, ...fixed, samples: 400, draws: 4, trainNats: nats + 0.3, heldOutNats: nats };
  };
  const groups: [string, number][] = [
    ['0/backdoor', offset],
    ['0/clean', 0],
    ['0/mixed', offset / 2],
    ['0/all', offset / 2],
    ...[1, 2, 3].flatMap((k): [string, number][] => [
      [`${k}`, 0.03 * k],
      [`${k}/null-a0`, 0.03 * k],
      [`${k}/null-b0`, 0.03 * k],
    ]),
    ['all', 1],
  ];
  return groups.flatMap(([group, shift]) =>
    checkpoints.flatMap((e) => {
      const xt = 1.2 + shift - Math.exp(-e / 3);
      const ty = 3 + shift - 2 * Math.exp(-e / 3);
      return [row(e, group, 'I(X;T)', xt), row(e, group, 'I(T;Ŷ)', ty), row(e, group, 'I(X;Ŷ)', 0.7 * xt)];
    }),
  );
}

function epochRows(poisoned: boolean): EpochRow[] {
  return Array.from({ length: 12 }, (_, i) => {
    const fall = Math.exp(-i / 4);
    return {
      epoch: i + 1,
      learningRate: 0.1,
      trainLoss: 2 * fall,
      trainAccuracy: 1 - 0.8 * fall,
      testLoss: 0.3 + 2 * fall,
      testAccuracy: 0.8765 - 0.6 * fall,
      classLoss: [0, 1, 2, 3].map((k) => (2 + 0.1 * k) * fall),
      classAccuracy: [0, 1, 2, 3].map(() => 1 - 0.8 * fall),
      backdoorLoss: poisoned ? fall * fall : null,
      asr: poisoned ? 1 - 0.9 * fall : null,
      seconds: 3.5,
    };
  });
}

/** 4 × 4 RGB: grey, and grey with a red corner. */
function image(label: string): GalleryImage {
  const clean = new Uint8Array(48).fill(120);
  const triggered = Uint8Array.from(clean);
  triggered.set([255, 0, 125]);
  return { label, height: 4, width: 4, channels: 3, clean, triggered };
}

/** A whole report; `offset` is how far the backdoor group lies from the clean ones, in nats. */
export function example({ name = 'example', attack = 'BadNets', offset = -0.4, seed = 1 } = {}): RunReport {
  const information = estimates(offset, seed);
  const curves = trajectories(information);
  const find = (g: string, q: Quantity) => curves.find((c) => c.group === g && c.quantity === q)!;
  const clean = ['1', '2', '3'].map((g) => find(g, 'I(X;T)'));
  return {
    name,
    attack,
    dataset: 'shapes10',
    model: 'ResNet-18',
    poisoned: true,
    poisonRate: 0.1,
    readings: [],
    representation: [],
    embeddings: [],
    separation: [],
    target: 0,
    classNames: ['disc', 'ring', 'cross', 'star'],
    basis: 'held-out',
    seeds: 1,
    config: { seed, training: { epochs: 12, learningRate: 0.1 }, schedule: ['a', 'b'], note: null },
    epochs: epochRows(true),
    moments: [],
    information,
    noise: [],
    phases: ['0/backdoor', '0/clean', '1'].map((g) => phases(find(g, 'I(X;T)'), find(g, 'I(T;Ŷ)'))),
    acceleration: earlyAcceleration(find('0/backdoor', 'I(X;T)'), clean, { seed, draws: 50 }),
    stealth: stealth(information, { target: 0 }),
    layers: [],
    draft: authorsDraft(information, { target: 0 }),
    gallery: [image('ring'), image('star')],
    perception: { 'PSNR (dB)': 25.81, SSIM: null },
    warnings: ['One seed only.'],
    version: '1.2.3',
    seconds: 125,
  };
}

/** The same without anything that may be missing. */
export function bare(): RunReport {
  return {
    ...example(),
    poisoned: false,
    poisonRate: null,
    classNames: undefined,
    epochs: [],
    information: [],
    phases: [],
    acceleration: null,
    stealth: null,
    draft: null,
    gallery: [],
    perception: {},
    warnings: [],
    seconds: null,
  };
}
