/**
 * Is one of the classes of a training set the target of a backdoor, and which samples carry it? A network is trained on the set and
 * watched; each class is held against the others by every signal, and what stands out is looked into. docs/audit.md has the rule.
 */

import type { RunHooks } from '../base/progress.js';
import { limitThreads } from '../engine/devices.js';
import { type Audit, examine, type Findings, type Labelled, stepOf } from './examine.js';
import { Keeper } from './keep.js';
import { looksOf, type Unvouched } from './load.js';
import { LOOKS, type WatchSettings } from './look.js';
import type { Effort } from './names.js';
import { stepsOf, type Watched, watch } from './watch.js';

/** Epochs of the training, and images that small sets see in all at least. */
const EFFORT: Record<Effort, { epochs: number; images: number }> = {
  quick: { epochs: 5, images: 15_000 },
  normal: { epochs: 10, images: 30_000 },
  thorough: { epochs: 20, images: 60_000 },
};

const WIDTH = 8;
/** A set so small is repeated no more often. */
const MOST_EPOCHS = 200;

/** What an audit is asked. */
export interface AuditSettings {
  effort: Effort;
  seed: number;
  /** Threads of the computation; 0: all cores. */
  threads?: number;
  /** File that the training is kept in as it goes on, and goes on from. */
  keep?: string;
}

/** How the training of an audit is set for a set of `n` images. */
export function settingsFor(n: number, { effort, seed }: AuditSettings): WatchSettings {
  const { epochs: least, images } = EFFORT[effort];
  const epochs = Math.min(MOST_EPOCHS, Math.max(least, Math.ceil(images / n)));
  return { width: WIDTH, epochs, looks: [1, ...LOOKS.map((s) => Math.ceil(s * epochs))], seed };
}

/** Steps after which the time of the whole can be told. */
const TIMED = 8;

/**
 * Audits a set. `after` gets what was found and the watched training before it is released, for whoever wants more of it. Throws
 * `Stopped` when asked to end, `DivergedError` for a training that does.
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
  const step = stepOf(hooks)('train', set.n * plan.epochs);
  const times: number[] = [];
  const keeper = settings.keep === undefined ? undefined : new Keeper(settings.keep, set, plan);
  const timed = (share: number) => {
    step(share);
    if (times.push(performance.now()) !== TIMED) return;
    // The first step makes the program. Looks and signals are some third of the training, a class that stands out costs two thirds.
    const each = (times[TIMED - 1] - times[0]) / (TIMED - 1) / 1000;
    const left = (1 - share) * plan.epochs * stepsOf(set.n) * each;
    hooks.line?.(
      `takes about ${minutes(1.3 * left)}, ${minutes(2 * left)} if a class stands out (${set.n} images, ${plan.epochs} epochs)`,
    );
  };
  const watched = await watch(set, classes.length, plan, timed, keeper);
  try {
    const found = await examine(labelled, watched.looks, plan, hooks);
    const seconds = (performance.now() - started) / 1000;
    await after?.(watched, found);
    return { ...found, seconds };
  } finally {
    await watched.trainer.release();
  }
}

/**
 * Audits a training that somebody else did, by the probes of a run or trace; only the network that says what a class shows is
 * trained. Throws as `audit` does, and `UserError` for a trace that lacks what is needed.
 */
export async function auditTrace(unvouched: Unvouched, settings: AuditSettings, hooks: RunHooks = {}): Promise<Audit> {
  const started = performance.now();
  limitThreads(settings.threads ?? 0);
  const looks = await looksOf(unvouched);
  const found = await examine(unvouched, looks, settingsFor(unvouched.set.n, settings), hooks);
  return { ...found, seconds: (performance.now() - started) / 1000 };
}

const minutes = (seconds: number) => (seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`);
