/**
 * Is one of the classes of a training set the target of a backdoor, and which samples are poisoned? A network is trained on the set;
 * every signal compares each class with the others, and flagged classes are examined further. docs/audit.md has the rule.
 */

import { duration } from '../base/duration.js';
import type { RunHooks } from '../base/progress.js';
import { limitThreads } from '../engine/devices.js';
import { CHECKPOINT_SHARES, type WatchSettings } from './checkpoint.js';
import { examine } from './examine.js';
import type { Keep } from './keep.js';
import { checkpointsOf, type UntrustedImages } from './load.js';
import type { Effort, Intervention } from './names.js';
import { trainingProgress } from './progress.js';
import { SavedTraining } from './saved-training.js';
import type { Audit, Findings, Labelled } from './verdict.js';
import { stepsPerEpoch, type Watched, watch } from './watch.js';

/** Epochs of the training, and the number of images that a small set is repeated to. The evaluation in docs/audit.md is of `normal`. */
const EFFORT: Record<Effort, { epochs: number; images: number }> = {
  quick: { epochs: 5, images: 15_000 },
  normal: { epochs: 10, images: 30_000 },
  thorough: { epochs: 20, images: 60_000 },
};

/** Width of the network: small, so that an audit takes minutes on two cores. */
const WIDTH = 8;
/** Limit on the epochs of very small sets: more would only repeat the same few images. */
const MOST_EPOCHS = 200;

/** What an audit is asked. */
export interface AuditSettings {
  effort: Effort;
  seed: number;
  /** Threads of the computation; 0: all cores. */
  threads?: number;
  /** Path of the file in which the training is saved after each epoch, and from which it resumes. */
  save?: string;
  /** Countermeasures that will be taken, for the time that is told. */
  interventions?: readonly Intervention[];
  /** Keeps the results of what follows the training. */
  keep?: Keep;
}

/** How the training of an audit is set for a set of `n` images. */
export function settingsFor(n: number, { effort, seed }: AuditSettings): WatchSettings {
  const { epochs: least, images } = EFFORT[effort];
  const epochs = Math.min(MOST_EPOCHS, Math.max(least, Math.ceil(images / n)));
  return { width: WIDTH, epochs, checkpoints: [1, ...CHECKPOINT_SHARES.map((s) => Math.ceil(s * epochs))], seed };
}

/** Training steps after which the time of the whole audit is estimated. */
const TIMED = 8;
/**
 * Time of an audit relative to its training: checkpoints and signals add about a third, and a flagged class two networks of a third of
 * the epochs and what is computed of them.
 */
const AUDIT_TIME = { clean: 1.3, flagged: 2.4 };
/** An audit of what was recorded by half of the epochs, which `stop` and `drop` need, takes as long as the one after the training. */
const EARLY = { clean: AUDIT_TIME.clean - 1, flagged: AUDIT_TIME.flagged - 1 };
/** Training epochs of each countermeasure, relative to those of the audit, if a class is flagged and samples are named. */
const EPOCHS_OF: Record<Intervention, number> = { stop: 0, drop: 0.5, prune: 1 / 6, retrain: 1 };

/** Time of an audit with these countermeasures, relative to its training: if no class is flagged, and if one is. */
export function timeOf(asked: readonly Intervention[]): { clean: number; flagged: number } {
  const isEarly = asked.includes('stop') || asked.includes('drop');
  const trained = asked.reduce((sum, how) => sum + EPOCHS_OF[how], 0);
  return {
    clean: AUDIT_TIME.clean + (isEarly ? EARLY.clean : 0),
    flagged: AUDIT_TIME.flagged + (isEarly ? EARLY.flagged : 0) + trained,
  };
}

/**
 * Audits a set. `after` gets the findings and the finished training before it is released. Throws `Stopped` when asked to end, and
 * `DivergedError` for a training that diverges.
 */
export async function audit(
  labelled: Labelled,
  settings: AuditSettings,
  hooks: RunHooks = {},
  after?: (watched: Watched, found: Findings) => Promise<void>,
): Promise<Audit> {
  const started = performance.now();
  limitThreads(settings.threads ?? 0);
  const { set, classes } = labelled;
  const plan = settingsFor(set.n, settings);
  const step = trainingProgress(hooks)('train', set.n * plan.epochs);
  const times: number[] = [];
  const saved = settings.save === undefined ? undefined : new SavedTraining(settings.save, set, plan);
  const timed = (share: number) => {
    step(share);
    if (times.push(performance.now()) !== TIMED) return;
    // The first step also compiles the program.
    const each = (times[TIMED - 1] - times[0]) / (TIMED - 1) / 1000;
    const left = (1 - share) * plan.epochs * stepsPerEpoch(set.n) * each;
    const asked = settings.interventions ?? [];
    const { clean, flagged } = timeOf(asked);
    const more = asked.length > 0 ? `, with ${asked.join(', ')}` : '';
    hooks.line?.(
      `time left: about ${duration(clean * left)}, ${duration(flagged * left)} if other networks have to be asked (${set.n} images, ${plan.epochs} epochs${more})`,
    );
  };
  const watched = await watch(set, classes.length, plan, timed, saved);
  try {
    const found = await examine(labelled, watched.checkpoints, plan, hooks, settings.keep);
    const seconds = (performance.now() - started) / 1000;
    await after?.(watched, found);
    return { ...found, seconds };
  } finally {
    await watched.trainer.release();
  }
}

/**
 * Audits a training that was done elsewhere, by the probes of a run or trace. Only the network without a flagged class is trained.
 * Throws as `audit` does, and `UserError` for a trace that lacks what is needed.
 */
export async function auditTrace(
  trace: UntrustedImages,
  settings: AuditSettings,
  hooks: RunHooks = {},
): Promise<Audit> {
  const started = performance.now();
  limitThreads(settings.threads ?? 0);
  const checkpoints = await checkpointsOf(trace);
  const found = await examine(trace, checkpoints, settingsFor(trace.set.n, settings), hooks);
  return { ...found, seconds: (performance.now() - started) / 1000 };
}
