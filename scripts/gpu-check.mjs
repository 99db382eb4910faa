/**
 * Runs the train step and the critic's step on every device that opens here: agreement with the processor, and speed, beside
 * PyTorch eager on the same card. Needs a built checkout. Takes at most eight minutes.
 *
 *   node scripts/gpu-check.mjs [--seconds 420] [--json FILE] [--widths 16,64] [--batch 128]
 *
 * Smaller `--widths` and `--batch` are for software drivers. `PYTHON` (or python3) needs torch and numpy. What is missing is
 * said in one line and skipped. Exits with 1 if no device but the processor gave a figure.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { table } from '../dist/cli/table.js';
import { inspectDevice } from '../dist/engine/index.js';

const GPU = join(dirname(import.meta.dirname), 'bench', 'gpu');
const NOISES = [0, 0.4];
const LONGEST = 480;
/** Share of the time that is left at a part's start, by kind; a part that needs less leaves the rest to those after it. */
const WEIGHTS = { reference: 2, processor: 1, step: 3, critic: 1, peer: 8 };
/** Blocks of half a second, their warm-up, and room. */
const TIMED = 8;
const python = process.env.PYTHON ?? 'python3';

function readOptions() {
  const text = (value) => ({ type: 'string', default: value });
  const options = { seconds: text('420'), widths: text('16,64'), batch: text('128'), json: { type: 'string' } };
  const { values } = parseArgs({ options });
  const number = (name, value, most) => {
    const n = Number(value);
    if (Number.isInteger(n) && n >= 1 && n <= most) return n;
    throw new Error(`--${name} takes a whole number from 1 to ${most}, not "${value}"`);
  };
  return {
    seconds: number('seconds', values.seconds, LONGEST),
    batch: number('batch', values.batch, 4096),
    widths: values.widths.split(',').map((w) => number('widths', w, 1024)),
    json: values.json,
  };
}

/** What a command prints; undefined where it fails. */
function output(command, args) {
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 60_000,
    }).trim();
  } catch {
    return undefined;
  }
}

/** The JSON lines of a process that is killed after `seconds`. A last one, `error`, says why it did not end well. */
function linesOf(command, args, seconds, env = {}) {
  const ran = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: Math.ceil(Math.max(1, seconds) * 1000),
    killSignal: 'SIGKILL',
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 26,
  });
  // Drivers print lines of their own.
  const lines = (ran.stdout ?? '').split('\n').filter((line) => line.startsWith('{'));
  const found = lines.map((line) => JSON.parse(line));
  if (ran.status === 0 || found.some((line) => line.error)) return found;
  const why =
    ran.error?.code === 'ETIMEDOUT'
      ? `did not end within ${seconds.toFixed(0)} s`
      : ran.stderr?.trim().split('\n').at(-1) || `ended with ${ran.signal ?? ran.status}`;
  return [...found, { error: why }];
}

/** Parts to run, each a device with a configuration; the reference comes first, because the others are compared with it. */
function planParts({ widths, batch }, devices, folder, withPeer) {
  const configurations = widths.flatMap((width) => NOISES.map((noise) => ({ kind: 'step', width, noise, batch })));
  configurations.push({ kind: 'critic' });
  const part = (settings, device, env) => ({ ...settings, folder, device: device.device, name: device.name, env });
  const processor = { device: 'cpu', name: 'cpu' };
  const references = configurations.map((c) => ({ ...part(c, processor), reference: true }));
  const others = devices.flatMap((device) => configurations.map((c) => part(c, device, device.env)));
  const peer = withPeer ? [{ kind: 'peer' }] : [];
  return [...references, ...others, ...peer, ...configurations.map((c) => part(c, processor))];
}

const weightOf = (part) => WEIGHTS[part.reference ? 'reference' : part.device === 'cpu' ? 'processor' : part.kind];

/** Runs the parts in order, each with its share of the time left before `deadline` (ms). Reports each as it ends. */
function runParts(parts, deadline, { widths }, folder) {
  const configurations = widths.flatMap((width) => NOISES.map((noise) => `${width}:${noise}`));
  const results = [];
  parts.forEach((part, i) => {
    const left = (deadline - performance.now()) / 1000;
    const weights = parts.slice(i).reduce((sum, p) => sum + weightOf(p), 0);
    const share = (left * weightOf(part)) / weights;
    const started = performance.now();
    const { name, env, ...settings } = part;
    const lines =
      part.kind === 'peer'
        ? linesOf(python, [join(GPU, 'peer.py'), folder, String(share / 2), 'cuda', ...configurations], share)
        : linesOf(
            process.execPath,
            [join(GPU, 'step.mjs'), JSON.stringify({ ...settings, seconds: Math.min(TIMED, share / 2) })],
            share,
            env,
          );
    const took = (performance.now() - started) / 1000;
    const result =
      part.kind === 'peer' ? { kind: 'peer', lines } : { ...settings, ...Object.assign({}, ...lines), name };
    const error = lines.find((line) => line.error)?.error;
    const what = part.kind === 'step' ? `width ${part.width} γ ${part.noise}` : part.kind;
    console.error(`${took.toFixed(1).padStart(6)} s  ${name ?? 'PyTorch'} ${what}${error ? `: ${error}` : ''}`);
    results.push({ ...result, seconds: took });
  });
  return results;
}

