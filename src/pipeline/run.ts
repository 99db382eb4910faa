/**
 * One run: poison, train, probe, estimate, score, report. Every stage reads and writes the run directory, so a run that was
 * killed at any moment resumes from its files and ends with the same numbers.
 */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { duration } from '../base/duration.js';
import { UserError } from '../base/errors.js';
import { type RunHooks, Stopped } from '../base/progress.js';
import { type OnDevice, onDevice } from '../config/device.js';
import { instrumentsOf, type RunConfig } from '../config/options.js';
import { pluginsOf, requirePlugins, samePlugins } from '../config/plugins.js';
import { trainingConfig } from '../config/training.js';
import { pick } from '../datasets/select.js';
import type { TextSet } from '../datasets/types.js';
import type { EpochRow, EstimateRow } from '../dynamics/index.js';
import { perceive } from '../perception/index.js';
import { perceiveTexts } from '../perception/texts.js';
import { poisonedShare } from '../poisoning/poisoned-set.js';
import { FORMAT, RunDirectory } from '../runs/directory.js';
import type { RunResult } from '../runs/documents.js';
import { groupsDocument, type RunDocument, readRunDocument } from '../runs/documents.js';
import { writeGallery } from '../runs/gallery.js';
import { writeSamples } from '../runs/samples.js';
import { Session } from '../runs/sessions.js';
import { momentsOf } from '../training/moments.js';
import { Trainer } from '../training/trainer.js';
import { VERSION } from '../version.js';
import { restoreCheckpoint, saveCheckpoint } from './checkpoint.js';
import { makeEmbedding } from './embedding.js';
import { criticRows, recordEstimates } from './estimate.js';
import { type Prepared, prepare } from './prepare.js';
import { checkpointData, recordProbe } from './probe.js';
import { unresolvable } from './resolution.js';
import { finish } from './result.js';
import { recordRunningStatistics, STATISTICS, statisticsLag } from './running-statistics.js';
import { recordSpaces } from './spaces.js';

/** Samples on which stealth in input space is measured. */
const PERCEIVED = 200;

/** Seconds between saves inside a long epoch: what a kill costs at most. */
const SAVE_EVERY = 60;

/** Runs a configuration in `path`, or resumes the run that is there. Returns its result, which is also on disk. */
export async function run(config: RunConfig, path: string, resume: boolean, hooks: RunHooks = {}): Promise<RunResult> {
  const session = new Session();
  await RunDirectory.check(path, resume);
  const settled = await onDevice(config, hooks);
  if (resume && !(await stat(join(path, 'run.json')).catch(() => null)))
    hooks.line?.(`Nothing to resume in ${path}; starting a new run.`);
  hooks.progress?.({ phase: 'data', stage: 'data', done: 0, total: 1, unit: 'set' });
  const data = await prepare(settled, hooks);
  for (const note of data.dataset.notes ?? []) hooks.line?.(note);
  if (settled.manifest !== undefined)
    Object.assign(settled, {
      poisonRate: poisonedShare(data.poisoned),
      target: data.target,
      ...(data.rule && { rule: data.rule }),
    });
  const dir = await RunDirectory.open(path, resume);
  try {
    return await new Run(settled, data, dir, hooks, session).complete();
  } catch (error) {
    session.keep();
    throw error;
  } finally {
    dir.unlock();
  }
}

/** Refuses to resume a run with a configuration other than its own. */
function checkSame(before: RunConfig, now: RunConfig) {
  // Version 0.1.0 does not name its instrument.
  const was = { ...before, instrument: instrumentsOf(before) };
  for (const key of Object.keys({ ...was, ...now }) as (keyof RunConfig)[]) {
    if (key === 'dataDir') continue;
    const [a, b] = [JSON.stringify(was[key]), JSON.stringify(now[key])];
    if (a !== b) throw new UserError(`--resume: this run was started with ${key} ${a ?? 'unset'}, not ${b ?? 'unset'}`);
  }
}

class Run {
  private readonly trainer: Trainer;
  /** Steps at which the network is probed, with the moment in epochs. */
  private readonly moments: Map<number, number>;

