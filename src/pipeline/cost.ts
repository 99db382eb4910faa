/** What a run costs: operations by counting its graphs, seconds by timing a few steps of each kind of work on this machine. */

import { Rng } from '../base/random.js';
import { once, quickest } from '../base/timing.js';
import type { RunConfig } from '../config/options.js';
import { trainingConfig } from '../config/training.js';
import { pick } from '../datasets/select.js';
import { isClassGroup } from '../dynamics/group-id.js';
import type { Matrix } from '../information/columns.js';
import { criticCost } from '../information/cost.js';
import type { GroupPlan } from '../information/groups.js';
import { ladderSeconds } from '../information/resolved-cost.js';
import { perceive } from '../perception/index.js';
import { type AnyMarked, markAny } from '../poisoning/any-set.js';
import { distances, embed, FEWEST_POINTS, silhouettes } from '../representation/index.js';
import { momentsOf } from '../training/moments.js';
import { PASS } from '../training/passes.js';
import { Trainer } from '../training/trainer.js';
import { POINTS } from './embedding.js';
import { criticQuantities, resolvedAt } from './estimate.js';
import { missingParts } from './group-sizes.js';
import { groupsOf } from './prepare.js';
import { PER_GROUP } from './representation.js';
import type { RunCost } from './run-cost.js';
import { comparedGroups, STATISTICS, statisticsLag } from './running-statistics.js';

/** Timed steps of each kind. */
const TIMED = 3;

/** Images on which stealth in input space is timed, of the 200 that a run measures. */
const PERCEIVED = { timed: 4, measured: 200 };

/** Seconds of the report of a run, which grows little with the run. */
const REPORT = 2;

/** How often a run does what. */
interface Counts {
  /** Moments at which the network is probed. */
  moments: number;
  /** Those of them inside an epoch, at which it is evaluated too. */
  inside: number;
  /** Those at which running statistics lag behind, so that it is probed with and without recomputed ones. */
  lagging: number;
}

function countsOf(config: RunConfig, stepsPerEpoch: number): Counts {
  const found = momentsOf(config.checkpoints!, stepsPerEpoch, config.epochs);
  return {
    moments: found.length,
    inside: found.filter(({ step }) => step % stepsPerEpoch !== 0).length,
    lagging: found.filter(({ step }) => statisticsLag(config, step)).length,
  };
}

/** Timed work of the network: seconds of a training step, and per image of an evaluation and of a probe. */
interface Timed {
  step: number;
  evaluated: number;
  probed: number;
  /** Columns of T at each layer. */
  widths: number[];
}

async function timeNetwork(trainer: Trainer, layers: readonly string[]): Promise<Timed> {
  const { train } = trainer.data;
  const few = pick(
    train,
    Int32Array.from({ length: Math.min(PASS, train.n) }, (_, i) => i),
  );
  const step = await quickest(TIMED, async () => {
    // Only whole batches are timed.
    if (trainer.position.step + 1 >= trainer.stepsPerEpoch) trainer.position.step = 0;
    await trainer.step();
  });
  const evaluated = (await quickest(TIMED, () => trainer.evaluate(few, 'cost'))) / few.n;
  const probed = (await quickest(TIMED, () => trainer.probe(few, 1, layers[0]))) / few.n;
  const widths: number[] = [];
  for (const layer of layers) widths.push((await trainer.noiseFree(few, layer)).length / few.n);
  return { step, evaluated, probed, widths };
}

/**
 * The cost of a run of this configuration, all its epochs and moments from the first on. The steps are timed on the images without
 * triggers: operations do not depend on pixels. Surrogate models and adversarial images of an attack are not counted.
 */
