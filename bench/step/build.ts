/**
 * One SGD step of a model, as training runs it, or one pass of it in evaluation mode, ready to be repeated. Weights, images and labels are those of
 * test/golden/models.py, so that PyTorch can be shown to compute the same before it is timed.
 */
import { Rng } from '../../src/base/random.js';
import { NoiseBank, Program, State } from '../../src/engine/index.js';
import { AGAIN } from '../../src/engine/ops/conv.js';
import { OPTIMIZER_STATE } from '../../src/engine/optim.js';
import { fromTorch, torchShape } from '../../src/models/index.js';
import { evaluationStep, parameters, trainStep } from '../../src/training/graphs.js';
import { graphOptions, initial, uniform } from '../../test/models/helpers.js';

/** So low that float32 rounding does not grow from one step to the next; bench/peer.py has the same. */
const RATE = 5e-4;

export interface StepRequest {
  model: string;
  width: number;
  batch: number;
  /** γ */
  noise: number;
  /** A pass in evaluation mode instead of a step. */
  pass?: boolean;
  /** Values from which transforms are computed again in the backward pass, where it is not the engine's number. */
  again?: number;
  /** Channels in a block (`SessionSettings`), where it is not this processor's. */
  block?: number;
}

export interface Step {
  /** Runs the step; the mean loss of the batch before it. */
  run(): Promise<number>;
  release(): Promise<void>;
}

/** A model with the weights and images of test/golden/models.py: graph, state, pixels and labels. */
export function modelOf({ model, width, batch, noise }: StepRequest) {
  const graph = { ...graphOptions(model, width), noiseStd: noise };
  const state = new State();
  for (const p of parameters(graph)) {
    state.set(p.name, fromTorch(p, initial(p.name, torchShape(p))));
    if (p.trainable)
      for (const kind of OPTIMIZER_STATE.sgd) state.set(`${kind}.${p.name}`, new Float32Array(p.tensor.size));
  }
  const pixels = Uint8Array.from(uniform('pixels', batch * graph.height * graph.imageWidth * graph.channels), (u) =>
    Math.floor((u + 1) * 128),
  );
  return { graph, state, pixels, labels: Int32Array.from({ length: batch }, (_, i) => i % graph.classes) };
}

export async function buildStep({ model, width, batch, noise, pass, block, again }: StepRequest): Promise<Step> {
  if (again !== undefined) AGAIN.values = again;
  const { graph, state, pixels, labels } = modelOf({ model, width, batch, noise });
  const bank = new NoiseBank(
    noise,
    noise === 0 ? 1 : batch * width * graph.height * graph.imageWidth,
    new Rng(0, 'bench noise'),
  );
  const program = await Program.compile((pass ? evaluationStep : trainStep)(graph, batch), { block });
  return {
    async run() {
      // Copies, as a training loop hands over a new batch each time.
      const batchOf = { images: pixels.slice(), labels: labels.slice() };
      const feeds = pass ? batchOf : { ...batchOf, learning_rate: Float32Array.of(RATE) };
      const { losses } = await program.run(feeds, state, bank);
      return (losses as Float32Array).reduce((a, b) => a + b) / batch;
    },
    release: () => program.release(),
  };
}
