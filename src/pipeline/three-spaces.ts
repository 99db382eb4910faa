/** The stealth of a run's backdoor in three spaces beside its score: what `ibscope stealth` shows. */
import { basename, dirname, join } from 'node:path';
import { UserError } from '../base/errors.js';
import type { RunHooks } from '../base/progress.js';
import type { RunConfig } from '../config/options.js';
import { requirePlugins } from '../config/plugins.js';
import { trainingConfig } from '../config/training.js';
import { tup } from '../parameters/index.js';
import type { Perceived } from '../perception/index.js';
import { RunDirectory } from '../runs/directory.js';
import { type RunDocument, type RunResult, readRunDocument, type SpacesDocument } from '../runs/documents.js';
import { runsIn } from '../runs/find.js';
import { Trainer } from '../training/trainer.js';
import { type Prepared, prepare } from './prepare.js';
import { changeOf, measureSpaces, pairsOf } from './spaces.js';
import { keptMoment, loadWeights } from './weights.js';

/** The stealth of a run's backdoor in input, feature and parameter space, and its score. */
export interface ThreeSpaces {
  /** Folder of the run. */
  of: string;
  attack: string;
  /** S and its p; null for a run that has none, or is not finished. */
  score: Pick<RunResult['stealth'], 'score' | 'p'> | null;
  /** Measures between test images and the same images with the trigger, by name; null without a trigger. */
  input: Record<string, Perceived> | null;
  feature: SpacesDocument['feature'];
  parameter: Pick<SpacesDocument['parameter'], 'uclc' | 'tac'> & {
    tup: number | null;
    /** The clean network that TUP is relative to, or why there is none. */
    clean: { run: string } | { missing: string };
  };
  samples: SpacesDocument['samples'];
}

/** What a clean network must share with the attacked one. */
const SAME = [
  'dataset',
  'dataDir',
  'textColumn',
  'labelColumn',
  'tokenizer',
  'model',
  'width',
  'epochs',
  'batchSize',
  'lr',
  'schedule',
  'optimizer',
  'noise',
  'trainLimit',
] as const satisfies readonly (keyof RunConfig)[];

/**
 * The measures of a run. What a run of an earlier version did not record is measured now, if it keeps its weights. `clean`: folder of a run
 * of attack `none`; by default a run of the same setting beside this one. Throws `UserError` for a run that has neither.
 */
export async function threeSpaces(path: string, clean: string | undefined, hooks: RunHooks): Promise<ThreeSpaces> {
  const dir = await RunDirectory.read(path);
  const document = await readRunDocument(dir);
  const run = new AttackedRun(dir, document, hooks);
  const spaces = (await dir.readDocument<SpacesDocument>('spaces.json')) ?? (await run.measured());
  const result = await dir.readDocument<RunResult>('result.json');
  const { uclc, tac } = spaces.parameter;
  return {
    of: path,
    attack: document.config.attack,
    score: result && { score: result.stealth.score, p: result.stealth.p },
    input: await dir.readDocument('perception.json'),
    feature: spaces.feature,
    parameter: { uclc, tac, ...(await run.relative(spaces, clean)) },
    samples: spaces.samples,
  };
}

/** A run whose data and networks are made again only if something asks for them. */
class AttackedRun {
  private data?: Promise<Prepared>;

  constructor(
    private readonly dir: RunDirectory,
    private readonly document: RunDocument,
    private readonly hooks: RunHooks,
  ) {}

  private async prepared(): Promise<Prepared> {
    if (!this.data) {
      requirePlugins(this.dir.path, this.document.plugins);
      this.data = prepare(this.document.config, this.hooks);
    }
    return this.data;
  }

  /** Calls `act` with the network of a run at its end, without noise, in front of this run's data. */
  private async withNetwork<R>(of: RunDirectory, act: (trainer: Trainer) => Promise<R>): Promise<R> {
    const { config } = await readRunDocument(of);
    const last = await keptMoment(of);
    const { poisoned, test, triggered, dataset } = await this.prepared();
    const data = { classes: dataset.classes.length, train: poisoned, test, triggered };
    const trainer = new Trainer({ ...trainingConfig(config), noiseStd: 0 }, data);
    try {
      await loadWeights(of, trainer, last);
      return await act(trainer);
    } finally {
      await trainer.release();
    }
  }

  async measured(): Promise<SpacesDocument> {
    return this.withNetwork(this.dir, async (trainer) => measureSpaces(trainer, await this.prepared()));
  }

  /** TUP, and the clean network that it is relative to. */
  async relative(
    { parameter: { tacByChannel, lastBounds } }: SpacesDocument,
    named: string | undefined,
  ): Promise<Pick<ThreeSpaces['parameter'], 'tup' | 'clean'>> {
    const none = (missing: string) => ({ tup: null, clean: { missing } });
    if (!tacByChannel) return none('there is no trigger, or no batch norm');
    if (!lastBounds) return none('no convolution stands right before the last batch norm');
    const clean = await this.cleanRun(named);
    if (clean === null)
      return none('no clean network of the same setting keeps its weights beside this run; name one with --clean DIR');
    // On the images of `measureSpaces`.
    const change = await this.withNetwork(clean, async (trainer) =>
      changeOf(trainer, pairsOf(await this.prepared(), this.document.config.seed)!),
    );
    return {
      tup: tup(Float64Array.from(lastBounds), Float64Array.from(tacByChannel), change!),
      clean: { run: clean.path },
    };
  }

  /** The clean run that was named, or one of the same setting beside this one, of the same seed if there is one. */
  private async cleanRun(named: string | undefined): Promise<RunDirectory | null> {
    const own = this.document.config;
    const differs = (other: RunConfig) => SAME.find((key) => JSON.stringify(other[key]) !== JSON.stringify(own[key]));
    if (named !== undefined) {
      const dir = await RunDirectory.read(named);
      const { config } = await readRunDocument(dir);
      if (config.attack !== 'none')
        throw new UserError(`--clean ${named}: its attack is ${config.attack}; a run of attack none is expected`);
      const key = differs(config);
      if (key)
        throw new UserError(`--clean ${named}: its ${key} is ${config[key]}, that of ${this.dir.path} is ${own[key]}`);
      return dir;
    }
    const folder = dirname(this.dir.path);
    const found: { dir: RunDirectory; seed: number }[] = [];
    for (const name of await runsIn(folder)) {
      if (name === basename(this.dir.path)) continue;
      const dir = await RunDirectory.read(join(folder, name));
      const { config } = await readRunDocument(dir);
      if (config.attack !== 'none' || differs(config) || (await dir.readDocument('result.json')) === null) continue;
      // A run that is not finished has weights too, of a network that still learns.
      if ((await dir.checkpoints()).length > 0) found.push({ dir, seed: config.seed });
    }
    return (found.find(({ seed }) => seed === own.seed) ?? found[0])?.dir ?? null;
  }
}
