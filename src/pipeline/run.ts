/**
 * One run: poison, train, probe, estimate, score, report. Every stage reads and writes the run directory, so a run that was
 * killed at any moment goes on from its files and ends with the same numbers.
 */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import { type RunHooks, Stopped } from '../base/progress.js';
import { type OnDevice, onDevice } from '../config/device.js';
import type { RunConfig } from '../config/options.js';
import { trainingConfig } from '../config/training.js';
import { pick } from '../datasets/select.js';
import type { ImageSet } from '../datasets/types.js';
import type { EpochRow, EstimateRow } from '../dynamics/index.js';
import { asTensors, readSafetensors, type Tensor, tensor, writeSafetensors } from '../formats/safetensors.js';
import { type CheckpointData, estimatesPlanned } from '../information/checkpoint.js';
import type { Weights } from '../models/index.js';
import { perceive } from '../perception/index.js';
import { poisonedShare } from '../poisoning/poisoned-set.js';
import { FORMAT, RunDirectory } from '../runs/directory.js';
import { groupsDocument, type RunDocument, readRun } from '../runs/documents.js';
import { writeGallery } from '../runs/gallery.js';
import { layerSuffix, readProbe } from '../runs/probes.js';
import { writeSamples } from '../runs/samples.js';
import { type Position, Trainer } from '../training/trainer.js';
import { VERSION } from '../version.js';
import { makeEmbedding } from './embedding.js';
import { recordEstimates } from './estimate.js';
import { type Prepared, prepare } from './prepare.js';
import { finish, type RunResult } from './result.js';

/** Images that the trigger's look is measured on. */
const PERCEIVED = 200;

/** Seconds between checkpoints inside a long epoch. */
const SAVE_EVERY = 60;

/** Runs a configuration in `path`, or goes on with the run that is there. Returns its result, which is also on disk. */
export async function run(config: RunConfig, path: string, resume: boolean, hooks: RunHooks = {}): Promise<RunResult> {
  await RunDirectory.check(path, resume);
  const settled = await onDevice(config, hooks);
  if (resume && !(await stat(join(path, 'run.json')).catch(() => null)))
    hooks.line?.(`${path}: there is no run to go on with yet; it begins anew`);
  hooks.progress?.({ phase: 'data', stage: 'data', done: 0, total: 1, unit: 'set' });
  const data = await prepare(settled, hooks);
  for (const note of data.dataset.notes ?? []) hooks.line?.(note);
  if (settled.manifest !== undefined) settled.poisonRate = poisonedShare(data.poisoned);
  const dir = await RunDirectory.open(path, resume);
  try {
    return await new Run(settled, data, dir, hooks).complete();
  } finally {
    dir.unlock();
  }
}

/** Refuses to resume a run with a configuration other than its own. */
function checkSame(was: RunConfig, now: RunConfig) {
  for (const key of Object.keys({ ...was, ...now }) as (keyof RunConfig)[]) {
    if (key === 'dataDir') continue;
    const [a, b] = [JSON.stringify(was[key]), JSON.stringify(now[key])];
    if (a !== b) throw new UserError(`--resume: this run was started with ${key} ${a ?? 'unset'}, not ${b ?? 'unset'}`);
  }
}

class Run {
  private readonly trainer: Trainer;

  constructor(
    private readonly config: OnDevice,
    private readonly data: Prepared,
    private readonly dir: RunDirectory,
    private readonly hooks: RunHooks,
  ) {
    const { poisoned, test, triggered, dataset } = data;
    this.trainer = new Trainer(
      trainingConfig(config),
      { classes: dataset.classes.length, train: poisoned, test, triggered },
      { device: config.device },
    );
  }

  async complete(): Promise<RunResult> {
    await this.begin();
    await this.restore();
    await this.estimateProbed();
    while (this.trainer.position.epoch < this.config.epochs) {
      await this.epoch();
      await this.estimateProbed();
    }
    await this.trainer.release();
    await makeEmbedding(this.dir, 'umap', this.config.seed, (done, total) =>
      this.hooks.progress?.({ phase: 'embed', stage: 'picture of T', done, total, unit: 'checkpoints' }),
    );
    this.hooks.progress?.({ phase: 'report', stage: 'report', done: 0, total: 1, unit: 'page' });
    return finish(this.dir);
  }

  private async begin() {
    const { dir, config, data } = this;
    if (await dir.has(join(dir.path, 'run.json'))) {
      const existing = await readRun(dir);
      checkSame(existing.config, config);
      if (existing.dataHash !== data.hash)
        throw new UserError(`--resume: the data are not those ${dir.path} was started with`);
    } else {
      const document: RunDocument = {
        format: FORMAT,
        version: VERSION,
        config,
        classes: data.dataset.classes,
        dataHash: data.hash,
        created: new Date().toISOString(),
      };
      await dir.writeDocument('run.json', document);
    }
    if (!(await dir.has(dir.samples))) await writeSamples(dir, data.poisoned, data.groups.samples);
    if (!(await dir.has(dir.gallery))) await writeGallery(dir, { ...data, classes: data.dataset.classes });
    if (!(await dir.readDocument('perception.json'))) await this.writePerception();
    await dir.writeDocument('groups.json', groupsDocument(data.groups));
  }

  /** How visible the trigger is, on the first triggered test images. */
  private async writePerception() {
    const { triggered, untriggered } = this.data;
    if (!triggered || !untriggered) return;
    const rows = Array.from({ length: Math.min(PERCEIVED, triggered.n) }, (_, i) => i);
    const measured = perceive(pick(untriggered, rows), pick(triggered, rows));
    await this.dir.writeDocument('perception.json', measured);
  }

