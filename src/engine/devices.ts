/**
 * Devices that programs run on: what ONNX Runtime is told of each, and whether this machine has it.
 *
 * Whether a device works is found out by running a tiny program on it, in a process of its own: drivers print what they
 * like, and may take their process down with them.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import * as ort from 'onnxruntime-node';
import { UserError } from '../base/errors.js';
import { GraphBuilder } from './onnx.js';

/** Devices that programs may run on. */
export const devices = ['cpu', 'webgpu', 'cuda'] as const;
/** One of `devices`. */
export type Device = (typeof devices)[number];

/** What a user may ask for. */
export const deviceChoices = [...devices, 'auto'] as const;
/** One of `deviceChoices`. */
export type DeviceChoice = (typeof deviceChoices)[number];

/** The order in which `auto` tries them. */
const PREFERRED: readonly Device[] = ['cuda', 'webgpu', 'cpu'];

/** Whether a device works on this machine. */
export interface DeviceState {
  device: Device;
  available: boolean;
  /** What was found, in a few words. */
  found: string;
  /** What to do where it is not available. */
  advice?: string;
}

let threadLimit = 0;

/** Threads inside an operator, for every session that this thread of JavaScript makes from now on and that names none; 0: all cores. */
export function limitThreads(threads: number): void {
  threadLimit = threads;
}

/**
 * What a session is created with. On the processor ONNX Runtime rewrites nothing, because `emit` wrote the graph as it is
 * fastest there; elsewhere the graph is written plainly, and rewriting it is ONNX Runtime's part.
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

/** Whether results may stay on the device from one run to the next. ONNX Runtime's binding for Node can do that with WebGPU only. */
export const keepsState = (device: Device) => device === 'webgpu';

/** Says whether `device` works on this machine, and what is missing if it does not. */
export async function inspectDevice(device: Device): Promise<DeviceState> {
  const missing = (found: string, advice: string): DeviceState => ({ device, available: false, found, advice });
  const platform = `${process.platform}-${process.arch}`;
  if (!ort.listSupportedBackends().some((b) => b.name === device))
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

/** The device to run on. Throws `UserError` where the one asked for is not there. */
export async function chooseDevice(choice: DeviceChoice): Promise<Device> {
  // The processor is always there, and if it fails, every program says so.
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
/** A driver that has not answered by then never will. */
const PATIENCE = 60_000;

/** Doubles a number on the device in the argument; says `works`, or what went wrong. */
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
