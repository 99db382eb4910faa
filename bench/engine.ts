/**
 * Training steps of every model at a small and at its usual width, and the critic's step: images per second, peak memory, steps per second,
 * compared with PyTorch if Python (`PYTHON`, or python3) has it.
 *
 *   npm run -s bench -- engine [--models A,B] [--width W] [--pass] [--quick] [--json]
 *
 * `--width W`: every model at this width alone, in batches of 128. `--pass`: passes in evaluation mode instead of steps, and beside them the
 * same without blocks of channels. `--quick`: small widths only, one pair of measurements instead of three. Both programs start from the same weights and use the same images.
 * Figures count only if the losses of the first two steps agree to 1e-4, which tests the forward pass, the backward pass and the update.
 */
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { ProgressLine } from '../src/cli/progress.js';
import { table } from '../src/cli/table.js';
import { findModel, models } from '../src/models/index.js';
import { PASS } from '../src/training/passes.js';
import { benchCritic } from './critic.js';
import type { StepRequest } from './step/build.js';
import { alternate, hasPeer, measurePeer, measureStep, median, type PeerFigures, python } from './step/measure.js';
import { readNumber, readOptions } from './step/options.js';

/** From `.bench/bench`, where this runs. */
const PEER = join(import.meta.dirname, '../../bench/peer.py');
const AGREE = 1e-4;
const PAIRS = 3;
/** A quarter of the usual width, with twice the images. */
const SIZES = { small: { share: 1 / 4, batch: 128 }, usual: { share: 1, batch: 64 } };

interface Row {
  model: string;
  width: number;
  batch: number;
  imagesPerSecond: number;
  peakMemoryMB: number;
  /** Null: no PyTorch here. */
  peer: PeerFigures | null;
  ratio: number | null;
  /** Largest relative difference of the losses. */
  lossDifference: number | null;
  /** Images per second over those of the same pass without blocks of channels. */
  overPlain?: number;
}

function measure(request: StepRequest, pairs: number, withPeer: boolean): Row {
  const { model, width, batch } = request;
  const row = { model, width, batch, peer: null, ratio: null, lossDifference: null };
  if (!withPeer) {
    const { imagesPerSecond, peakMemoryMB } = measureStep(request);
    return { ...row, imagesPerSecond, peakMemoryMB };
  }
  const { ours, peer, ratio } = alternate(
    pairs,
    () => measureStep(request),
    () => measurePeer(PEER, [model, width, batch, request.pass ? 'pass' : 'step']),
  );
  const lossDifference = Math.max(...ours.losses.map((loss, i) => Math.abs(loss / peer.losses![i] - 1)));
  if (!(lossDifference <= AGREE))
    throw new Error(`${model} ${width}: losses ${ours.losses} here and ${peer.losses} in ${peer.name}`);
  const { imagesPerSecond, peakMemoryMB } = ours;
  return { ...row, imagesPerSecond, peakMemoryMB, peer, ratio, lossDifference };
}

/** Images per second of a pass over those without blocks of channels: the median of pairs. */
function overPlain(request: StepRequest, pairs: number): number {
  const rate = (block?: number) => measureStep({ ...request, block }).imagesPerSecond;
  return median(Array.from({ length: pairs }, () => rate() / rate(0)));
}

export async function main(args: string[]): Promise<void> {
  const o = readOptions(args, { models: undefined, width: undefined }, ['pass', 'quick', 'json']);
  const chosen = o.models?.split(',').map(findModel) ?? models;
  const sizes = o.quick ? [SIZES.small] : [SIZES.small, SIZES.usual];
  const width = o.width === undefined ? undefined : readNumber('width', o.width, 1, true);
  const requests = chosen.flatMap((model) =>
    (width === undefined ? sizes : [SIZES.small]).map(({ share, batch }) => {
      const size = { width: width ?? model.defaultWidth * share, batch: o.pass ? PASS : batch };
      return { model: model.name, ...size, noise: 0, pass: o.pass };
    }),
  );
  const withPeer = hasPeer();
  const line = new ProgressLine();
  const rows: Row[] = [];
  for (const request of requests) {
    line.update({
      phase: 'runs',
      stage: `${request.model} ${request.width}`,
      done: rows.length,
      total: requests.length,
      unit: 'steps',
    });
    const pairs = o.quick ? 1 : PAIRS;
    const row = measure(request, pairs, withPeer);
    rows.push(request.pass ? { ...row, overPlain: overPlain(request, pairs) } : row);
  }
  line.clear();
  const { stepSeconds, maxRelativeDifference } = await benchCritic();
  const critic = { stepsPerSecond: 1 / stepSeconds, maxRelativeDifference };
  if (o.json) {
    console.log(JSON.stringify({ processor: cpus()[0].model, cores: availableParallelism(), rows, critic }));
    return;
  }
  const number = (x: number | undefined | null, digits: number) => x?.toFixed(digits) ?? '–';
  console.log(`${cpus()[0].model}, ${availableParallelism()} cores`);
  console.log(
    table(
      [
        'model',
        'width',
        'batch',
        'images/s',
        'peak MB',
        rows[0].peer?.name ?? 'PyTorch',
        'peak MB',
        'ratio',
        'loss off by',
        ...(o.pass ? ['without blocks'] : []),
      ],
      rows.map((r) => [
        r.model,
        String(r.width),
        String(r.batch),
        number(r.imagesPerSecond, 1),
        number(r.peakMemoryMB, 0),
        number(r.peer?.imagesPerSecond, 1),
        number(r.peer?.peakMemoryMB, 0),
        number(r.ratio, 2),
        r.lossDifference?.toExponential(0) ?? '–',
        ...(o.pass ? [number(r.overPlain, 2)] : []),
      ]),
    ),
  );
  console.log(`critic: ${critic.stepsPerSecond.toFixed(1)} steps/s, off by ${maxRelativeDifference.toExponential(0)}`);
  if (!withPeer) console.log(`${python()} has no torch and numpy: nothing stands beside these figures`);
}
