/** What a user may ask of the engine, by name. */

/** Devices that programs may run on. */
export const devices = ['cpu', 'webgpu', 'cuda'] as const;
/** One of `devices`. */
export type Device = (typeof devices)[number];

/** Values of `--device`. */
export const deviceChoices = [...devices, 'auto'] as const;
/** One of `deviceChoices`. */
export type DeviceChoice = (typeof deviceChoices)[number];

/** Optimizers by name. */
export const optimizers = ['sgd', 'adamw'] as const;
/** One of `optimizers`. */
export type OptimizerKind = (typeof optimizers)[number];
