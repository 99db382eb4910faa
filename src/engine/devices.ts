/**
 * Devices that programs run on: their options for ONNX Runtime, and whether this machine has them.
 *
 * A small program is run on a device to see whether it works. It runs in a process of its own, because a driver may print to the
 * terminal or crash the process.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import type * as ort from 'onnxruntime-node';
import { UserError } from '../base/errors.js';
import type { Device, DeviceChoice } from './names.js';
import { GraphBuilder } from './onnx.js';
import { runtime } from './runtime.js';

/** The order in which `auto` tries them. */
const PREFERRED: readonly Device[] = ['cuda', 'webgpu', 'cpu'];

/** Whether a device works on this machine. */
export interface DeviceState {
  device: Device;
  available: boolean;
  /** Result of the check, in a few words. */
  found: string;
  /** What to install if it is not available. */
  advice?: string;
}

let threadLimit = 0;

/** Sets the default number of threads inside an operator, for later sessions of this JavaScript thread. 0: all cores. */
export function limitThreads(threads: number): void {
  threadLimit = threads;
}

/**
 * Options of a session. For the processor `emit` writes the fastest graph itself, so graph optimization is off. For other devices it
 * writes the plain graph, which ONNX Runtime optimizes.
 */
export function sessionOptions(device: Device, threads?: number): ort.InferenceSession.SessionOptions {
  const common = {
    intraOpNumThreads: threads ?? threadLimit,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { force_spinning_stop: '1', intra_op: { allow_spinning: '1', spin_duration_us: '50' } } },
  } as const;
  if (device === 'cpu') return { ...common, graphOptimizationLevel: 'disabled' };
  return { ...common, graphOptimizationLevel: 'all', executionProviders: [device] };
}

/** Whether results can stay on the device between runs. ONNX Runtime's binding for Node supports that for WebGPU only. */
export const keepsState = (device: Device) => device === 'webgpu';

/** Whether `device` works on this machine, and what is missing if it does not. */
export async function inspectDevice(device: Device): Promise<DeviceState> {
  const missing = (found: string, advice: string): DeviceState => ({ device, available: false, found, advice });
  const platform = `${process.platform}-${process.arch}`;
  if (
    !runtime()
      .listSupportedBackends()
      .some((b) => b.name === device)
  )
    return missing(`onnxruntime-node has no ${device} provider for ${platform}`, 'Choose another device.');
  if (device === 'cuda' && !existsSync(join(libraries(), 'libonnxruntime_providers_cuda.so'))) {
    const script = relative(process.cwd(), join(packageFolder(), 'script', 'install'));
    return missing(
      'the CUDA provider is not installed',
      `\`node ${script} --onnxruntime-node-install=cuda12\` fetches it; CUDA 12 and cuDNN 9 are needed too.`,
    );
  }
  const said = await tryOut(device);
  if (said === WORKS) return { device, available: true, found: 'works' };
  if (device === 'webgpu')
    return missing(
      `no WebGPU adapter opens${/No supported adapters/.test(said) ? '' : ` (${said})`}`,
      process.platform === 'linux'
        ? 'Install a Vulkan driver for the graphics card (mesa-vulkan-drivers, or NVIDIA’s own driver) and the loader, libvulkan1; `vulkaninfo --summary` lists what is there.'
        : 'Install the graphics card’s current driver.',
    );
  if (device === 'cuda')
    return missing(
      `the CUDA provider does not start (${said})`,
      'An NVIDIA card with its driver, CUDA 12 and cuDNN 9 are needed, where the dynamic linker finds them (LD_LIBRARY_PATH); `nvidia-smi` lists the cards.',
    );
  return missing(`ONNX Runtime does not start (${said})`, 'Run `npm ci` again in the project’s folder.');
}

/** The device for a choice. Throws `UserError` if the chosen device does not work. */
export async function chooseDevice(choice: DeviceChoice): Promise<Device> {
  // The processor needs no check: it always exists, and a failure shows in every program.
  for (const device of choice === 'auto' ? PREFERRED : [choice]) {
    if (device === 'cpu') break;
    const { available, found, advice } = await inspectDevice(device);
    if (available) return device;
    if (choice !== 'auto') throw new UserError(`--device ${device}: ${found}. ${advice}`);
  }
  return 'cpu';
}

const require = createRequire(import.meta.url);
const packageFolder = () => dirname(dirname(require.resolve('onnxruntime-node')));
const libraries = () => join(packageFolder(), 'bin', 'napi-v6', process.platform, process.arch);

const WORKS = 'works';
/** Milliseconds after which a driver counts as hanging; a first start of CUDA takes up to tens of seconds. */
const PATIENCE = 60_000;

/** Doubles a number on the device given in the argument, and prints `works` or the error. */
const SCRIPT = `
const [library, model, options] = process.argv.slice(1);
const ort = require(library);
(async () => {
  const session = await ort.InferenceSession.create(Buffer.from(model, 'base64'), JSON.parse(options));
  const { y } = await session.run({ x: new ort.Tensor('float32', Float32Array.of(21), [1]) });
  if (y.data[0] !== 42) throw new Error('it computed ' + y.data[0] + ' for 42');
  return '${WORKS}';
})().catch((e) => e.message).then(console.log);
`;

function tryOut(device: Device): Promise<string> {
  const graph = new GraphBuilder();
  const x = graph.input('x', 'float32', [1]);
  graph.output('y', graph.node('Add', [x, x]), 'float32', [1]);
  const model = Buffer.from(graph.finish()).toString('base64');
  const options = JSON.stringify(sessionOptions(device, 1));
  const args = ['-e', SCRIPT, require.resolve('onnxruntime-node'), model, options];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: PATIENCE }, (error, stdout) => {
      const [line] = stdout.trim().split('\n');
      resolve(line || (error?.killed ? 'it does not answer' : `its process ended: ${error?.signal ?? error?.code}`));
    });
  });
}
