/**
 * A small vision transformer (Dosovitskiy et al. 2021) for 32×32 images, sized as ViT-Lite-6/4 (Hassani et al. 2021):
 * patches of 4×4, 6 pre-norm blocks, 4 heads, an MLP of twice the embedding's width, exact GELU, a class token, learned
 * positions.
 *
 *   x [32, 32, n, 3] → patches [n, 64, d] → class token first, positions [n, 65, d] → 6 blocks → class token [n, d]
 *   → layer norm → linear
 *
 * The embedding has d = 8·width columns, so that T has as many as in the convolutional models of that width; width 32
 * is ViT-Lite-6/4.
 *
 * Noise γ, in the image of ResNet-18's two a block: after each GELU; on each block's output, for the last block after
 * the final layer norm; and once more on what the classifier reads. T is the class token after the final layer norm and
 * its noise, so T = T̄ + N(0, γ²); the layers `block1` … `block5` are the class token after those blocks and their noise.
 *
 * A side that is no multiple of 4 is filled up with zeros on the right or below. Parameters are named as timm's
 * `vision_transformer`, but that `attn.q`, `attn.k` and `attn.v` stand for the one `attn.qkv`.
 */
import { add, broadcastTo, concat, pad, reshape, type Tensor, transpose } from '../engine/index.js';
import { block, firstToken } from './attention.js';
import type { Layers } from './layers.js';
import type { Model, Readout } from './types.js';

const PATCH = 4;
const DEPTH = 6;

/** x [h, w, n, c] → [n, tokens, d], the class token first. */
function embed(l: Layers, x: Tensor, d: number): Tensor {
  const whole = [0, 1].reduce((t, axis) => pad(t, axis, 0, -t.shape[axis] & (PATCH - 1)), x);
  const [h, w, n, c] = whole.shape;
  const [rows, columns] = [h / PATCH, w / PATCH];
  // Patches do not overlap, so their convolution is one product with each patch as a row.
  const patches = transpose(reshape(whole, [rows, PATCH, columns, PATCH, n, c]), [4, 0, 2, 5, 1, 3]);
  const words = l.patchLinear('patch_embed.proj', reshape(patches, [n, rows * columns, c, PATCH, PATCH]), d);
  const first = broadcastTo(l.embedding('cls_token', [1, 1, d]), [n, 1, d]);
  const tokens = concat([first, words], 1);
  return add(tokens, l.embedding('pos_embed', [1, tokens.shape[1], d]));
}

export const vit: Model = {
  name: 'vit',
  summary: 'small vision transformer, patches of 4×4, embedding of 8·width; width 32 is ViT-Lite-6/4',
  source:
    'Dosovitskiy et al. 2021, An Image is Worth 16x16 Words; Hassani et al. 2021, Escaping the Big Data Paradigm with Compact Transformers',
  defaultWidth: 32,
  layers: [...Array.from({ length: DEPTH - 1 }, (_, b) => `block${b + 1}`), 'norm'],
  forward(l, x, { classes, width }) {
    const d = 8 * width;
    const embedded = embed(l, x, d);
    const [n, tokens] = embedded.shape;
    const layers: Record<string, Readout> = {};
    const read = (layer: string, representationMean: Tensor, representation: Tensor) => {
      layers[layer] = { representation, representationMean, representationNoise: l.noiseStd };
    };
    let h = block(l, 'blocks.0', reshape(embedded, [n * tokens, d]), { tokens });
    for (let b = 1; b < DEPTH; b++) {
      const noisy = l.noise(h);
      read(`block${b}`, firstToken(h, tokens), firstToken(noisy, tokens));
      h = block(l, `blocks.${b}`, noisy, { tokens });
    }
    const last = l.layerNorm('norm', firstToken(h, tokens));
    const representation = l.noise(last);
    read('norm', last, representation);
    return { ...layers.norm, logits: l.linear('head', l.noise(representation), classes), layers };
  },
};
