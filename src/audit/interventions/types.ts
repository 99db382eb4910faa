import type { ImageSet } from '../../datasets/types.js';
import type { Trainer } from '../../training/trainer.js';
import type { WatchSettings } from '../checkpoint.js';
import type { Intervention } from '../names.js';
import type { Findings, Labelled } from '../verdict.js';
import type { Watched } from '../watch.js';

/** Images besides the training set on which networks are evaluated. */
export interface JudgedOn {
  test?: ImageSet | null;
  /** Triggered test images with the label that the attacker wants. */
  triggered?: ImageSet | null;
}

/** How good a network is, and how much of a backdoor it has: shares, 0 … 1; null without images to count. */
export interface Judgement {
  /** Clean accuracy, on `JudgedOn.test`. */
  accuracy: number | null;
  /** Attack success rate, on `JudgedOn.triggered`. */
  asr: number | null;
  /** Share of the named training samples that the network assigns to their label. */
  named: number | null;
}

/** The network of one countermeasure. If it could not be taken, `judgement` and `model` are null and `note` says why. */
export interface Intervened {
  how: Intervention | 'nothing';
  judgement: Judgement | null;
  /** What was done, or why nothing could be. */
  note: string;
  /** The network, as ONNX. */
  model: Uint8Array | null;
}

/** A finished audit, which countermeasures start from. */
export interface Case {
  labelled: Labelled;
  watched: Watched;
  found: Findings;
  settings: WatchSettings;
  /** What an audit after half of the epochs finds. */
  early(): Promise<Findings>;
  /** Progress of training `images` images in total: hears the share done, and throws `Stopped` when asked to end. */
  step(stage: string, images: number): (share: number) => void;
}

/** What a countermeasure did: its network, which the caller releases; null if nothing could be done. */
export interface Outcome {
  note: string;
  trainer: Trainer | null;
}

/** A countermeasure. Throws `Stopped` when asked to end. */
export type Countermeasure = (of: Case) => Promise<Outcome>;
