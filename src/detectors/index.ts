/** The published detectors. A new one is one file beside this and one line below. */
import { activationClustering } from './activation-clustering.js';
import { beatrix } from './beatrix.js';
import { flare } from './flare.js';
import { ibdPsc } from './ibd-psc.js';
import { lossIsolation } from './loss-isolation.js';
import { neuralCleanse } from './neural-cleanse.js';
import { scan } from './scan.js';
import { spectralSignatures } from './spectral-signatures.js';
import { spectre } from './spectre.js';
import { strip } from './strip.js';
import type { Detector } from './types.js';

/** All detectors, in the order in which tables show them: by what a defender has. */
export const detectors: readonly Detector[] = [
  activationClustering,
  spectralSignatures,
  lossIsolation,
  spectre,
  flare,
  scan,
  beatrix,
  strip,
  ibdPsc,
  neuralCleanse,
];

export type { Detector, Finding, Network, Observed, ThreatModel } from './types.js';
export {
  activationClustering,
  beatrix,
  flare,
  ibdPsc,
  lossIsolation,
  neuralCleanse,
  scan,
  spectralSignatures,
  spectre,
  strip,
};
