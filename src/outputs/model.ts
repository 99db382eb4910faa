/** The model of a run at one of its checkpoints, as a file for other programs. */

import { stat } from 'node:fs/promises';
import { UserError } from '../base/errors.js';
import { pluginOf } from '../base/plugins.js';
import { requirePlugins } from '../config/plugins.js';
import { trainingConfig } from '../config/training.js';
import { writeAtomic, writingTo } from '../formats/files.js';
import { asTensors, readSafetensors, writeSafetensors } from '../formats/safetensors.js';
import { models } from '../models/index.js';
import { keptMoment, loadWeights } from '../pipeline/weights.js';
import { RunDirectory } from '../runs/directory.js';
import { readRunDocument } from '../runs/documents.js';
import { Trainer } from '../training/trainer.js';
import type { modelFormats } from './names.js';

export interface Exported {
  out: string;
  format: (typeof modelFormats)[number];
  model: string;
  epoch: number;
  /** Shape of one image: channels, height, width. */
  image: [number, number, number];
  classes: string[];
}

/**
 * Writes the model of the run in `path` as it was after `epoch`, by default the last kept one. `onnx`: images [batch, c, h, w]
 * in [0, 1] → logits and T, without noise, for any runtime. `safetensors`: weights by PyTorch's names, in its shapes.
 */
export async function exportModel(
  path: string,
  { out, format, epoch }: { out: string; format: Exported['format']; epoch?: number },
): Promise<Exported> {
  const dir = await RunDirectory.read(path);
  const { config, classes, plugins } = await readRunDocument(dir);
  // The weights fit only the code of the model that was trained.
  const own = models.find(({ name }) => name === config.model);
  if (!own || pluginOf(own)) requirePlugins(path, plugins);
  if ((await stat(out).catch(() => null))?.isDirectory())
    throw new UserError(`--out ${out}: it is a folder; name a file`);
  const chosen = await keptMoment(dir, epoch);
  const samples = (await readSafetensors(dir.samples)).tensors.x;
  if (samples?.shape.length !== 4) throw new UserError(`${dir.samples}: damaged, it has no images`);
  const [, height, width, channels] = samples.shape;
  const blank = {
    images: new Uint8Array(height * width * channels),
    labels: new Int32Array(1),
    n: 1,
    height,
    width,
    channels,
  };
  const data = {
    classes: classes.length,
    train: { ...blank, poisoned: new Uint8Array(1) },
    test: blank,
    triggered: null,
  };
  const trainer = new Trainer({ ...trainingConfig(config), noiseStd: 0 }, data);
  await loadWeights(dir, trainer, chosen);
  await writingTo(out, () =>
    format === 'onnx' ? writeAtomic(out, trainer.onnx()) : writeSafetensors(out, asTensors(trainer.weights())),
  );
  return { out, format, model: config.model, epoch: chosen, image: [channels, height, width], classes };
}
