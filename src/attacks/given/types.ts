import type { ImageSet } from '../../datasets/types.js';
import type { PoisonedSet, Rule } from '../types.js';

/** Name of the attack on a set that came poisoned: its trigger is not known, and nothing more is done to the set. */
export const GIVEN = 'given';

/** Where the manifest of a set that came poisoned is, and which part of the set is used. */
export interface GivenOptions {
  /** Path of the manifest, a file or a folder. */
  manifest: string;
  /** Target class. Default the label that all poisoned samples share. */
  target?: number;
  /** Labelling rule, where the user says it. */
  rule?: Rule;
  /** Folder the data set was read from; paths of files in the manifest are relative to it. */
  dataDir?: string;
  trainLimit?: number;
  testLimit?: number;
  seed: number;
}

/** A set that came poisoned, with the images on which it is evaluated. */
export interface GivenSet {
  target: number;
  /** Labelling rule of the attack, where the files say it. */
  rule?: Rule;
  poisoned: PoisonedSet;
  /** Clean test images. */
  test: ImageSet;
  /** Triggered test images with the target label, if the set has any; and the images they were made from, if these are known. */
  triggered: ImageSet | null;
  untriggered: ImageSet | null;
}

/** What a manifest says of one sample. */
export interface Row {
  index?: number;
  file?: string;
  poisoned: boolean;
  cover: boolean;
  /** The label trained on, where the manifest tells it: a check that it belongs to this data set. */
  label?: number | string;
  originalLabel?: number | string;
}

/** Triggered test images, and the same images without the trigger if they are known. */
export type TriggeredTest = { set: ImageSet; before: ImageSet | null } | null;

/** What a folder brought beside the images, labels and flags that it set. */
export interface TakenSet {
  /** With the labels that the attacker wants. */
  triggered: TriggeredTest;
  rule?: Rule;
}
