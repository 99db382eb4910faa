/**
 * Where the time of a training step, or of a pass, goes: milliseconds per kind of operator, on one thread.
 *
 *   npm run -s bench -- profile [--model resnet10] [--width 8] [--batch 128] [--noise 0.4] [--pass] [--json]
 *
 * ONNX Runtime times every node; the least time of each over 20 runs counts, so that other work on the machine counts little.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Rng } from '../src/base/random.js';
import { table } from '../src/cli/table.js';
import { blockSize } from '../src/engine/block-size.js';
import { sessionOptions } from '../src/engine/devices.js';
import { emit } from '../src/engine/emit.js';
import { inBlocks } from '../src/engine/in-blocks.js';
import { sizeOf, type Tensor } from '../src/engine/index.js';
import { runtime } from '../src/engine/runtime.js';
import { findModel } from '../src/models/index.js';
import { probeStep, trainStep } from '../src/training/graphs.js';
import { modelOf } from './step/build.js';
import { readNumber, readOptions } from './step/options.js';

const RUNS = 20;

/** One timed node: milliseconds, and what it does. */
interface Timed {
  kind: string;
  milliseconds: number;
}

interface Event {
  cat: string;
  name: string;
  dur: number;
  args: {
    op_name?: string;
    input_type_shape?: Record<string, number[]>[];
    output_type_shape?: Record<string, number[]>[];
  };
}

const shapes = (list: Event['args']['input_type_shape'] = []) => list.map((s) => Object.values(s)[0]);

/** What a node does, in the words of docs/engine.md. */
function kindOf({ args }: Event): string {
  const [x = [], y = []] = shapes(args.input_type_shape);
  const [out = []] = shapes(args.output_type_shape);
  switch (args.op_name) {
    case 'Conv':
      return 'convolution in blocks';
    case 'FusedMatMul':
    case 'MatMul':
      if (x.length >= 6 && y.length >= 6) return 'convolution: products of components';
      return x.length === 2 && x[0] === 1 ? 'sums over activations' : 'convolution: transforms';
    case 'Transpose':
      return 'transpositions';
    default:
      return sizeOf(out) >= 4096 ? `pass over activations: ${args.op_name}` : 'the rest';
  }
}

/** Least time of every node of the graph over the runs. */
async function nodesOf(outputs: Record<string, Tensor>): Promise<Timed[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ibscope-profile-'));
  try {
    const ort = runtime();
    const session = await ort.InferenceSession.create(emit(outputs, true), {
      ...sessionOptions('cpu', 1),
      enableProfiling: true,
      profileFilePrefix: join(folder, 'p'),
    });
    const rng = new Rng(0, 'profile');
    const feeds = Object.fromEntries(
      session.inputMetadata.map((m) => {
        if (!m.isTensor) throw new Error(`${m.name} is no tensor`);
        const shape = m.shape as number[];
        const n = sizeOf(shape);
        const data =
          m.type === 'uint8'
            ? Uint8Array.from({ length: n }, () => rng.int(256))
            : m.type === 'int32'
              ? new Int32Array(n)
              : Float32Array.from({ length: n }, () => rng.uniform(0.05, 0.15));
        return [m.name, new ort.Tensor(m.type as 'float32', data as Float32Array, shape)];
      }),
    );
    for (let k = 0; k < RUNS; k++) await session.run(feeds);
    session.endProfiling();
    await session.release();
    const [file] = readdirSync(folder);
    const events: Event[] = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    const least = new Map<string, Timed>();
    for (const e of events) {
      if (e.cat !== 'Node' || !e.name.endsWith('kernel_time')) continue;
      const before = least.get(e.name)?.milliseconds ?? Number.POSITIVE_INFINITY;
      least.set(e.name, { kind: kindOf(e), milliseconds: Math.min(before, e.dur / 1000) });
    }
    return [...least.values()];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function main(args: string[]): Promise<void> {
  const defaults = { model: 'resnet10', width: '8', batch: '128', noise: '0.4' };
  const o = readOptions(args, defaults, ['pass', 'json']);
  const model = findModel(o.model!).name;
  const width = readNumber('width', o.width!, 1, true);
  const batch = readNumber('batch', o.batch!, 1, true);
  const { graph } = modelOf({ model, width, batch, noise: readNumber('noise', o.noise!, 0, false) });
  const { outputs, updates } = o.pass ? { ...probeStep(graph, batch), updates: undefined } : trainStep(graph, batch);
  const next = [...(updates ?? [])].map(([state, value]) => [`next:${state.attributes.name}`, value]);
  const nodes = await nodesOf(inBlocks({ ...outputs, ...Object.fromEntries(next) }, await blockSize()));
  const total = nodes.reduce((s, n) => s + n.milliseconds, 0);
  const kinds = [...new Set(nodes.map((n) => n.kind))]
    .map((kind) => {
      const of = nodes.filter((n) => n.kind === kind);
      return { kind, nodes: of.length, milliseconds: of.reduce((s, n) => s + n.milliseconds, 0) };
    })
    .sort((a, b) => b.milliseconds - a.milliseconds);
  if (o.json) return console.log(JSON.stringify({ model, width, batch, milliseconds: total, kinds }));
  console.log(
    `${model}, width ${width}, batch ${batch}: ${total.toFixed(1)} ms a ${o.pass ? 'pass' : 'step'}, one thread`,
  );
  console.log(
    table(
      ['what', 'nodes', 'ms', 'share'],
      kinds.map((k) => [
        k.kind,
        String(k.nodes),
        k.milliseconds.toFixed(2),
        `${((100 * k.milliseconds) / total).toFixed(0)} %`,
      ]),
    ),
  );
}
