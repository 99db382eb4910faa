/** The published detectors. A new one is one file beside this and one line below. */
import { activationClustering } from './activation-clustering.js';
import { lossIsolation } from './loss-isolation.js';
import { spectralSignatures } from './spectral-signatures.js';
import { strip } from './strip.js';
import type { Detector } from './types.js';

/** All detectors, in the order in which tables show them. */
export const detectors: readonly Detector[] = [activationClustering, spectralSignatures, lossIsolation, strip];

export type { Detector, Observed } from './types.js';
export { activationClustering, lossIsolation, spectralSignatures, strip };
