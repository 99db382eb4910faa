/** Whether a training set that nobody vouches for hides a backdoor. */
export { type Audit, type AuditSettings, audit, type ClassVerdict, type Effort, efforts, LEVEL } from './audit.js';
export { activationClustering } from './baselines/activation-clustering.js';
export { lossIsolation } from './baselines/loss-isolation.js';
export { spectralSignatures } from './baselines/spectral-signatures.js';
export { strip } from './baselines/strip.js';
export { loadUnvouched, type Unvouched } from './load.js';
export { type Signal, signals } from './signals.js';
export { auditDocument, checkNew, writeClean, writeFindings } from './write.js';
