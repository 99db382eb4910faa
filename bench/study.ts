/**
 * The work of a study: in as many processes of one thread as there are cores, training steps with γ 0.4, the passes of a moment, and resolved
 * information of its groups, in the proportions of docs/experiment-cifar.md; beside the same in PyTorch, if Python (`PYTHON`, or python3)
 * has it.
 *
 *   npm run -s bench -- study [--models A,B] [--widths 8,16] [--batches 32,64,128] [--pairs 3] [--json]
 *
 * A figure is images trained on per second by the whole machine, with all parts in the time: medians of alternating pairs. Losses of both are shown to
 * agree by the bench `engine`; here the means of all estimates have to, to 3 %.
 */
import { availableParallelism, cpus } from 'node:os';
import { ProgressLine } from '../src/cli/progress.js';
import { table } from '../src/cli/table.js';
import { findModel } from '../src/models/index.js';
import { measureSlice, type SliceFigures, type SliceRequest } from './slice/measure.js';
import { hasPeer, median, python } from './step/measure.js';
import { readNumber, readOptions } from './step/options.js';

/**
 * Per run of docs/experiment-cifar.md, 150 000 images trained on, 8 moments of 9 passes over some 2 800 samples, and 85 groups of 120 samples a
 * moment; a slice is about a sixtieth of it.
 */
const SLICE = { noise: 0.4, images: 2560, probed: 384, passes: 9, groups: 12, samples: 120 };
const AGREE = 0.03;

interface Row {
  model: string;
  width: number;
  batch: number;
  ours: SliceFigures;
  /** Null: no PyTorch here. */
  peer: SliceFigures | null;
  imagesPerSecond: number;
  peerImagesPerSecond: number | null;
  ratio: number | null;
}

const whole = (f: SliceFigures) => f.training + f.probes + f.estimates;

async function measure(request: SliceRequest, pairs: number, withPeer: boolean): Promise<Row> {
  const { model, width, batch } = request;
  const found: { ours: SliceFigures; peer: SliceFigures | null }[] = [];
  for (let k = 0; k < pairs; k++)
    found.push({
      ours: await measureSlice('ours', request),
      peer: withPeer ? await measureSlice('peer', request) : null,
    });
  const middle = (f: (p: (typeof found)[number]) => number) => median(found.map(f));
  const parts = (f: (p: (typeof found)[number]) => SliceFigures): SliceFigures => ({
    training: middle((p) => f(p).training),
    probes: middle((p) => f(p).probes),
    estimates: middle((p) => f(p).estimates),
    meanNats: f(found[0]).meanNats,
  });
  const images = request.images * availableParallelism();
  const ours = parts((p) => p.ours);
  const peer = withPeer ? parts((p) => p.peer!) : null;
  if (peer && !(Math.abs(ours.meanNats / peer.meanNats - 1) <= AGREE))
    throw new Error(`${model} ${width}: estimates are ${ours.meanNats} nats here and ${peer.meanNats} in PyTorch`);
  return {
    model,
    width,
    batch,
    ours,
    peer,
    imagesPerSecond: images / middle((p) => whole(p.ours)),
    peerImagesPerSecond: withPeer ? images / middle((p) => whole(p.peer!)) : null,
    ratio: withPeer ? middle((p) => whole(p.peer!) / whole(p.ours)) : null,
  };
}

export async function main(args: string[]): Promise<void> {
  const defaults = { models: 'resnet10,resnet18', widths: '8,16', batches: '32,64,128', pairs: '3' };
  const o = readOptions(args, defaults, ['json']);
  const numbers = (name: 'widths' | 'batches') => o[name]!.split(',').map((text) => readNumber(name, text, 1, true));
  const requests = o
    .models!.split(',')
    .flatMap((model) =>
      numbers('widths').flatMap((width) =>
        numbers('batches').map((batch): SliceRequest => ({ model: findModel(model).name, width, batch, ...SLICE })),
      ),
    );
  const pairs = readNumber('pairs', o.pairs!, 1, true);
  const withPeer = hasPeer();
  const line = new ProgressLine();
  const rows: Row[] = [];
  for (const request of requests) {
    const stage = `${request.model} ${request.width}, batches of ${request.batch}`;
    line.update({ phase: 'runs', stage, done: rows.length, total: requests.length, unit: 'settings' });
    rows.push(await measure(request, pairs, withPeer));
  }
  line.clear();
  const machine = `${cpus()[0].model}, ${availableParallelism()} processes of one thread`;
  if (o.json) {
    console.log(JSON.stringify({ machine, rows }));
    return;
  }
  console.log(machine);
  const number = (x: number | null, digits: number) => x?.toFixed(digits) ?? '–';
  const parts = (f: SliceFigures | null) =>
    f ? [f.training, f.probes, f.estimates].map((s) => s.toFixed(2)).join(' + ') : '–';
  console.log(
    table(
      [
        'model',
        'width',
        'batch',
        'images/s',
        'train + probe + estimate, s',
        'PyTorch',
        'train + probe + estimate, s',
        'ratio',
      ],
      rows.map((r) => [
        r.model,
        String(r.width),
        String(r.batch),
        number(r.imagesPerSecond, 0),
        parts(r.ours),
        number(r.peerImagesPerSecond, 0),
        parts(r.peer),
        number(r.ratio, 2),
      ]),
    ),
  );
  if (!withPeer) console.log(`${python()} has no torch and numpy: nothing stands beside these figures`);
}
