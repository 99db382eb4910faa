/** What detectors are shown: a training set, a network trained on it, and what is known of both. */
import type { InputSet } from '../datasets/types.js';
import type { ReleasableNetwork } from './network.js';

export interface Subject {
  /** The run or set, as it was named. */
  of: string;
  /** Class names. */
  classes: string[];
  /** Number of the target class, where it is known. */
  target: number | null;
  /** The training set, with the labels it was trained on. */
  set: InputSet;
  /** Which of its samples are poisoned, and which are cover samples, [n]; null where it is not known. */
  truth: { poisoned: Uint8Array; cover: Uint8Array } | null;
  /** Name of sample `i` in files. */
  nameOf(i: number): string | number;
  network: ReleasableNetwork;
  /** Cross-entropy of the labels part of the way through training, nats, [n], or why it is not known. */
  loss: Float32Array | string;
  /** Samples that are known to be clean and where they come from, or why there are none. */
  trusted: { set: InputSet; from: string } | string;
  /** Inputs at run time, and which of them are triggered; null where there are none but the training set's images. */
  inputs: { set: InputSet; triggered: Uint8Array } | null;
  epsilon: number;
  seed: number;
}

/** How a subject is to be read. */
export interface SubjectRequest {
  path: string;
  /** Folder or `.npz` of samples that are known to be clean. */
  trusted?: string;
  /** ε; by default the poison rate of a run, and 0.05 of a set. */
  epsilon?: number;
  seed: number;
}

/** ε where nothing is known, the rate at which most of the field's evaluations are made. */
export const EPSILON = 0.05;