  /** Goes back to the last checkpoint, and cuts from the logs what came after it. */
  private async restore() {
    const { dir, trainer } = this;
    if (await dir.has(dir.lastCheckpoint)) {
      const { tensors, metadata } = await readSafetensors(dir.lastCheckpoint);
      trainer.load(tensors as Record<string, Weights>);
      trainer.position = JSON.parse(metadata.position) as Position;
    }
    const { epoch } = trainer.position;
    await dir.cut<{ epoch: number }>('events.jsonl', (row) => row.epoch <= epoch);
    const planned = estimatesPlanned(this.data.groups.groups.keys()).reduce((s, p) => s + p.groups.length, 0);
    const expected = planned * this.config.layer!.length;
    const rows = await dir.rows<EstimateRow>('information.jsonl');
    const complete = (e: number) => e <= epoch && rows.filter((r) => r.epoch === e).length === expected;
    await dir.cut<EstimateRow>('information.jsonl', (row) => complete(row.epoch));
  }

  private async save() {
    const { dir, trainer } = this;
    await trainer.state.collect();
    const tensors = asTensors(trainer.tensors());
    await writeSafetensors(dir.lastCheckpoint, tensors, { position: JSON.stringify(trainer.position) });
  }

  private async stop(): Promise<never> {
    await this.save();
    await this.trainer.release();
    throw new Stopped(
      `stopped in epoch ${this.trainer.position.epoch + 1} of ${this.config.epochs}; it is saved. To go on, give the same command with --out and --resume.`,
    );
  }

  private async epoch() {
    const { trainer, config, dir, hooks } = this;
    const perEpoch = this.data.poisoned.n;
    let saved = performance.now();
    for (let last = trainer.position.step === trainer.stepsPerEpoch; !last; ) {
      last = await trainer.step();
      const { epoch, step } = trainer.position;
      const done = epoch * perEpoch + Math.min(perEpoch, step * config.batchSize);
      hooks.progress?.({
        phase: 'train',
        epoch: epoch + 1,
        stage: `train, epoch ${epoch + 1}/${config.epochs}`,
        done,
        total: config.epochs * perEpoch,
        unit: 'images',
      });
      if (hooks.shouldStop?.()) await this.stop();
      if (performance.now() - saved > SAVE_EVERY * 1000 && !last) {
        await this.save();
        saved = performance.now();
      }
    }
    const row = await trainer.finishEpoch();
    dir.append('events.jsonl', [{ event: 'epoch', ...row }]);
    if (config.checkpoints!.includes(row.epoch)) await this.probe(row.epoch);
    await this.save();
    hooks.line?.(describe(row, config.epochs));
  }

  private async probe(epoch: number) {
    const { trainer, dir, data, config } = this;
    const set = pick(data.poisoned, data.groups.samples);
    if (set.n > 0) {
      const tensors: Record<string, Tensor> = {};
      for (const layer of config.layer!) Object.assign(tensors, await this.probeLayer(set, layer));
      await writeSafetensors(dir.probe(epoch), tensors);
    }
    await trainer.state.collect();
    await writeSafetensors(dir.checkpoint(epoch), asTensors(trainer.weights()));
  }

  /** What is recorded of one layer; the logits, which all share, with the first. */
  private async probeLayer(set: ImageSet, layer: string): Promise<Record<string, Tensor>> {
    const { trainer, config } = this;
    const draws = await trainer.probe(set, config.draws, layer);
    const noiseFree = await trainer.noiseFree(set, layer);
    const stack = (key: 'representation' | 'representationMean' | 'logits') => {
      const d = draws[0][key].length / set.n;
      const all = new Float32Array(draws.length * set.n * d);
      draws.forEach((draw, k) => {
        all.set(draw[key], k * set.n * d);
      });
      return tensor(all, [draws.length, set.n, d]);
    };
    const at = layerSuffix(config, layer);
    return {
      [`t${at}`]: stack('representation'),
      [`t_mean${at}`]: stack('representationMean'),
      [`t_noise_std${at}`]: tensor(Float32Array.of(trainer.representationNoise(layer)), [1]),
      [`t_noise_free${at}`]: tensor(noiseFree, [set.n, noiseFree.length / set.n]),
      ...(at === '' ? { logits: stack('logits') } : {}),
    };
  }

  /** Estimates every probed checkpoint up to now that has no estimates yet. */
  private async estimateProbed() {
    const { dir, config, trainer, hooks } = this;
    const rows = await dir.rows<EstimateRow>('information.jsonl');
    const known = new Set(rows.map((r) => r.epoch));
    const due = config.checkpoints!.filter((e) => e <= trainer.position.epoch && !known.has(e));
    if (this.data.groups.groups.size === 0) return;
    for (const epoch of due) {
      const seconds = await recordEstimates(dir, epoch, config, (layer) => this.readProbe(epoch, layer), hooks);
      dir.append('events.jsonl', [{ event: 'estimates', epoch, seconds }]);
      if (hooks.shouldStop?.()) await this.stop();
    }
  }

  private async readProbe(epoch: number, layer: string): Promise<CheckpointData> {
    const { dir, data, config } = this;
    const { tensors } = await readSafetensors(dir.probe(epoch));
    const { samples, groups } = data.groups;
    return {
      ...(await readProbe(dir, tensors, config, layer)),
      labels: Int32Array.from(samples, (i) => data.poisoned.originalLabels[i]),
      classes: data.dataset.classes.length,
      groups,
    };
  }
}

function describe(row: EpochRow, epochs: number): string {
  const asr = row.asr === null ? '' : `, ASR ${row.asr.toFixed(3)}`;
  return `epoch ${row.epoch}/${epochs}: loss ${row.trainLoss.toFixed(3)}, test accuracy ${row.testAccuracy.toFixed(3)}${asr}, ${row.seconds.toFixed(1)} s`;
}
