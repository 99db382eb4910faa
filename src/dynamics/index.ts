/** Computations on tables of estimates: trajectories, phases, the Lagrangian, the stealth score and its null. */

export * from './acceleration.js';
export { type Answer, answerOf } from './answer.js';
export * from './authors-draft.js';
export { type GapParts, integrationGap, type StealthQuantity, stealthQuantities, type TimeAxis } from './distance.js';
export * from './every-class.js';
export * from './lagrangian.js';
export { exceedanceOverSeeds, predictionRange, type StealthNull } from './null.js';
export * from './own.js';
export * from './phases.js';
export * from './phases-over-seeds.js';
export * from './processing-inequality.js';
export * from './rank.js';
export * from './seeds.js';
export * from './sensitivity.js';
export * from './spearman.js';
export * from './stealth.js';
export * from './trajectory.js';
export * from './types.js';
