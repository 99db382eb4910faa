/** The JSON documents of a run directory. */

import { UserError } from '../base/errors.js';
import type { PluginFile } from '../base/plugins.js';
import type { Instrument, RunConfig } from '../config/options.js';
import type { Answer } from '../dynamics/answer.js';
import type { Phases, ScoreReading, StealthQuantity } from '../dynamics/index.js';
import type { GroupPlan } from '../information/groups.js';
import { FORMAT, type RunDirectory } from './directory.js';

/** `run.json`: what was asked. */
export interface RunDocument {
  /** Version of the layout, `FORMAT`. */
  format: number;
  /** Version of ibscope. */
  version: string;
  config: RunConfig;
  /** Class names in the order of their numbers. */
  classes: string[];
  /** SHA-256 of the images and labels training sees. */
  dataHash: string;
  /** Steps of one epoch; absent in runs of version 0.1.0, which have no moments inside an epoch. */
  stepsPerEpoch?: number;
  /** Images that were trained and tested on; absent in runs of version 0.1.0 and in traces. */
  images?: { train: number; test: number };
  /** Plugins that registered its attack, data set or models; absent where all are built in. */
  plugins?: PluginFile[];
  created: string;
}

/** `groups.json`: which probed samples make up which group. */
export interface GroupsDocument {
  size: number;
  /** Groups with too few samples to compare, and how many they have. */
  leftOut: Record<string, number>;
  /** Clean samples of the smallest class, where these are too few for the null that was asked for. */
  tooFewForNull?: number;
  /** Group id → row numbers of `samples.safetensors`. */
  groups: Record<string, number[]>;
}

/** What `ibscope run --json` prints, and `result.json`. */
export interface RunResult {
  /** Folder of the run. */
  dir: string;
  attack: string;
  dataset: string;
  model: string;
  /** Epochs that were trained, or the last that a trace has. */
  epochs: number;
  /** Test accuracy after the last epoch, 0 … 1; NaN where a trace does not say. */
  accuracy: number;
  /** Attack success rate, 0 … 1; null without a trigger. */
  asr: number | null;
  /** The stealth score of the first layer, and its null. */
  stealth: {
    /** By `--score`: ibscope's S ∈ (0, 1], or the authors' draft, where lower is stealthier. */
    kind: RunConfig['score'];
    score: number | null;
    reason?: string;
    null: { mean: number; low: number; high: number; draws: number } | null;
    /** See `StealthResult.p`: for critics the rank, for resolved information a law's value. */
    p: number | null;
    /** The empirical share: (1 + draws at least as far) / (1 + draws). */
    rank: number | null;
    /** What the score is made of. */
    instrument: Instrument;
    /** κ of each quantity, where the instrument is resolved information. */
    kappa: Partial<Record<StealthQuantity, number>>;
    /** D, its excess over the null's mean, and the gaps it is made of. */
    distance: number | null;
    excess: number | null;
    parts: Record<string, unknown>;
    beta: number;
    window: number;
    notes: string[];
  };
  /** Scores at the layers besides the first of `--layer`. */
  layers: { layer: string; score: number | null; null: { low: number; high: number } | null; p: number | null }[];
  /** The score under every way it was measured; the headline's first. Absent in results of version 0.1.0. */
  readings?: ScoreReading[];
  /** Of every group that has a trajectory of I(X;T). */
  phases: Phases[];
  /** Samples of every group that is compared. */
  groupSize: number;
  /** What the run says of its attack, see dynamics/answer.ts. Results that version 0.1.0 wrote have none. */
  verdict: {
    answer: Answer;
    /** What was done, and whether the attack succeeds. */
    outcome: string;
    /** The answer with the numbers that it was made from. */
    sentence: string;
    /** What it does not say, with the command to type. */
    cautions: string[];
  };
  /** Path of the report. */
  report: string;
  /** Seconds of work, over all sessions of the run. */
  seconds: number;
}

/** A moment of a trace that has no estimates, and why; in `analysis.json`. */
export interface SkippedMoment {
  epoch: number;
  reason: string;
}

/** A plan of groups as it is kept; `row` tells the row of the samples' file from a position in the plan. */
export function groupsDocument(
  { size, leftOut, tooFewForNull, groups }: GroupPlan,
  row = (i: number) => i,
): GroupsDocument {
  return {
    size,
    leftOut: Object.fromEntries(leftOut),
    tooFewForNull,
    groups: Object.fromEntries([...groups].map(([id, at]) => [id, Array.from(at, row)])),
  };
}