/** The devices besides the processor that open, and a line for each that does not. CUDA counts twice: without TF32 and with it. */
async function findDevices() {
  const [devices, missing] = [[], []];
  for (const device of ['webgpu', 'cuda']) {
    const { available, found, advice } = await inspectDevice(device);
    if (!available) missing.push(`${device}: ${found}. ${advice}`);
    else if (device === 'webgpu') devices.push({ device, name: 'webgpu' });
    else
      devices.push(
        { device, name: 'cuda', env: { NVIDIA_TF32_OVERRIDE: '0' } },
        { device, name: 'cuda TF32', env: {} },
      );
  }
  return { devices, missing };
}

/** The fastest of PyTorch's memory layouts for a configuration. */
function fastestPeer(lines, { kind, width, noise }, tf32) {
  return lines
    .filter((l) => l.speed && l.kind === kind && l.width === width && l.noise === noise && l.tf32 === tf32)
    .reduce((best, l) => (best && best.speed.stepsPerSecond > l.speed.stepsPerSecond ? best : l), undefined);
}

/** One row for each device and configuration: both sides, their ratios, and the differences from the processor. */
function rowsOf(results) {
  const peer = results.find((r) => r.kind === 'peer')?.lines ?? [];
  const references = results.filter((r) => r.reference);
  const same = (a, b) => a.kind === b.kind && a.width === b.width && a.noise === b.noise;
  return results
    .filter((r) => r.kind !== 'peer' && !r.reference)
    .map((r) => {
      const scale = r.batch ?? 1;
      const [float32, tf32] = [fastestPeer(peer, r, false), fastestPeer(peer, r, true)];
      const rate = (side) => (side?.speed ? side.speed.stepsPerSecond * scale : undefined);
      const cpu = references.find((other) => same(other, r))?.means;
      // With γ > 0 PyTorch draws other noise.
      const comparable = cpu && float32 && !r.noise;
      return {
        device: r.name,
        kind: r.kind,
        width: r.width,
        noise: r.noise,
        batch: r.batch,
        perSecond: rate(r),
        speed: r.speed,
        peerFloat32: rate(float32),
        peerTf32: rate(tf32),
        ratioFloat32: rate(r) / rate(float32),
        ratioTf32: rate(r) / rate(tf32),
        agreement: r.agreement,
        peerDifference: comparable ? Math.max(...cpu.map((m, i) => Math.abs(float32.means[i] / m - 1))) : undefined,
        cardMemoryMB: r.cardMemoryMB,
        error: r.error,
      };
    });
}

function printTable(title, unit, rows) {
  const number = (x, digits) => (Number.isFinite(x) ? x.toFixed(digits) : '–');
  const small = (x) => (x === 0 ? '0' : Number.isFinite(x) ? x.toExponential(1) : '–');
  const head = [
    title,
    unit,
    'PyTorch',
    'ratio',
    'PyTorch TF32',
    'ratio',
    'Δ losses',
    'Δ weights',
    'Δ gradients',
    'Δ PyTorch',
  ];
  console.log(
    table(
      head,
      rows.map((r) => [
        `${r.device}${r.width === undefined ? '' : `, width ${r.width}, γ ${r.noise}`}`,
        number(r.perSecond, 1),
        number(r.peerFloat32, 1),
        number(r.ratioFloat32, 2),
        number(r.peerTf32, 1),
        number(r.ratioTf32, 2),
        small(r.agreement?.losses),
        small(r.agreement?.weights),
        small(r.agreement?.gradients),
        small(r.peerDifference),
      ]),
    ),
  );
}

async function main() {
  const options = readOptions();
  const deadline = performance.now() + options.seconds * 1000;
  const folder = mkdtempSync(join(tmpdir(), 'ibscope-gpu-'));
  try {
    const { devices, missing } = await findDevices();
    const torch = output(python, ['-c', 'import torch; print(torch.__version__ if torch.cuda.is_available() else "")']);
    if (!torch)
      missing.push(`PyTorch: ${python} has ${torch === undefined ? 'no torch' : 'a torch that finds no card'}`);
    const require = createRequire(import.meta.url);
    const machine = {
      processor: `${cpus()[0].model}, ${availableParallelism()} cores`,
      card: output('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader']) ?? 'no nvidia-smi',
      vulkanDriver: process.env.VK_DRIVER_FILES ?? 'the loader’s choice',
      node: process.version,
      onnxruntime: JSON.parse(readFileSync(join(dirname(dirname(require.resolve('onnxruntime-node'))), 'package.json')))
        .version,
      torch: torch || 'none',
    };
    const results = runParts(planParts(options, devices, folder, Boolean(torch)), deadline, options, folder);
    const rows = rowsOf(results);
    for (const [name, value] of Object.entries(machine)) console.log(`${name}: ${value}`);
    for (const line of missing) console.log(`missing: ${line}`);
    printTable(
      `train step, batch ${options.batch}`,
      'images/s',
      rows.filter((r) => r.kind === 'step'),
    );
    printTable(
      'critic step',
      'steps/s',
      rows.filter((r) => r.kind === 'critic'),
    );
    if (options.json) writeFileSync(options.json, `${JSON.stringify({ machine, missing, rows, results }, null, 1)}\n`);
    if (!rows.some((r) => r.device !== 'cpu' && r.perSecond)) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main().catch((error) => {
  console.error(`gpu-check: ${error.message}`);
  process.exitCode = 2;
});
