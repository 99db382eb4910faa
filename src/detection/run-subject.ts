/** A run as detectors are shown it: its poisoned set made again, its network, and test images. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { losses } from '../audit/checkpoint.js';
import type { RunHooks } from '../base/progress.js';
import { requirePlugins } from '../config/plugins.js';
import { trainingConfig } from '../config/training.js';
import { joined, pick } from '../datasets/select.js';
import type { InputSet } from '../datasets/types.js';
import { keptMoment, loadWeights } from '../pipeline/weights.js';
import { type AnyMade, makeAny } from '../poisoning/any-set.js';
import { poisonedShare } from '../poisoning/poisoned-set.js';
import { vocabularyFor } from '../poisoning/texts.js';
import type { RunDirectory } from '../runs/directory.js';
import { readRunDocument } from '../runs/documents.js';
import { Trainer } from '../training/trainer.js';
import { networkOf } from './network.js';
import { EPSILON, type Subject, type SubjectRequest } from './subject.js';
import { loadTrusted } from './trusted.js';

/** Test images of a class that stand in for trusted samples, as many as Beatrix was evaluated with. */
const TRUSTED = 30;
/** Untriggered, and triggered, test images that stand in for inputs at run time. */
const INPUTS = 1000;

/**
 * The subject of a run. Without `trusted` samples, 30 test images of a class stand in for them; the other test images, untriggered and
 * triggered, are its inputs at run time. Throws `UserError` for a run without weights, and for data that have changed since.
 */
export async function runSubject(dir: RunDirectory, request: SubjectRequest, hooks: RunHooks): Promise<Subject> {
  const { config, classes, plugins } = await readRunDocument(dir);
  requirePlugins(dir.path, plugins);
  const last = await keptMoment(dir);
  const made = await makeAny(config, hooks);
  const { poisoned, test, triggered, target } = made;
  const trainer = new Trainer(
    { ...trainingConfig(config), noiseStd: 0 },
    { classes: classes.length, train: poisoned, test, triggered },
  );
  try {
    const loss = await lossOf(dir, trainer, poisoned, classes.length);
    await loadWeights(dir, trainer, last);
    const own = ownTest(made, classes.length);
    const named = request.trusted;
    return {
      of: dir.path,
      classes,
      target,
      set: poisoned,
      truth: poisoned,
      nameOf: (i) => poisoned.index[i],
      network: networkOf(trainer),
      loss,
      trusted:
        named === undefined
          ? { set: own.trusted, from: `${TRUSTED} test ${'tokens' in poisoned ? 'texts' : 'images'} of each class` }
          : {
              set: await loadTrusted(named, {
                classes,
                set: poisoned,
                vocabulary: 'texts' in poisoned ? await vocabularyFor(config, poisoned.texts) : undefined,
              }),
              from: named,
            },
      inputs: own.inputs,
      epsilon: request.epsilon ?? (poisonedShare(poisoned) || EPSILON),
      seed: request.seed,
    };
  } catch (error) {
    await trainer.release();
    throw error;
  }
}

/** The kept moments whose weights detectors are shown, in epochs: the one before the last that is nearest to half of the training, if any, and the last. */
export async function askedMoments(dir: RunDirectory): Promise<number[]> {
  const last = await keptMoment(dir);
  const before = (await dir.checkpoints()).filter((epoch) => epoch < last);
  const [middle] = before.sort((a, b) => Math.abs(a - last / 2) - Math.abs(b - last / 2));
  return middle === undefined ? [last] : [middle, last];
}

/** SHA-256 of all that detectors are shown of a run: the weights of those moments, and the data. Throws `UserError` for a run without weights. */
export async function stampOf(dir: RunDirectory): Promise<string> {
  const hash = createHash('sha256').update((await readRunDocument(dir)).dataHash);
  for (const epoch of await askedMoments(dir)) hash.update(await readFile(dir.checkpoint(epoch)));
  return hash.digest('hex');
}

/** The loss part of the way through training, where weights from before its end are kept. */
async function lossOf(dir: RunDirectory, trainer: Trainer, set: InputSet, classes: number): Promise<Subject['loss']> {
  const moments = await askedMoments(dir);
  const middle = moments.length > 1 ? moments[0] : undefined;
  if (middle === undefined) return 'the run keeps no weights from before its end';
  await loadWeights(dir, trainer, middle);
  const [{ logits }] = await trainer.probe(set, 1);
  return losses({ data: logits, n: set.n, d: classes }, set.labels);
}

/** Test images of a run: the first of each class, and of the others some as they are and some triggered. */
function ownTest({ test, triggered, untriggered }: AnyMade, classes: number) {
  const seen = new Int32Array(classes);
  const rows = [...test.labels.keys()];
  const first = new Set(rows.filter((i) => ++seen[test.labels[i]] <= TRUSTED));
  const rest = rows.filter((i) => !first.has(i)).slice(0, INPUTS);
  const clean = pick<InputSet>(test, rest);
  return { trusted: pick<InputSet>(test, [...first]), inputs: triggered && untriggered && inputs(clean, triggered) };
}

/** Untriggered images, then triggered ones. */
function inputs(clean: InputSet, all: InputSet): NonNullable<Subject['inputs']> {
  const triggered = pick<InputSet>(all, [...all.labels.keys()].slice(0, INPUTS));
  const set = joined(clean, triggered);
  return { set, triggered: Uint8Array.from({ length: set.n }, (_, i) => Number(i >= clean.n)) };
}
