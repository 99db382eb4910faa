/**
 * Anti-Backdoor Learning. Local gradient ascent keeps the loss of most samples near γ for the first fifth of the training; the 1 % of the samples with the
 * lowest loss, which are learned first all the same, are isolated; the network is trained on without them; at the end gradient ascent unlearns them.
 *
 * Li et al., "Anti-Backdoor Learning: Training Clean Models on Poisoned Data", NeurIPS 2021 (arXiv 2110.11571), in the order of the authors' code: the
 * paper's formula subtracts the loss of the isolated samples during the whole of the second part instead.
 */
import { losses } from '../../audit/checkpoint.js';
import { snapshot, train, untrained } from '../../audit/watch.js';
import { Stopped } from '../../base/progress.js';
import { gather, without } from '../../datasets/select.js';
import { lowest } from '../lowest.js';
import { trained, wholeOf } from '../training.js';
import type { Method } from './types.js';

/** Share of the training with local gradient ascent, and share of the set that is isolated: the paper's. */
const [FIRST, ISOLATED] = [0.2, 0.01];
/** Passes of gradient ascent over the isolated samples, and its learning rate: those of the authors' code. */
const [PASSES, RATE] = [20, 5e-4];

export const abl: Method = {
  needsTrusted: false,
  files: ['isolation', 'rest'],
  async train({ set, classes }, settings, hooks) {
    const { epochs, folder } = settings;
    const plan = { ...settings, checkpoints: [] };
    const first = Math.max(1, Math.round(FIRST * epochs));
    const isolation = await trained(
      { ...wholeOf(set), classes },
      plan,
      { file: 'isolation', stage: 'isolate', folder, hooks, own: { objective: 'local-ascent' } },
      async (_, epoch) => epoch === first,
    );
    const [{ logits }] = await isolation.probe(set, 1);
    const loss = losses({ data: logits, n: set.n, d: classes.length }, set.labels);
    const isolated = lowest(loss, Math.max(1, Math.floor(ISOLATED * set.n)));
    const start = await snapshot(isolation);
    await isolation.release();
    const rest = { set: without(set, isolated), classes };
    const tuned = await trained(rest, plan, { file: 'rest', stage: 'train on the rest', folder, start, hooks });
    const weights = (await snapshot(tuned)).tensors;
    await tuned.release();
    const named = gather(set, Int32Array.from(isolated));
    const ascent = { objective: 'ascent', learningRate: RATE, schedule: 'constant' } as const;
    const trainer = untrained(named, classes.length, { ...settings, epochs: PASSES }, ascent);
    trainer.load(weights);
    await train(trainer, (share) => {
      const done = Math.round(share * PASSES * named.n);
      hooks.progress?.({ phase: 'train', stage: 'unlearn', done, total: PASSES * named.n, unit: 'images' });
      if (hooks.shouldStop?.()) throw new Stopped('stopped while it unlearned');
    });
    return {
      trainer,
      suspicious: isolated,
      decisions: [],
      setAside: [],
      answer: `The ${named.n} samples that were learned first were isolated, as ABL does with every set, and unlearned by gradient ascent at the end.`,
      epochs: epochs + (PASSES * named.n) / set.n,
    };
  },
};
