/** ibscope as a library: its rooms as namespaces. */
export * as attacks from './attacks/index.js';
export { UserError } from './base/errors.js';
export * as datasets from './datasets/index.js';
export * as dynamics from './dynamics/index.js';
export * as engine from './engine/index.js';
export { compare } from './experiments/compare.js';
export { type RunConfig, type RunRequest, resolveConfig } from './experiments/config.js';
export { run } from './experiments/run.js';
export * as information from './information/index.js';
export * as perception from './perception/index.js';
export { VERSION } from './version.js';
