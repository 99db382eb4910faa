/** Stealth in parameter space: what a network's weights, and its answer to the trigger, show of a backdoor. */
export { activationChange, tup } from './activation-change.js';
export { channelBounds, type NormalisedConvolution, uclc } from './lipschitz.js';
