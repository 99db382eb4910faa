/**
 * One SGD step of a model on 32×32 images with the program of training: images per second and peak memory.
 *
 *   npm run -s bench -- train [--model resnet18] [--width N] [--batch 64] [--noise 0] [--device cpu] [--peer FILE] [--json]
 *
 * `--peer FILE` runs `FILE WIDTH BATCH [NOISE]` in Python (`PYTHON`, or python3), alternating with the measurement of ibscope, three times
 * each. FILE prints one JSON line with `peer`, `images_per_s` and `peak_mb`.
 */
import { existsSync } from 'node:fs';
import { UserError } from '../src/base/errors.js';
import { table } from '../src/cli/table.js';
import { findModel } from '../src/models/index.js';
import type { StepRequest } from './step/build.js';
import { alternate, measurePeer, measureStep, type Pairs, type StepFigures } from './step/measure.js';
import { readNumber, readOptions } from './step/options.js';

const PAIRS = 3;

export async function main(args: string[]): Promise<void> {
  const o = readOptions(
    args,
    { model: 'resnet18', width: undefined, batch: '64', noise: '0', device: 'cpu', peer: undefined },
    ['json'],
  );
  const model = findModel(o.model!);
  if (o.device !== 'cpu') throw new UserError(`unknown device "${o.device}": only cpu`);
  if (o.peer !== undefined && !existsSync(o.peer)) throw new UserError(`--peer: there is no file ${o.peer}`);
  const request: StepRequest = {
    model: model.name,
    width: readNumber('width', o.width ?? String(model.defaultWidth), 1, true),
    batch: readNumber('batch', o.batch!, 1, true),
    noise: readNumber('noise', o.noise!, 0, false),
  };
  const { width, batch, noise } = request;
  const found: Pairs | { ours: StepFigures } =
    o.peer === undefined
      ? { ours: measureStep(request) }
      : alternate(
          PAIRS,
          () => measureStep(request),
          () => measurePeer(o.peer!, noise === 0 ? [width, batch] : [width, batch, noise]),
        );
  const ours = { imagesPerSecond: found.ours.imagesPerSecond, peakMemoryMB: found.ours.peakMemoryMB };
  const peer = 'peer' in found ? found.peer : undefined;
  if (o.json) {
    const beside = 'peer' in found ? { peer: found.peer, ratio: found.ratio } : {};
    console.log(JSON.stringify({ ...request, device: o.device, ...ours, ...beside }));
    return;
  }
  const row = (name: string, f: { imagesPerSecond: number; peakMemoryMB: number }) => [
    name,
    f.imagesPerSecond.toFixed(1),
    f.peakMemoryMB.toFixed(0),
  ];
  console.log(`${model.name}, width ${width}, batch ${batch}, γ ${noise}`);
  console.log(
    table(['', 'images/s', 'peak MB'], [row('ibscope', ours), ...(peer === undefined ? [] : [row(peer.name, peer)])]),
  );
  if ('ratio' in found) console.log(`ratio of speeds, median of ${PAIRS} pairs: ${found.ratio.toFixed(2)}`);
}
