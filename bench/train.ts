/**
 * One SGD step of a model, as training runs it, in a process of its own: images per second (median of seven steps after two
 * of warm-up) and peak memory, less what the process held before it built the model.
 *
 *   npm run -s bench -- train [--model resnet18] [--width 64] [--batch 64] [--noise 0] [--threads N] [--peer FILE] [--json]
 *
 * `--peer FILE` runs another implementation's script as `python3 FILE WIDTH BATCH NOISE`, which prints `images_per_s` and
 * `peak_mb` as JSON, in turn with ours, three pairs; the ratio is the median of the pairs'. That both compute the same is shown
 * by the tests against PyTorch (`test/engine/parity.test.ts`, `test/models/parity.test.ts`).
 */
import { execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { UserError } from '../src/base/errors.js';
import { Rng } from '../src/base/random.js';
import { NoiseBank, Program, State } from '../src/engine/index.js';
import { OPTIMIZER_STATE } from '../src/engine/optim.js';
import { findModel } from '../src/models/index.js';
import { type GraphOptions, parameters, trainStep } from '../src/training/graphs.js';

const [WARM_UP, STEPS, PAIRS] = [2, 7, 3];

interface Settings {
  model: string;
  width: number;
  batch: number;
  noise: number;
  threads?: number;
}

interface Measured {
  imagesPerSecond: number;
  peakMemoryMB: number;
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];

/** The measurement itself, in this process. */
export async function measure({ model, width, batch, noise, threads }: Settings): Promise<Measured> {
  const before = process.resourceUsage().maxRSS;
  const image = { classes: 10, height: 32, imageWidth: 32, channels: 3 };
  const training = { noiseStd: noise, momentum: 0.9, weightDecay: 5e-4 };
  const graph: GraphOptions = { model: findModel(model), width, ...image, ...training };
  const rng = new Rng(0, 'bench train');
  const state = new State();
  for (const p of parameters(graph)) {
    state.set(p.name, p.initial(rng));
    for (const kind of p.trainable ? OPTIMIZER_STATE.sgd : [])
      state.set(`${kind}.${p.name}`, new Float32Array(p.tensor.size));
  }
  const bank = new NoiseBank(noise, noise === 0 ? 1 : batch * width * 1024, rng);
  const feeds = {
    images: Uint8Array.from({ length: batch * 3072 }, () => rng.int(256)),
    labels: Int32Array.from({ length: batch }, () => rng.int(10)),
    learning_rate: Float32Array.of(0.05),
  };
  const program = await Program.compile(trainStep(graph, batch), { threads });
  const seconds: number[] = [];
  for (let i = 0; i < WARM_UP + STEPS; i++) {
    const started = performance.now();
    await program.run(feeds, state, bank);
    if (i >= WARM_UP) seconds.push((performance.now() - started) / 1000);
  }
  await program.release();
  const peakMemoryMB = (process.resourceUsage().maxRSS - before) / 1024;
  return { imagesPerSecond: batch / median(seconds), peakMemoryMB };
}

function inProcess(settings: Settings): Measured {
  const code = `const { measure } = await import(${JSON.stringify(import.meta.url)});
    console.log(JSON.stringify(await measure(${JSON.stringify(settings)})));`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }));
}

interface Peer extends Measured {
  peer: string;
}

function peerOf(file: string, { width, batch, noise }: Settings): Peer {
  const args = [file, String(width), String(batch), String(noise)];
  const found = JSON.parse(execFileSync(process.env.PYTHON ?? 'python3', args, { encoding: 'utf8' }));
  return { peer: found.peer, imagesPerSecond: found.images_per_s, peakMemoryMB: found.peak_mb };
}

const OPTIONS = {
  model: { type: 'string', default: 'resnet18' },
  width: { type: 'string' },
  batch: { type: 'string', default: '64' },
  noise: { type: 'string', default: '0' },
  threads: { type: 'string' },
  device: { type: 'string', default: 'cpu' },
  peer: { type: 'string' },
  json: { type: 'boolean' },
} as const;

function settingsOf(values: Record<string, string | boolean | undefined>): Settings {
  const model = findModel(String(values.model));
  if (values.device !== 'cpu') throw new UserError(`--device ${values.device}: cpu is allowed`);
  const number = (name: string, least: number) => {
    const n = Number(values[name]);
    if (!(n >= least)) throw new UserError(`--${name} ${values[name]}: a number from ${least} is allowed`);
    return n;
  };
  return {
    model: model.name,
    width: values.width === undefined ? model.defaultWidth : number('width', 1),
    batch: number('batch', 2),
    noise: number('noise', 0),
    threads: values.threads === undefined ? undefined : number('threads', 1),
  };
}

export async function main(args: string[]): Promise<void> {
  let values: ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];
  let settings: Settings;
  try {
    ({ values } = parseArgs({ args, options: OPTIONS }));
    settings = settingsOf(values);
  } catch (error) {
    console.error(`bench train: ${(error as Error).message.split('\n')[0]}`);
    process.exit(2);
  }
  const ours: Measured[] = [];
  const theirs: Peer[] = [];
  for (let pair = 0; pair < (values.peer ? PAIRS : 1); pair++) {
    ours.push(inProcess(settings));
    if (values.peer) theirs.push(peerOf(values.peer, settings));
  }
  const middle = (all: Measured[], key: keyof Measured) => median(all.map((m) => m[key]));
  const figures = (all: Measured[]) => ({
    imagesPerSecond: middle(all, 'imagesPerSecond'),
    peakMemoryMB: middle(all, 'peakMemoryMB'),
  });
  const document = {
    ...settings,
    ...figures(ours),
    ...(theirs.length > 0 && {
      peer: { name: theirs[0].peer, ...figures(theirs) },
      ratio: median(ours.map((m, i) => m.imagesPerSecond / theirs[i].imagesPerSecond)),
      memoryRatio: median(ours.map((m, i) => m.peakMemoryMB / theirs[i].peakMemoryMB)),
    }),
  };
  if (values.json) {
    console.log(JSON.stringify(document));
    return;
  }
  const row = (name: string, m: Measured) =>
    console.log(
      `${name.padEnd(28)}${m.imagesPerSecond.toFixed(1).padStart(9)} images/s${m.peakMemoryMB.toFixed(0).padStart(8)} MB`,
    );
  row(`${settings.model}, width ${settings.width}`, document);
  if (document.peer) row(document.peer.name, document.peer);
  if (document.ratio) console.log(`ratio ${document.ratio.toFixed(2)}, memory ${document.memoryRatio!.toFixed(2)}`);
}
