/** What a report shows, as data: the page is drawn from this alone. */
import type { Acceleration } from '../dynamics/acceleration.js';
import type { DraftResult } from '../dynamics/authors-draft.js';
import type { Phases } from '../dynamics/phases.js';
import type { ScoreReading, StealthResult } from '../dynamics/stealth.js';
import type { EpochRow, EstimateRow, MomentRow } from '../dynamics/types.js';
import type { DetectorsDocument, SpacesDocument } from '../runs/documents.js';
import type { GalleryImage, GalleryText } from '../runs/gallery.js';

export type { GalleryImage, GalleryText };

/** Whether the numbers show what a claim says. `not run`: the runs that the claim is about were not made. */
export type Verdict = 'reproduced' | 'not resolved' | 'contradicted' | 'not run';

/** One effect that a claim is judged by. All its values are in `unit`; a `share` of 0.1 is 10 %. */
export interface Effect {
  /** What is measured, and of what it is a share. */
  what: string;
  unit: 'share' | 'S' | 'τ';
  effect: number;
  /** 95 % interval; null from one repetition, which has no spread. */
  interval: [number, number] | null;
  /** Repetitions behind the interval, and what they are: `seeds`, `attacks`. */
  n: number;
  repeats: string;
  /** Smallest effect that these repetitions could have seen: with 80 % power, two-sided at 5 %. Null from one repetition. */
  seen: number | null;
  /** Smallest effect of interest, stated before the runs were judged. */
  interest: number;
  /** Repetitions that would see the effect of interest at the seen spread; null where it is resolved, or where no number would do. */
  runsNeeded: number | null;
  verdict: Verdict;
}

/** A claim and what the runs say about it. */
export interface Finding {
  claim: string;
  verdict: Verdict;
  /** What the verdict rests on, in whole sentences. */
  evidence: string;
  /** The numbers behind the verdict; none where nothing could be measured. */
  effects: Effect[];
}

/** Where poisoned samples lie in T at one checkpoint. */
export interface RepresentationPoint {
  epoch: number;
  /** Mean silhouette by group. */
  silhouettes: Record<string, number>;
  /** Distances in units of a clean sample's from the centre of its class; null where nothing is poisoned. */
  place: { toTarget: number; toSource: number } | null;
}

/** T in two dimensions over the checkpoints; the same points in all. */
export interface EmbeddingPicture {
  method: 'umap' | 'tsne';
  epochs: readonly number[];
  /** Per epoch [n, 2] row-major. */
  points: readonly Float32Array[];
  /** Per point its group. */
  groups: readonly string[];
}

/** How well the information of single samples separates poisoned ones, at one checkpoint. */
export interface SeparationPoint {
  epoch: number;
  group: string;
  quantity: string;
  auroc: number;
  standardError: number;
}

/** How well resolved information models the noise of a group: the range over moments of the held-out mean square of whitened noise. */
export interface NoiseRange {
  group: string;
  low: number;
  high: number;
}

/** The score where T is read at a layer. */
export interface LayerScore {
  layer: string;
  stealth: StealthResult;
}

/** Commands that answer what one run leaves open. */
export interface Commands {
  /** `ibscope run …` without seed and folder. */
  run: string;
  /** The attack as `--attacks` takes it: `wanet@0.2:s=1`. */
  attack: string;
  /** The flags that do not belong to the attack; empty where all are defaults. */
  options: string;
}

export interface RunReport {
  name: string;
  /** As people write them: `BadNets`, `CIFAR-10`, `ResNet-18`. */
  attack: string;
  dataset: string;
  model: string;
  /** Absent: images. */
  samples?: 'texts';
  /** False for attack `none`, whose `c/backdoor` is a random subset of the target class. */
  poisoned: boolean;
  /** Share of the training set that is poisoned; null where nothing is. */
  poisonRate: number | null;
  /** Target class number, and the names of all classes where they are known. */
  target: number;
  classNames?: readonly string[];
  /** Which of the two recorded values the estimates are; a figure never mixes them. */
  basis: 'held-out' | 'train' | 'resolved';
  /** Training seeds behind the intervals; with 1 they are labelled "within run". */
  seeds: number;
  config: Record<string, unknown>;
  /** Steps of one epoch; absent in runs of version 0.1.0, which have no moments inside an epoch. */
  stepsPerEpoch?: number;
  /** Images that were trained and tested on; absent in runs of version 0.1.0 and in traces. */
  images?: { train: number; test: number };
  epochs: readonly EpochRow[];
  /** Moments inside epochs at which training was measured. */
  moments: readonly MomentRow[];
  information: readonly EstimateRow[];
  /** Clean images of the smallest class, where these are too few for the null that was asked for. */
  tooFewForNull?: number;
  /** Of the groups of resolved information; empty where critics measured. */
  noise: readonly NoiseRange[];
  phases: readonly Phases[];
  /** Early acceleration of `c/backdoor` against the clean classes. */
  acceleration: Acceleration | null;
  /** The same without recomputed statistics of batch norm at the first moments; null where no moment had them. */
  accelerationRunning?: Acceleration | null;
  stealth: StealthResult | null;
  /** The scores of all recorded layers; the first is the one of `stealth`. */
  layers: readonly LayerScore[];
  draft: DraftResult | null;
  /** The score under every way it was measured, the headline's first; empty for runs of version 0.1.0. */
  readings: readonly ScoreReading[];
  representation: readonly RepresentationPoint[];
  embeddings: readonly EmbeddingPicture[];
  separation: readonly SeparationPoint[];
  gallery: readonly GalleryImage[];
  /** Triggered texts, of a run on texts. */
  texts?: readonly GalleryText[];
  /** What to type for more seeds, or for a comparison; null for a trace, and for an attack or data set that is not known here. */
  commands?: Commands | null;
  /** Visual measures of the trigger, by name: `{ 'PSNR (dB)': 25.8, SSIM: 0.956 }`. */
  perception: Record<string, number | null>;
  /** Stealth in feature and parameter space; absent in runs of earlier versions. */
  spaces?: SpacesDocument | null;
  /** What published detectors found, where `ibscope detect` asked them. */
  detectors?: DetectorsDocument | null;
  warnings: readonly string[];
  /** Version of ibscope that made the report, and seconds of the run. */
  version: string;
  seconds: number | null;
}
