/** The published detectors. A new one is one file beside this and one line below. */
import { activationClustering } from './activation-clustering.js';
import { flare } from './flare.js';
import { ibdPsc } from './ibd-psc.js';
import { lossIsolation } from './loss-isolation.js';
import { neuralCleanse } from './neural-cleanse.js';
import { spectralSignatures } from './spectral-signatures.js';
import { strip } from './strip.js';
import type { Detector } from './types.js';

/** All detectors, in the order in which tables show them: by what a defender has. */
export const detectors: readonly Detector[] = [
  activationClustering,
  spectralSignatures,
  lossIsolation,
  flare,
  strip,
  ibdPsc,
  neuralCleanse,
];

export type { Detector, Finding, Network, Observed, ThreatModel } from './types.js';
export { activationClustering, flare, ibdPsc, lossIsolation, neuralCleanse, spectralSignatures, strip };
