/** The JSON documents of a run directory. */
import type { RunConfig } from './config.js';

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
  created: string;
}

/** `groups.json`: which probed samples make up which group. */
export interface GroupsDocument {
  size: number;
  /** Groups with too few samples to compare, and how many they have. */
  leftOut: Record<string, number>;
  /** Group id → row numbers of `samples.safetensors`. */
  groups: Record<string, number[]>;
}
