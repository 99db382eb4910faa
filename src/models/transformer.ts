/**
 * A small transformer that reads texts: embeddings of tokens and positions, pre-norm blocks, 4 heads, an MLP of twice the embedding's width, exact GELU.
 * Devlin et al. 2019, arXiv 1810.04805, for the class token; Xiong et al. 2020, arXiv 2002.04745, for the norm before each part.
 *
 *   tokens [n, length] → embeddings [n, length, d] → 3 blocks → class token, the first → layer norm → linear
 *
 * The embedding has d = 8·width columns; width 16 gives 128. Padding, token 0, is read by no other token. Noise γ and T are those of `vit`: T is the class token
 * after the final layer norm and its noise, so T = T̄ + N(0, γ²); the layers `block1`, `block2` are the class token after those blocks and their noise.
 *
 * Parameters are named as timm's `vision_transformer` where it has them; the table of tokens is `token_embed.weight`, as `torch.nn.Embedding` stores it.
 */
import { add, cast, gather, reshape, slice, type Tensor, where } from '../engine/index.js';
import { block } from './attention.js';
import type { Layers } from './layers.js';
import type { Model, Readout } from './types.js';

const DEPTH = 3;
/** What is added to the scores of padding. */
const UNREAD = -1e9;

/** tokens [n, length] → [n·length, d]. */
function embed(l: Layers, tokens: Tensor, d: number, vocabulary: number): Tensor {
  const [n, length] = tokens.shape;
  const words = gather(l.embedding('token_embed.weight', [vocabulary, d]), reshape(tokens, [n * length]));
  const placed = add(reshape(words, [n, length, d]), l.embedding('pos_embed', [1, length, d]));
  return reshape(placed, [n * length, d]);
}

export const transformer: Model = {
  name: 'transformer',
  summary: 'small transformer that reads texts, 3 blocks, embedding of 8·width; width 16 gives 128',
  source:
    'Vaswani et al. 2017, Attention Is All You Need; Devlin et al. 2019, BERT; Xiong et al. 2020, On Layer Normalization',
  defaultWidth: 16,
  reads: 'texts',
  layers: [...Array.from({ length: DEPTH - 1 }, (_, b) => `block${b + 1}`), 'norm'],
  forward(l, tokens, { classes, width, vocabulary }) {
    const d = 8 * width;
    const [n, length] = tokens.shape;
    const mask = reshape(where(cast(tokens, 'float32'), 0.5, 0, UNREAD), [n, 1, 1, length]);
    const classToken = (t: Tensor) => reshape(slice(reshape(t, [n, length, d]), 1, 0, 1), [n, d]);
    const layers: Record<string, Readout> = {};
    const read = (layer: string, representationMean: Tensor, representation: Tensor) => {
      layers[layer] = { representation, representationMean, representationNoise: l.noiseStd };
    };
    let h = block(l, 'blocks.0', embed(l, tokens, d, vocabulary!), { tokens: length, mask });
    for (let b = 1; b < DEPTH; b++) {
      const noisy = l.noise(h);
      read(`block${b}`, classToken(h), classToken(noisy));
      h = block(l, `blocks.${b}`, noisy, { tokens: length, mask });
    }
    const last = l.layerNorm('norm', classToken(h));
    const representation = l.noise(last);
    read('norm', last, representation);
    return { ...layers.norm, logits: l.linear('head', l.noise(representation), classes), layers };
  },
};