/** What was asked of a run. Throws `UserError` where `run.json` is missing, of another version, or no run's at all. */
export async function readRunDocument(dir: RunDirectory): Promise<RunDocument> {
  const found = await dir.readDocument<RunDocument>('run.json');
  if (found?.format !== undefined && found.format !== FORMAT)
    throw new UserError(`${dir.path}: its format is ${found.format}, this version of ibscope reads ${FORMAT}`);
  if (!found || typeof found.config !== 'object' || found.config === null)
    throw new UserError(`${dir.path}: its run.json is not a run's`);
  // What `ibscope analyze` was told about a trace of somebody else's training.
  const analysis = await dir.readDocument<{ config: Partial<RunConfig> }>('analysis.json');
  return analysis ? { ...found, config: { ...found.config, ...analysis.config } } : found;
}

/** What one published detector found. Rates count poisoned samples; cover samples count neither way. */
export interface DetectorRow {
  /** Abbreviation, as `AC`. */
  name: string;
  /** What the defender has: the set (A), the set and trusted samples (B), a network and its inputs (C), a network (D). */
  threatModel: string;
  /** What was judged. */
  judged: 'training set' | 'inputs' | 'network';
  /** Why it was left out; what follows is null then. */
  skipped: string | null;
  /** Judged samples. */
  n: number | null;
  /** Samples that its own rule flags. */
  flagged: number | null;
  /** Area under the ROC curve of its score; null where it is not known which samples are poisoned. */
  auroc: number | null;
  /** Share of the poisoned samples that score above all but 1 % of the others. */
  tprAt1: number | null;
  /** Share of the poisoned samples, and of the others, that its own rule flags. */
  tpr: number | null;
  fpr: number | null;
  /** Classes that its own rule takes for targets; null where it judges samples only. */
  targets: string[] | null;
  /** Score per class by class name. */
  classScores: Record<string, number> | null;
  seconds: number | null;
}

/** `detectors.json`: what published detectors make of a training set and of the network trained on it. */
export interface DetectorsDocument {
  /** The run or set. */
  of: string;
  classes: string[];
  /** Number of the target class, where it is known. */
  target: number | null;
  /** Samples of the training set, and how many are poisoned where that is known. */
  samples: number;
  poisoned: number | null;
  /** Samples that are known to be clean, and where they come from; null without any. */
  trusted: { samples: number; from: string } | null;
  /** ε: the largest share of the set that may be poisoned, as some detectors must be told. */
  epsilon: number;
  seed: number;
  /** SHA-256 of the weights that were asked and of the data; absent for a set, and in documents of earlier versions. */
  stamp?: string;
  detectors: DetectorRow[];
}

/**
 * `spaces.json`: stealth in feature and parameter space, measured on the trained network without noise. Measures that need poison or a
 * trigger are null without.
 */
export interface SpacesDocument {
  /** Samples of each kind that were measured. */
  samples: { poisoned: number; benign: number; test: number };
  feature: {
    /** Mean silhouette of two clusters in T: poisoned samples, and benign ones of the target class. Lower is stealthier. */
    silhouette: number | null;
    /** See `cdbi`: higher is stealthier. */
    cdbi: number | null;
    /** See `dswd`: lower is stealthier. */
    dswd: number | null;
  };
  /** Lower is stealthier. */
  parameter: {
    /** See `uclc`. */
    uclc: number | null;
    /** Largest TAC of a channel; see `activationChange`. */
    tac: number | null;
    tacByChannel: number[] | null;
    /** Bounds of the channels of the convolution before the last batch norm; null where something else is before it. See `channelBounds`. */
    lastBounds: number[] | null;
  };
}

/** `three-spaces.json`: what `ibscope stealth` shows of a run of the study of detection, with TUP where a clean network was at hand. */
export interface ThreeSpacesDocument {
  /** As in `detectors.json`. */
  stamp: string;
  input: Record<string, { mean: number }> | null;
  feature: SpacesDocument['feature'];
  parameter: Pick<SpacesDocument['parameter'], 'uclc' | 'tac'> & { tup: number | null };
}
