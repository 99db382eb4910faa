/**
 * `ibscope analyze` on a large trace: 50 000 samples × 512 features × 9 checkpoints, two noise draws.
 *
 *   npm run -s bench -- trace [--samples N] [--features D] [--checkpoints K] [--form safetensors|npz] [--json]
 *
 * Prints the peak resident memory of the process (Linux: VmHWM) and its seconds. The trace needs about 3 GB in the temporary folder and is
 * removed afterwards.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { UserError } from '../src/base/errors.js';
import { Rng } from '../src/base/random.js';
import { ndarray } from '../src/formats/npy.js';
import { writeNpz } from '../src/formats/npz.js';
import { tensor, writeSafetensors } from '../src/formats/safetensors.js';

const CLASSES = 10;
const DRAWS = 2;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      samples: { type: 'string', default: '50000' },
      features: { type: 'string', default: '512' },
      checkpoints: { type: 'string', default: '9' },
      form: { type: 'string', default: 'safetensors' },
      json: { type: 'boolean', default: false },
    },
  });
  const [n, d, k] = [values.samples, values.features, values.checkpoints].map(Number);
  if (![n, d, k].every((v) => Number.isInteger(v) && v > 0))
    throw new UserError('samples, features and checkpoints are whole numbers from 1');
  if (!['safetensors', 'npz'].includes(values.form))
    throw new UserError(`--form ${values.form}: safetensors or npz is allowed`);
  const folder = mkdtempSync(join(tmpdir(), 'ibscope-trace-'));
  try {
    await writeTrace(folder, n, d, k, values.form);
    const { peak, seconds } = await analyzed(folder);
    const found = { samples: n, features: d, checkpoints: k, form: values.form, peakMB: Math.round(peak), seconds };
    if (values.json) console.log(JSON.stringify(found));
    else
      console.log(
        `${n} samples × ${d} features × ${k} checkpoints (${values.form}): peak ${Math.round(peak)} MB, ${seconds.toFixed(0)} s`,
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writeTrace(folder: string, n: number, d: number, k: number, form: string) {
  mkdirSync(join(folder, 'probes'));
  const names = Array.from({ length: CLASSES }, (_, c) => String(c));
  writeFileSync(
    join(folder, 'run.json'),
    JSON.stringify({ format: 1, classes: names, config: { target: 0, epochs: k } }),
  );
  const label = Int32Array.from({ length: n }, (_, i) => i % CLASSES);
  const poisoned = Uint8Array.from(label, (y, i) => Number(y === 0 && i % 20 === 0));
  await writeSafetensors(join(folder, 'samples.safetensors'), {
    label: tensor(label, [n]),
    poisoned: tensor(poisoned, [n], 'BOOL'),
  });
  // One column of every class carries its mean; to fill the rest with fresh noise at each epoch would take longer than to read it.
  const noise = new Rng(0, 'trace').normals(1 << 20);
  for (let epoch = 1; epoch <= k; epoch++) {
    const free = new Float32Array(n * d).map((_, i) => noise[(i * 7 + epoch) % noise.length]);
    for (let i = 0; i < n; i++) free[i * d + label[i]] += epoch / 2;
    const t = new Float32Array(DRAWS * n * d).map(
      (_, i) => free[i % (n * d)] + 0.4 * noise[(i * 11 + epoch) % noise.length],
    );
    const logits = new Float32Array(DRAWS * n * CLASSES).map((_, i) => t[Math.floor(i / CLASSES) * d + (i % CLASSES)]);
    const base = join(folder, 'probes', `epoch-${String(epoch).padStart(4, '0')}`);
    if (form === 'npz')
      await writeNpz(`${base}.npz`, {
        t: ndarray(t, [DRAWS, n, d]),
        logits: ndarray(logits, [DRAWS, n, CLASSES]),
        t_noise_free: ndarray(free, [n, d]),
      });
    else
      await writeSafetensors(`${base}.safetensors`, {
        t: tensor(t, [DRAWS, n, d]),
        logits: tensor(logits, [DRAWS, n, CLASSES]),
        t_noise_free: tensor(free, [n, d]),
      });
  }
}

/** Runs `ibscope analyze`, looking at its peak memory until it ends. */
async function analyzed(folder: string): Promise<{ peak: number; seconds: number }> {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, '../../dist/cli/main.js'), 'analyze', folder, '--json'],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  let peak = 0;
  const watch = setInterval(() => {
    try {
      const kB = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
      peak = Math.max(peak, Number(kB ?? 0) / 1000);
    } catch {
      // It has ended, or this is no Linux.
    }
  }, 100);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`analyze ended with ${code}`);
  return { peak, seconds: (performance.now() - started) / 1000 };
}
