/** The device of a configuration, with `auto` replaced by the device that is found. */
import type { RunHooks } from '../base/progress.js';
import { chooseDevice, type Device } from '../engine/index.js';
import type { RunConfig } from './options.js';

/** A configuration whose device is resolved. */
export type OnDevice = RunConfig & { device?: Device };

/**
 * The configuration with its device resolved. Throws `UserError` if the device is not available. For the processor `device` stays
 * unset, so that a run with `--device cpu` has the same name as a run without the option.
 */
export async function onDevice(config: RunConfig, { line }: RunHooks): Promise<OnDevice> {
  const device = await chooseDevice(config.device ?? 'cpu');
  if (config.device === 'auto') line?.(`device: ${device}`);
  return { ...config, device: device === 'cpu' ? undefined : device };
}
