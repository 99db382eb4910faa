/** What a run costs: operations by counting its graphs, seconds by timing a few steps of each on this machine. */

import { quickest } from '../base/timing.js';
import type { RunConfig } from '../config/options.js';
import { trainingConfig } from '../config/training.js';
import { pick } from '../datasets/select.js';
import { criticCost } from '../information/cost.js';
import { markSet } from '../poisoning/poisoned-set.js';
import { PASS, Trainer } from '../training/trainer.js';
import { groupsOf } from './prepare.js';

export interface RunCost {
  /** Floating-point operations, two per multiply-add. */
  trainingFlops: number;
  probeFlops: number;
  criticFlops: number;
  /** Seconds on this machine: training with the evaluation after every epoch, probes, and critics. */
  trainingSeconds: number;
  probeSeconds: number;
  criticSeconds: number;
}

export const secondsOf = (c: RunCost) => c.trainingSeconds + c.probeSeconds + c.criticSeconds;

/** Timed steps of each kind. */
const TIMED = 3;

/**
 * The cost of a run of this configuration, all its epochs and checkpoints from the first on. The steps are timed on the images without
 * triggers: operations do not depend on pixels. Surrogate models and adversarial images of an attack are not counted.
 */
export async function costOf(config: RunConfig): Promise<RunCost> {
  const set = await markSet(config);
  const { poisoned, test, judged, dataset } = set;
  const groups = groupsOf(config, set);
  const trainer = new Trainer(trainingConfig({ ...config, epochs: 10_000 }), {
    classes: dataset.classes.length,
    train: poisoned,
    test,
    triggered: null,
  });
  const few = pick(
    poisoned,
    Int32Array.from({ length: Math.min(PASS, poisoned.n) }, (_, i) => i),
  );
  const step = await quickest(TIMED, async () => {
    // Only whole batches are timed.
    if (trainer.position.step + 1 >= trainer.stepsPerEpoch) trainer.position.step = 0;
    await trainer.step();
  });
  const perPass = (await quickest(TIMED, () => trainer.evaluate(few, 'cost'))) / few.n;
  const layers = config.layer!;
  const widths: number[] = [];
  for (const layer of layers) widths.push((await trainer.noiseFree(few, layer)).length / few.n);
  const { step: stepFlops, pass: passFlops } = trainer.flopsPerImage;
  await trainer.release();

  const checkpoints = config.checkpoints!.length;
  const trained = config.epochs * poisoned.n;
  const evaluated = config.epochs * (test.n + judged);
  const probed = checkpoints * layers.length * (config.draws + 1) * groups.samples.length;
  const critics = { flops: 0, seconds: 0 };
  if (groups.groups.size > 0)
    for (const t of widths) {
      const columns = {
        x: config.view === 'pixels' ? poisoned.height * poisoned.width * poisoned.channels : t,
        t,
        logits: dataset.classes.length,
        classes: dataset.classes.length,
      };
      const one = await criticCost(config.critic, groups.groups.keys(), groups.size, config.draws, columns);
      critics.flops += checkpoints * one.flops;
      critics.seconds += checkpoints * one.seconds;
    }
  return {
    trainingFlops: trained * stepFlops + evaluated * passFlops,
    probeFlops: probed * passFlops,
    criticFlops: critics.flops,
    trainingSeconds: (trained / Math.min(config.batchSize, poisoned.n)) * step + evaluated * perPass,
    probeSeconds: probed * perPass,
    criticSeconds: critics.seconds,
  };
}