  constructor(
    private readonly config: OnDevice,
    private readonly data: Prepared,
    private readonly dir: RunDirectory,
    private readonly hooks: RunHooks,
    private readonly session: Session,
  ) {
    const { poisoned, test, triggered, dataset } = data;
    this.trainer = new Trainer(
      trainingConfig(config),
      { classes: dataset.classes.length, train: poisoned, test, triggered },
      { device: config.device },
    );
    dir.stepsPerEpoch = this.trainer.stepsPerEpoch;
    const moments = momentsOf(config.checkpoints!, this.trainer.stepsPerEpoch, config.epochs);
    this.moments = new Map(moments.map(({ step, epoch }) => [step, epoch]));
  }

  async complete(): Promise<RunResult> {
    await this.begin();
    // A study deletes the weights of a finished run, so there is nothing to resume.
    const finished = (await this.dir.readDocument('result.json')) !== null;
    if (finished && !(await this.dir.has(this.dir.lastCheckpoint))) return finish(this.dir);
    // The work of a finished run is known already.
    if (!finished) await this.session.keepIn(this.dir);
    const why = unresolvable(this.config);
    if (why) this.hooks.line?.(`critics take the place of resolved information: ${why}`);
    await restoreCheckpoint(this.dir, this.trainer, criticRows(this.config, this.data.groups.groups.keys()));
    await this.estimateProbed();
    while (this.trainer.position.epoch < this.config.epochs) {
      await this.epoch();
      await this.estimateProbed();
    }
    await recordSpaces(this.dir, this.trainer, this.data);
    await this.trainer.release();
    await makeEmbedding(this.dir, 'umap', this.config.seed, (done, total) =>
      this.hooks.progress?.({ phase: 'embed', stage: 'UMAP of T', done, total, unit: 'checkpoints' }),
    );
    this.hooks.progress?.({ phase: 'report', stage: 'report', done: 0, total: 1, unit: 'page' });
    return finish(this.dir, this.session);
  }

  private async begin() {
    const { dir, config, data } = this;
    const plugins = pluginsOf(config);
    if (await dir.has(join(dir.path, 'run.json'))) {
      const existing = await readRunDocument(dir);
      checkSame(existing.config, config);
      requirePlugins(dir.path, existing.plugins);
      if (!samePlugins(existing.plugins, plugins))
        throw new UserError(
          `--resume: ${dir.path} was started without the plugin ${plugins.map((p) => p.name).join(', ')}`,
        );
      if (existing.dataHash !== data.hash)
        throw new UserError(
          `--resume: the data are not those ${dir.path} was started with${renumbered(existing.classes, data.dataset.classes)}`,
        );
    } else {
      const document: RunDocument = {
        format: FORMAT,
        version: VERSION,
        config,
        classes: data.dataset.classes,
        dataHash: data.hash,
        stepsPerEpoch: this.trainer.stepsPerEpoch,
        images: { train: data.poisoned.n, test: data.test.n },
        plugins: plugins.length > 0 ? plugins : undefined,
        created: new Date().toISOString(),
      };
      await dir.writeDocument('run.json', document);
    }
    if (!(await dir.has(dir.samples))) await writeSamples(dir, data.probed, data.groups.samples);
    if (!(await dir.has(dir.gallery))) await writeGallery(dir, { ...data, classes: data.dataset.classes });
    if (!(await dir.readDocument('perception.json'))) await this.writePerception();
    await dir.writeDocument('groups.json', groupsDocument(data.groups));
  }

  /** Stealth in input space, on the first triggered test samples. */
  private async writePerception() {
    const { triggered, untriggered } = this.data;
    if (!triggered || !untriggered) return;
    const rows = Array.from({ length: Math.min(PERCEIVED, triggered.n) }, (_, i) => i);
    const [clean, changed] = [pick(untriggered, rows), pick(triggered, rows)] as const;
    const measured =
      'texts' in clean || 'texts' in changed
        ? perceiveTexts(
            (clean as TextSet).texts,
            (changed as TextSet).texts,
            (this.data.dataset.train as TextSet).texts,
          )
        : perceive(clean, changed);
    await this.dir.writeDocument('perception.json', measured);
  }

