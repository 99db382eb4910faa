import type { Labelled } from '../../audit/verdict.js';
import type { RunHooks } from '../../base/progress.js';
import type { ImageSet } from '../../datasets/types.js';
import type { Trainer } from '../../training/trainer.js';

/** How a training is set. */
export interface DefenceSettings {
  width: number;
  epochs: number;
  seed: number;
  /** Samples that are known to be clean, for methods that need some. */
  trusted?: ImageSet;
  /** Largest learning rate of the training after pruning, for fine-pruning; absent: its own. */
  tuneRate?: number;
  /** Folder in which training is saved after every epoch; absent: it is not. */
  folder?: string;
}

/** What was decided at one moment, and why. */
export interface Decision {
  /** Epoch of the first training. */
  epoch: number;
  /** Level at which a class is flagged; the decisions of a training share it. */
  level: number;
  classes: { label: string; p: number; flagged: boolean; values: Record<string, number | null> }[];
  /** κ of the resolved information; null where only patterns were asked for. */
  kappa: number | null;
}

/** Why samples of a flagged class were set aside, in words. */
export const REASONS = {
  content: 'this part shows other classes',
  learned: 'it is not clear which part shows other classes; this one was learned better',
  named: 'the network names the class by the pattern of this part',
  smaller: 'it is not clear which part shows other classes; this one is smaller',
} as const;

/** What became of a flagged class. */
export interface SetAside {
  label: string;
  samples: number;
  /** What divides the class into parts. */
  by: 'clusters' | 'pattern';
  why: keyof typeof REASONS;
}

/** A finished training. The caller releases `trainer`. */
export interface Defended {
  trainer: Trainer;
  /** Rows of the samples that were set aside, rising. */
  suspicious: number[];
  decisions: Decision[];
  setAside: SetAside[];
  /** What was done, a sentence. */
  answer: string;
  /** Epochs of training over all networks, in passes over a set as large as the whole. */
  epochs: number;
}

/** A way to train on an untrusted set; `../names.ts` says what each does. */
export interface Method {
  /** Whether it needs `DefenceSettings.trusted`. */
  needsTrusted: boolean;
  /** Names of the files in which its training is saved, without `.safetensors`. */
  files: readonly string[];
  /** Throws `Stopped`; what was saved is resumed by the same call. */
  train(labelled: Labelled, settings: DefenceSettings, hooks: RunHooks): Promise<Defended>;
}
