/**
 * What each attack reaches on CIFAR-10 at a small scale: 5 000 images, ResNet-18 of width 16, 12 epochs, γ 0.4, seed 0.
 *
 * `--images DIR` (required): CIFAR-10 as an image folder, `train/<class>/…` and `test/<class>/…`. `--attacks A,B`: only these attacks, in this
 * order. `--out FILE`: file of the table (default `docs/attacks-table.md`).
 */

import { mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { findAttack } from '../src/attacks/index.js';
import { eachAtOnce } from '../src/base/pool.js';
import { ProgressLine } from '../src/cli/progress.js';
import type { RunRequest } from '../src/config/options.js';
import { resolveConfig } from '../src/config/resolve.js';
import { trainingConfig } from '../src/config/training.js';
import type { WorkerContext } from '../src/execution/job.js';
import { jobsOf } from '../src/execution/job.js';
import { inWorker } from '../src/execution/worker.js';
import { perceive } from '../src/perception/index.js';
import { imagesOf, prepare } from '../src/pipeline/prepare.js';
import { Trainer } from '../src/training/trainer.js';

const benchJobs = jobsOf<typeof import('./attacks.js')>(new URL(import.meta.url));

interface Row {
  attack: string;
  rate: number;
  options?: string[];
}

/** Poison rates: a tenth of all images, at which the attacks succeed at this scale; of clean-label attacks, a share of the target class. */
const ROWS: Row[] = [
  { attack: 'none', rate: 0.1 },
  { attack: 'badnets', rate: 0.1 },
  { attack: 'blend', rate: 0.1 },
  { attack: 'wanet', rate: 0.2 },
  { attack: 'label-consistent', rate: 0.5 },
  { attack: 'adaptive-blend', rate: 0.1 },
  { attack: 'sig', rate: 0.5 },
  { attack: 'ftrojan', rate: 0.1 },
  { attack: 'low-frequency', rate: 0.1 },
  { attack: 'low-frequency', rate: 0.3, options: ['strength=0.2'] },
  { attack: 'bpp', rate: 0.2 },
  { attack: 'bpp', rate: 0.4, options: ['levels=4'] },
  { attack: 'adaptive-patch', rate: 0.1 },
  { attack: 'refool', rate: 0.5 },
  { attack: 'patch', rate: 0.1 },
];

interface Reached {
  accuracy: number;
  asr: number | null;
  poisoned: number;
  psnr: number | null;
  ssim: number | null;
}

/** Trains under one attack on one thread: as many attacks at a time as there are cores. */
export async function train(request: RunRequest, context: WorkerContext<number>): Promise<Reached> {
  const config = resolveConfig(request);
  const data = imagesOf(await prepare(config));
  const { poisoned, test, triggered, untriggered, dataset } = data;
  const trainer = new Trainer(
    trainingConfig(config),
    { classes: dataset.classes.length, train: poisoned, test, triggered },
    { threads: 1 },
  );
  let reached = { accuracy: 0, asr: null as number | null };
  while (trainer.position.epoch < config.epochs) {
    while (!(await trainer.step()));
    const row = await trainer.finishEpoch();
    reached = { accuracy: row.testAccuracy, asr: row.asr };
    context.post(row.epoch);
  }
  await trainer.release();
  const seen = triggered && untriggered ? perceive(untriggered, triggered) : null;
  return {
    ...reached,
    poisoned: poisoned.poisoned.reduce((a, b) => a + b, 0),
    psnr: seen?.psnr.mean ?? null,
    ssim: seen?.ssim.mean ?? null,
  };
}

/** A white ring, as the user's picture of the attack `patch`. */
async function picture(): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), 'ibscope-bench-')), 'ring.png');
  const ring =
    '<svg width="7" height="7"><circle cx="3.5" cy="3.5" r="2.5" fill="none" stroke="white" stroke-width="1.5"/></svg>';
  await sharp(Buffer.from(ring)).png().toFile(path);
  return path;
}

export async function main(args: string[]): Promise<void> {
  const option = (name: string) => (args.includes(`--${name}`) ? args[args.indexOf(`--${name}`) + 1] : undefined);
  const dataDir = option('images');
  if (!dataDir) {
    console.error('bench attacks: --images DIR is needed, CIFAR-10 as an image folder');
    process.exit(2);
  }
  const only = option('attacks')?.split(',');
  const rows = ROWS.filter((r) => !only || only.includes(r.attack));
  // The attacks run in the order of `--attacks`; the table keeps its own order.
  const queue = only ? only.flatMap((name) => rows.filter((r) => r.attack === name)) : rows;
  const out = option('out') ?? 'docs/attacks-table.md';
  const ring = await picture();
  const epochs = 12;
  const results = new Map<Row, Reached>();
  const line = new ProgressLine();
  let done = 0;
  await eachAtOnce(queue.length, availableParallelism(), async (i) => {
    const { attack, rate, options = [] } = queue[i];
    const request: RunRequest = {
      dataset: 'folder',
      dataDir,
      trainLimit: 5000,
      testLimit: 1000,
      width: 16,
      epochs,
      attack,
      poisonRate: rate,
      attackOption: attack === 'patch' ? [`image=${ring}`] : options,
    };
    const { result } = inWorker(benchJobs('train'), request, () => {
      line.update({ phase: 'runs', stage: attack, done: ++done, total: rows.length * epochs, unit: 'epochs' });
    });
    results.set(queue[i], await result);
    writeFileSync(out, document(rows, results));
  });
  line.clear();
  console.log(document(rows, results));
}

const shown = (x: number | null, digits: number) => (x === null || Number.isNaN(x) ? '–' : x.toFixed(digits));

function document(rows: readonly Row[], results: Map<Row, Reached>): string {
  const lines = rows.flatMap((row) => {
    const { attack, rate, options = [] } = row;
    const r = results.get(row);
    if (!r) return [];
    const { rule } = findAttack(attack).labelling({});
    const of = attack === 'none' ? '–' : `${rate} of ${rule === 'clean-label' ? 'the target class' : 'all images'}`;
    const name = [attack, ...options].join(' ');
    return `| \`${name}\` | ${of} | ${r.poisoned} | ${shown(r.accuracy, 3)} | ${shown(r.asr, 3)} | ${shown(r.psnr, 1)} | ${shown(r.ssim, 3)} |`;
  });
  return [
    '# What each attack reaches at a small scale',
    '',
    '5 000 CIFAR-10 images, ResNet-18 of width 16, 12 epochs, γ 0.4, seed 0; 1 000 test images. Options are the defaults but where one',
    'is named; the picture of `patch` is a white ring, 7×7. PSNR and SSIM are means over the triggered test images. `npm run bench -- attacks --images DIR` writes this page.',
    '',
    '| attack | rate | poisoned samples | clean accuracy | ASR | PSNR, dB | SSIM |',
    '|---|---|---|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}
