/**
 * Countermeasures against a suspicious training set: during training (stop, drop) and after it (prune, retrain). Each gives a network
 * that is evaluated like the one trained on everything. A new one is one file beside this and one line below.
 */
import type { RunHooks } from '../../base/progress.js';
import { gather } from '../../datasets/select.js';
import type { ImageSet } from '../../datasets/types.js';
import type { Trainer } from '../../training/trainer.js';
import type { WatchSettings } from '../checkpoint.js';
import { examine } from '../examine.js';
import { type Intervention, interventions } from '../names.js';
import { trainingProgress } from '../progress.js';
import type { Findings, Labelled } from '../verdict.js';
import type { Watched } from '../watch.js';
import { drop } from './drop.js';
import { prune } from './prune.js';
import { retrain } from './retrain.js';
import { stop } from './stop.js';
import type { Case, Countermeasure, Intervened, JudgedOn, Judgement } from './types.js';

export type { Intervened, JudgedOn, Judgement } from './types.js';

const COUNTERMEASURES: Record<Intervention, Countermeasure> = { stop, drop, prune, retrain };

/**
 * Takes the countermeasures asked for, in the order of `interventions`, and evaluates each network; the first result is the network
 * that nothing was done to. `settings`: of the training in `watched`. Throws `Stopped` when asked to end.
 */
export async function intervene(
  audited: { labelled: Labelled; watched: Watched; found: Findings; settings: WatchSettings },
  asked: readonly Intervention[],
  judgedOn: JudgedOn = {},
  hooks: RunHooks = {},
): Promise<Intervened[]> {
  const { labelled, watched, found, settings } = audited;
  const { set } = labelled;
  const named = found.suspicious.length > 0 ? gather(set, Int32Array.from(found.suspicious)) : null;
  const judged = async (how: Intervened['how'], trainer: Trainer, note: string): Promise<Intervened> => {
    const judgement = await judge(trainer, { ...judgedOn, named });
    return { how, judgement, note, model: trainer.onnx() };
  };
  const { epoch } = watched.halfway.position;
  const firstHalf = watched.checkpoints.filter((c) => c.epoch <= epoch);
  let early: Promise<Findings> | undefined;
  const of: Case = {
    ...audited,
    early: () => {
      early ??= examine(labelled, firstHalf, settings, hooks);
      return early;
    },
    step: trainingProgress(hooks),
  };
  const done = [await judged('nothing', watched.trainer, `trained on all ${set.n} samples`)];
  for (const how of interventions.filter((i) => asked.includes(i))) {
    const { trainer, note } = await COUNTERMEASURES[how](of);
    if (!trainer) {
      done.push({ how, judgement: null, note, model: null });
      continue;
    }
    done.push(await judged(how, trainer, note));
    await trainer.release();
  }
  return done;
}

async function judge(
  trainer: Trainer,
  { test, triggered, named }: JudgedOn & { named: ImageSet | null },
): Promise<Judgement> {
  const share = async (images: ImageSet | null | undefined, label: string) =>
    images ? (await trainer.evaluate(images, label)).accuracy : null;
  return {
    accuracy: await share(test, 'test'),
    asr: await share(triggered, 'triggered'),
    named: await share(named, 'named'),
  };
}
