/** Stealth of a run's backdoor in feature and parameter space, measured on the trained network without noise. */
import { Rng } from '../base/random.js';
import { pick } from '../datasets/select.js';
import type { InputSet } from '../datasets/types.js';
import { asTensors } from '../formats/safetensors.js';
import type { Matrix } from '../information/columns.js';
import { activationChange, channelBounds, uclc } from '../parameters/index.js';
import { cdbi, distances, dswd, silhouettes } from '../representation/index.js';
import type { RunDirectory } from '../runs/directory.js';
import type { SpacesDocument } from '../runs/documents.js';
import { headOf } from '../runs/probes.js';
import { Trainer } from '../training/trainer.js';
import type { Prepared } from './prepare.js';
import { loadWeights } from './weights.js';

/** Samples of a cluster, and test images with and without the trigger, that are measured at most. */
const [MOST, PAIRS] = [500, 250];

/**
 * Writes `spaces.json` where it is not there. `trainer` is at the end of its training. The weights that the run keeps of that moment are
 * measured, so that others who read them measure the same: early in training their running statistics are recomputed ones.
 */
export async function recordSpaces(dir: RunDirectory, trainer: Trainer, data: Prepared): Promise<void> {
  if ((await dir.readDocument('spaces.json')) !== null) return;
  const silent = new Trainer({ ...trainer.config, noiseStd: 0 }, trainer.data);
  try {
    await loadWeights(dir, silent, trainer.epochs);
    await dir.writeDocument('spaces.json', await measureSpaces(silent, data));
  } finally {
    await silent.release();
  }
}

/** What is measured: a poisoned set, and the same test images with and without the trigger. */
type Measured = Pick<Prepared, 'poisoned' | 'target' | 'triggered' | 'untriggered'>;

/** The measures of both spaces, of a network without noise. What has no meaning without poison or without a trigger is null. */
export async function measureSpaces(trainer: Trainer, data: Measured): Promise<SpacesDocument> {
  const rng = new Rng(trainer.config.seed, 'spaces');
  const some = (of: number[]) => rng.sample(Int32Array.from(of), Math.min(MOST, of.length));
  const { poisoned, target } = data;
  const rows = [...poisoned.labels.keys()];
  const bad = some(rows.filter((i) => poisoned.poisoned[i]));
  // Cover samples count as benign.
  const good = some(rows.filter((i) => !poisoned.poisoned[i] && poisoned.labels[i] === target));
  const pairs = pairsOf(data, trainer.config.seed);
  const bounds = boundsOf(trainer);
  const change = pairs && (await changeOf(trainer, pairs));
  return {
    samples: { poisoned: bad.length, benign: good.length, test: pairs?.clean.n ?? 0 },
    feature: {
      ...(await clustersOf(trainer, poisoned, bad, good)),
      dswd: pairs && (await dswdOf(trainer, pairs)),
    },
    parameter: {
      uclc: uclc(bounds),
      tac: change && Math.max(...change),
      tacByChannel: change && [...change],
      lastBounds: trainer.batchNorms.at(-1)?.kernel === undefined ? null : [...bounds.at(-1)!],
    },
  };
}

/** How far the poisoned samples `bad` lie from the benign ones `good`; null where either are missing. */
async function clustersOf(
  trainer: Trainer,
  set: Prepared['poisoned'],
  bad: Int32Array,
  good: Int32Array,
): Promise<Pick<SpacesDocument['feature'], 'silhouette' | 'cdbi'>> {
  if (bad.length === 0 || good.length === 0) return { silhouette: null, cdbi: null };
  const [poisoned, benign] = [await featuresOf(trainer, pick(set, bad)), await featuresOf(trainer, pick(set, good))];
  const source = bad.map((i) => set.originalLabels[i]);
  return { silhouette: pairSilhouette(poisoned, benign), cdbi: cdbi(benign, poisoned, source) };
}

/** The same test images with and without the trigger. */
export interface TestPairs {
  clean: InputSet;
  triggered: InputSet;
}

/** Test images that the attack is judged on; null without a trigger. */
export function pairsOf({ triggered, untriggered }: Measured, seed: number): TestPairs | null {
  if (!triggered || !untriggered) return null;
  const rows = new Rng(seed, 'spaces', 'pairs').sample(
    Int32Array.from(triggered.labels.keys()),
    Math.min(PAIRS, triggered.n),
  );
  return { clean: pick(untriggered, rows), triggered: pick(triggered, rows) };
}

/** TAC of each channel of the last batch norm, [channels]; null for a network without one. */
export async function changeOf(trainer: Trainer, { clean, triggered }: TestPairs): Promise<Float64Array | null> {
  const last = trainer.batchNorms.at(-1);
  if (!last) return null;
  const [a, b] = [await trainer.lastActivation(clean), await trainer.lastActivation(triggered)];
  return activationChange(a, b, clean.n, last.channels);
}

async function featuresOf(trainer: Trainer, set: InputSet): Promise<Matrix> {
  const data = await trainer.noiseFree(set);
  return { data, n: set.n, d: data.length / set.n };
}

/** DSWD; null where no linear classifier reads T. */
async function dswdOf(trainer: Trainer, { clean, triggered }: TestPairs): Promise<number | null> {
  const [a, b] = [await featuresOf(trainer, clean), await featuresOf(trainer, triggered)];
  const head = headOf(asTensors(trainer.weights()), trainer.data.classes, a.d);
  return head ? dswd(a, b, head.data as Float32Array) : null;
}

/** Bounds of the channels of every convolution with a batch norm right after it, in the order of the forward pass. */
function boundsOf(trainer: Trainer): Float64Array[] {
  const weights = trainer.weights();
  return trainer.batchNorms.flatMap(({ name, kernel }) =>
    kernel === undefined
      ? []
      : [
          channelBounds({
            kernel: weights[kernel],
            scale: weights[`${name}.weight`].data,
            variance: weights[`${name}.running_var`].data,
          }),
        ],
  );
}

/** Mean silhouette of two clusters. */
function pairSilhouette(a: Matrix, b: Matrix): number {
  const both = { data: new Float32Array(a.data.length + b.data.length), n: a.n + b.n, d: a.d };
  both.data.set(a.data);
  both.data.set(b.data, a.data.length);
  const cluster = Int32Array.from({ length: both.n }, (_, i) => Number(i >= a.n));
  return silhouettes(distances(both), cluster).reduce((s, v) => s + v, 0) / both.n;
}
