/**
 * A small transformer that reads texts: embeddings of tokens and positions, pre-norm blocks, 4 heads, an MLP of twice the embedding's width, exact GELU.
 * Devlin et al. 2019, arXiv 1810.04805, for the class token; Xiong et al. 2020, arXiv 2002.04745, for the norm before each part.
 *
 *   tokens [n, read] → embeddings [n, read, d] → 3 blocks → class token, the first → layer norm → linear
 *
 * A batch is as long as its longest text, at most `length`. What follows the last block is the class token, so that block gives no other.
 *
 * The embedding has d = 8·width columns; width 16 gives 128. Padding, token 0, is read by no other token. Noise γ and T are those of `vit`: T is the class token
 * after the final layer norm and its noise, so T = T̄ + N(0, γ²); the layers `block1`, `block2` are the class token after those blocks and their noise.
 *
 * Parameters are named as timm's `vision_transformer` where it has them; the table of tokens is `token_embed.weight`, as `torch.nn.Embedding` stores it.
 */
import { add, cast, gather, reshape, slice, type Tensor, where } from '../engine/index.js';
import { block, firstToken } from './attention.js';
import type { Layers } from './layers.js';
import type { Model, Readout } from './types.js';

const DEPTH = 3;
/** What is added to the scores of padding. */
const UNREAD = -1e9;

/** tokens [n, read] → [n·read, d]. */
function embed(l: Layers, tokens: Tensor, d: number, vocabulary: number, length: number): Tensor {
  const [n, read] = tokens.shape;
  const words = gather(l.embedding('token_embed.weight', [vocabulary, d]), reshape(tokens, [n * read]));
  const places = slice(l.embedding('pos_embed', [1, length, d]), 1, 0, read);
  return reshape(add(reshape(words, [n, read, d]), places), [n * read, d]);
}

export const transformer: Model = {
  name: 'transformer',
  summary: 'small transformer that reads texts, 3 blocks, embedding of 8·width; width 16 gives 128',
  source:
    'Vaswani et al. 2017, Attention Is All You Need; Devlin et al. 2019, BERT; Xiong et al. 2020, On Layer Normalization',
  defaultWidth: 16,
  reads: 'texts',
  layers: [...Array.from({ length: DEPTH - 1 }, (_, b) => `block${b + 1}`), 'norm'],
  forward(l, tokens, { classes, width, vocabulary, length = tokens.shape[1] }) {
    const d = 8 * width;
    const [n, read] = tokens.shape;
    const mask = reshape(where(cast(tokens, 'float32'), 0.5, 0, UNREAD), [n, 1, 1, read]);
    const layers: Record<string, Readout> = {};
    const readout = (layer: string, representationMean: Tensor, representation: Tensor) => {
      layers[layer] = { representation, representationMean, representationNoise: l.noiseStd };
    };
    let h = block(l, 'blocks.0', embed(l, tokens, d, vocabulary!, length), { tokens: read, mask });
    for (let b = 1; b < DEPTH; b++) {
      const noisy = l.noise(h);
      readout(`block${b}`, firstToken(h, read), firstToken(noisy, read));
      h = block(l, `blocks.${b}`, noisy, { tokens: read, mask, firstOnly: b === DEPTH - 1 });
    }
    const last = l.layerNorm('norm', h);
    const representation = l.noise(last);
    readout('norm', last, representation);
    return { ...layers.norm, logits: l.linear('head', l.noise(representation), classes), layers };
  },
};
