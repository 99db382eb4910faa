/** What a report shows, as data: the page is drawn from this alone. */
import type { Acceleration } from '../dynamics/acceleration.js';
import type { DraftResult } from '../dynamics/authors-draft.js';
import type { Phases } from '../dynamics/phases.js';
import type { StealthResult } from '../dynamics/stealth.js';
import type { EpochRow, EstimateRow, MomentRow } from '../dynamics/types.js';
import type { GalleryImage } from '../runs/gallery.js';

export type { GalleryImage };

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

/** The score where T is read at a layer. */
export interface LayerScore {
  layer: string;
  stealth: StealthResult;
}

export interface RunReport {
  name: string;
  /** As people write them: `BadNets`, `CIFAR-10`, `ResNet-18`. */
  attack: string;
  dataset: string;
  model: string;
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
  /** Steps of one epoch; null in runs that do not say. */
  stepsPerEpoch?: number | null;
  epochs: readonly EpochRow[];
  /** Moments inside epochs at which training was measured. */
  moments: readonly MomentRow[];
  information: readonly EstimateRow[];
  phases: readonly Phases[];
  /** Early acceleration of `c/backdoor` against the clean classes. */
  acceleration: Acceleration | null;
  stealth: StealthResult | null;
  /** The scores of all recorded layers; the first is the one of `stealth`. */
  layers: readonly LayerScore[];
  draft: DraftResult | null;
  representation: readonly RepresentationPoint[];
  embeddings: readonly EmbeddingPicture[];
  separation: readonly SeparationPoint[];
  gallery: readonly GalleryImage[];
  /** Visual measures of the trigger, by name: `{ 'PSNR (dB)': 25.8, SSIM: 0.956 }`. */
  perception: Record<string, number | null>;
  warnings: readonly string[];
  /** Version of ibscope that made the report, and seconds of the run. */
  version: string;
  seconds: number | null;
}