  /** Keeps where training stands, and the work up to now. */
  private async save() {
    await saveCheckpoint(this.dir, this.trainer);
    this.session.keep();
  }

  private async stop(): Promise<never> {
    await this.save();
    await this.trainer.release();
    throw new Stopped(`stopped in epoch ${this.trainer.position.epoch + 1} of ${this.config.epochs}; it is saved`);
  }

  private async epoch() {
    const { trainer, config, data, dir, hooks } = this;
    const perEpoch = data.poisoned.n;
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
        unit: 'tokens' in data.poisoned ? 'texts' : 'images',
      });
      if (!last && this.moments.has(trainer.globalStep)) {
        await this.moment();
        // At once, so that the log has one order whether the run was stopped in between or not.
        await this.estimateProbed();
        saved = performance.now();
      }
      if (hooks.shouldStop?.()) await this.stop();
      if (performance.now() - saved > SAVE_EVERY * 1000 && !last) {
        await this.save();
        saved = performance.now();
      }
    }
    const row = await trainer.finishEpoch();
    dir.append('events.jsonl', [{ event: 'epoch', ...row }]);
    if (this.moments.has(trainer.globalStep)) await this.probe(row.epoch);
    await this.save();
    hooks.line?.(describe(row, config.epochs));
  }

  /** A moment inside an epoch: the figures of the network as it is, and its probe. */
  private async moment() {
    const { trainer, config, dir, hooks } = this;
    const row = await trainer.figures();
    dir.append('events.jsonl', [{ event: 'moment', ...row }]);
    await this.probe(row.epoch);
    await this.save();
    hooks.line?.(describe(row, config.epochs));
  }

  /**
   * Records a probe. While running statistics lag behind, resolved information reads a network with recomputed ones; critics read what
   * version 0.1.0 read.
   */
  private async probe(epoch: number): Promise<void> {
    const { trainer, config, data, dir } = this;
    const record = () => recordProbe(dir, trainer, data, config, epoch);
    if (!statisticsLag(config, trainer.globalStep)) return record();
    await trainer.withStatisticsOf(STATISTICS, record);
    if (trainer.runningStatistics.length > 0 && unresolvable(config) === null)
      await recordRunningStatistics(dir, trainer, data, config, epoch);
  }

  /** Estimates every probed checkpoint up to now that has no estimates yet. */
  private async estimateProbed() {
    const { dir, data, config, trainer, hooks } = this;
    const rows = await dir.rows<EstimateRow>('information.jsonl');
    const known = new Set(rows.map((r) => r.epoch));
    const due = [...this.moments.values()].filter((e) => e <= trainer.epochs && !known.has(e));
    if (data.groups.groups.size === 0) return;
    for (const epoch of due) {
      const seconds = await recordEstimates(
        dir,
        epoch,
        config,
        (layer) => checkpointData(dir, data, config, epoch, layer),
        hooks,
      );
      dir.append('events.jsonl', [{ event: 'estimates', epoch, seconds }]);
      this.session.keep();
      if (hooks.shouldStop?.()) await this.stop();
    }
  }
}

function describe(
  row: Pick<EpochRow, 'epoch' | 'trainLoss' | 'testAccuracy' | 'asr' | 'seconds'>,
  epochs: number,
): string {
  const asr = row.asr === null ? '' : `, ASR ${row.asr.toFixed(3)}`;
  return `epoch ${Number(row.epoch.toFixed(3))}/${epochs}: loss ${row.trainLoss.toFixed(3)}, test accuracy ${row.testAccuracy.toFixed(3)}${asr}, ${duration(row.seconds)}`;
}

/** What changed where the classes are the same in another order: classes named by numbers were once in the order of texts. */
function renumbered(before: readonly string[], now: readonly string[]): string {
  const same = before.length === now.length && before.every((name) => now.includes(name));
  const at = before.findIndex((name, k) => name !== now[k]);
  return same && at >= 0 ? `: its class ${at} was "${before[at]}", and is "${now[at]}" now` : '';
}
