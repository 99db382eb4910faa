/** The block of channels of ONNX Runtime's direct convolution on this processor: 8 with AVX2, 16 with AVX-512. */
import { sessionOptions } from './devices.js';
import { emit } from './emit.js';
import { blockConv } from './ops/blocks.js';
import { runtime } from './runtime.js';
import { input } from './tensor.js';

const CANDIDATES = [8, 16];
/** Channels of the convolution that is tried out. */
const C = 16;

let found: Promise<number> | undefined;

/** Channels in a block; 0 where the convolution does not exist or works otherwise. Tried out once, with a convolution of one pixel. */
export function blockSize(): Promise<number> {
  // Only there has it been seen to work; a processor without it may compute nothing.
  found ??= process.arch === 'x64' ? tryOut() : Promise.resolve(0);
  return found;
}

async function tryOut(): Promise<number> {
  const x = Float32Array.from({ length: C }, (_, i) => i + 1);
  const w = Float32Array.from({ length: C * C }, (_, i) => (i * i) % 31);
  const expected = x.map((_, o) => x.reduce((sum, v, i) => sum + v * w[i * C + o], 0));
  for (const b of CANDIDATES) {
    const output = [1, C / b, 1, 1, b];
    const options = { block: b, stride: 1, padding: 0, relu: false, output, bias: input('bias', [C]) };
    const y = blockConv(input('x', output), input('w', [1, 1, C, C]), options);
    const ort = runtime();
    try {
      const session = await ort.InferenceSession.create(emit({ y }), sessionOptions('cpu', 1));
      const feeds = {
        x: new ort.Tensor('float32', x, output),
        w: new ort.Tensor('float32', w, [1, 1, C, C]),
        bias: new ort.Tensor('float32', new Float32Array(C), [C]),
      };
      const data = (await session.run(feeds)).y.data as Float32Array;
      await session.release();
      if (data.every((v, o) => v === expected[o])) return b;
    } catch {
      // This build of ONNX Runtime does not have the operator.
    }
  }
  return 0;
}
