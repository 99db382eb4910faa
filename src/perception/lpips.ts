/**
 * LPIPS: distance between images in the feature space of a trained network, which the user provides as an ONNX file.
 *
 * Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018 (arXiv 1801.03924).
 * The file takes two inputs [n, 3, h, w] float32 in [−1, 1] and gives one value per image, as the authors' package does
 * when exported; its batch, height and width may be fixed or free.
 */
import { stat } from 'node:fs/promises';
import { UserError } from '../base/errors.js';
import type { Images } from './types.js';

/** Pairs in one pass; it bounds the memory of large networks. */
const BATCH = 16;

/** LPIPS of every pair of images, [n]. Throws `UserError` for a file that is not such a network. */
export async function lpips(file: string, clean: Images, triggered: Images): Promise<Float64Array> {
  const { n, height, width } = clean;
  if (!(await stat(file).catch(() => null))?.isFile()) throw new UserError(`--lpips ${file}: no such file`);
  // Loaded for this alone.
  const ort = await import('onnxruntime-node');
  const session = await ort.InferenceSession.create(file, { logSeverityLevel: 4 }).catch((error: Error) => {
    throw new UserError(`--lpips ${file}: is not a model ONNX Runtime can load (${error.message.split('\n')[0]})`);
  });
  try {
    const [a, b] = session.inputNames;
    if (session.inputNames.length !== 2 || session.outputNames.length !== 1)
      throw new UserError(
        `--lpips ${file}: has ${session.inputNames.length} inputs and ${session.outputNames.length} outputs, 2 and 1 are expected`,
      );
    const [about] = session.inputMetadata;
    const fixed = about?.isTensor && typeof about.shape[0] === 'number' && about.shape[0] > 0 ? about.shape[0] : null;
    const batch = fixed ?? Math.min(BATCH, n);
    const shape = [batch, 3, height, width];
    const out = new Float64Array(n);
    for (let from = 0; from < n; from += batch) {
      const rows = Array.from({ length: batch }, (_, r) => Math.min(n - 1, from + r));
      const feeds = {
        [a]: new ort.Tensor('float32', planes(clean, rows), shape),
        [b]: new ort.Tensor('float32', planes(triggered, rows), shape),
      };
      const result = await session.run(feeds).catch((error: Error) => {
        throw new UserError(`--lpips ${file}: cannot take images of [${shape}] (${error.message.split('\n')[0]})`);
      });
      const values = result[session.outputNames[0]].data as Float32Array;
      if (values.length !== batch || !(values instanceof Float32Array))
        throw new UserError(
          `--lpips ${file}: gives ${values.length} values for ${batch} pairs, one per pair is expected`,
        );
      for (let r = 0; r < batch && from + r < n; r++) out[from + r] = values[r];
    }
    return out;
  } finally {
    await session.release();
  }
}

/** Rows of [n, h, w, c] bytes → [rows, 3, h, w] in [−1, 1]; grey becomes three equal channels. */
function planes({ images, height, width, channels }: Images, rows: readonly number[]): Float32Array {
  const plane = height * width;
  const out = new Float32Array(rows.length * 3 * plane);
  rows.forEach((i, r) => {
    for (let c = 0; c < 3; c++)
      for (let p = 0; p < plane; p++)
        out[(r * 3 + c) * plane + p] = images[(i * plane + p) * channels + (channels === 3 ? c : 0)] / 127.5 - 1;
  });
  return out;
}
