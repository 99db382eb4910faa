/** What a training on an untrusted set leaves. */
import type { Decision, SetAside } from './methods/types.js';
import type { DefenceName } from './names.js';

/** `train.json`. */
export interface TrainDocument {
  /** Shares, 0 … 1; null without images to count. */
  accuracy: number | null;
  asr: number | null;
  /** Samples that were set aside: their files, or their numbers from 0. */
  suspicious: (string | number)[];
  /** Path of the network as ONNX. */
  model: string;
  /** Seconds of training and decisions in this session. */
  seconds: number;
  /** Path of the page. */
  report: string;
  defence: DefenceName;
  /** What was done, a sentence. */
  answer: string;
  setAside: SetAside[];
  decisions: Decision[];
  /** Epochs of training over all networks; images of the set. */
  epochs: number;
  images: number;
  asked: { sha256: string; seed: number; width: number; epochs: number; tuneRate?: number };
  version: string;
}
