/** The published detectors. A new one is one file beside this and one line below. */
import { activationClustering } from './activation-clustering.js';
import { beatrix } from './beatrix.js';
import { bki } from './bki.js';
import { cube } from './cube.js';
import { flare } from './flare.js';
import { ibdPsc } from './ibd-psc.js';
import { lossIsolation } from './loss-isolation.js';
import { neuralCleanse } from './neural-cleanse.js';
import { onion } from './onion.js';
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
  bki,
  cube,
  scan,
  beatrix,
  strip,
  onion,
  ibdPsc,
  neuralCleanse,
];

export type { Detector, Finding, Network, Observed, ThreatModel } from './types.js';
export { readsSet } from './types.js';
export {
  activationClustering,
  beatrix,
  bki,
  cube,
  flare,
  ibdPsc,
  lossIsolation,
  neuralCleanse,
  onion,
  scan,
  spectralSignatures,
  spectre,
  strip,
};