export async function costOf(config: RunConfig): Promise<RunCost> {
  const started = performance.now();
  const set = await markAny(config);
  const { poisoned, test, judged, dataset } = set;
  const groups = groupsOf(config, set);
  const loading = (performance.now() - started) / 1000;
  const trainer = new Trainer(trainingConfig({ ...config, epochs: 10_000 }), {
    classes: dataset.classes.length,
    train: poisoned,
    test,
    triggered: null,
  });
  const layers = config.layer!;
  const before = performance.now();
  const timed = await timeNetwork(trainer, layers);
  // Most of it is the compilation of the network's programs, which a run has too.
  const compiling = (performance.now() - before) / 1000;
  const { step: stepFlops, pass: passFlops } = trainer.flopsPerImage;
  const { stepsPerEpoch, runningStatistics } = trainer;
  await trainer.release();

  const { moments, inside, lagging } = countsOf(config, stepsPerEpoch);
  const ids = [...groups.groups.keys()];
  const resolved = resolvedAt(config, ids);
  const compared = comparedGroups(groups.groups, set.target);
  // Early moments are probed a second time, with the running statistics that training left.
  const again = resolved && runningStatistics.length > 0 ? lagging : 0;
  const apart = again * new Set(compared.flatMap(([, rows]) => [...rows])).size;
  const trained = config.epochs * poisoned.n;
  const evaluated = (config.epochs + inside) * (test.n + judged) + lagging * Math.min(STATISTICS, poisoned.n);
  const probed = (config.draws + 1) * (moments * layers.length * groups.samples.length + apart);
  const critics = await timeCritics(config, set, groups, timed.widths);
  const sizes = { n: groups.size, d: timed.widths[0], draws: config.draws, classes: dataset.classes.length };
  const whole = resolved ? ids.length * (await ladderSeconds(sizes)) : 0;
  const own = again > 0 ? compared.length * (await ladderSeconds(sizes, ['own'])) : 0;
  return {
    trainingFlops: trained * stepFlops + evaluated * passFlops,
    probeFlops: probed * passFlops,
    criticFlops: moments * critics.flops,
    trainingSeconds: (trained / Math.min(config.batchSize, poisoned.n)) * timed.step + evaluated * timed.evaluated,
    probeSeconds: probed * timed.probed,
    criticSeconds: moments * critics.seconds,
    resolvedSeconds: moments * whole + again * own,
    otherSeconds:
      loading +
      compiling +
      (judged > 0 ? await perceptionSeconds(set) : 0) +
      moments * (await pictureSeconds(groups, timed.widths[0])) +
      REPORT,
    missing: missingParts(config, groups, set),
  };
}

/** The critics of one moment, at every layer. */
async function timeCritics(
  config: RunConfig,
  { poisoned, dataset }: AnyMarked,
  { groups, size }: GroupPlan,
  widths: readonly number[],
): Promise<{ flops: number; seconds: number }> {
  const all = { flops: 0, seconds: 0 };
  if (groups.size === 0) return all;
  const ids = [...groups.keys()];
  for (const [i, t] of widths.entries()) {
    const quantities = criticQuantities(config, config.layer![i], ids);
    const pixels = 'tokens' in poisoned ? poisoned.length : poisoned.height * poisoned.width * poisoned.channels;
    const classes = dataset.classes.length;
    const columns = { x: config.view === 'pixels' ? pixels : t, t, logits: classes, classes };
    const one = await criticCost(config.critic, { groups: ids, quantities, size, draws: config.draws, columns });
    all.flops += one.flops;
    all.seconds += one.seconds;
  }
  return all;
}

/** Stealth in input space: the measures take as long whatever the images show. */
async function perceptionSeconds({ test }: AnyMarked): Promise<number> {
  if ('tokens' in test) return 0;
  const { timed, measured } = PERCEIVED;
  const some = (from: number) =>
    pick(
      test,
      Int32Array.from({ length: timed }, (_, i) => (from + i) % test.n),
    );
  const [a, b] = [some(0), some(1)];
  return (Math.min(measured, test.n) / timed) * (await quickest(1, async () => perceive(a, b)));
}

/** The clusters of T and its picture at one moment, from random points. */
async function pictureSeconds({ groups, size }: GroupPlan, d: number): Promise<number> {
  // Poisoned and clean samples of the target class, and the other classes.
  const shown = [...groups.keys()].filter(isClassGroup).length + 2;
  if (groups.size === 0) return 0;
  const rng = new Rng(0, 'cost of pictures');
  const points = (perGroup: number): Matrix => {
    const n = shown * Math.min(perGroup, size);
    return { data: rng.normals(n * d), n, d };
  };
  const [clustered, drawn] = [points(PER_GROUP), points(Math.ceil(POINTS / shown))];
  const cluster = Int32Array.from({ length: clustered.n }, (_, i) => i % shown);
  const clusters = await quickest(1, async () => silhouettes(distances(clustered), cluster));
  if (drawn.n < FEWEST_POINTS) return clusters;
  return clusters + (await once(async () => embed(drawn, 'umap', 0)));
}
