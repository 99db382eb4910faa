import type { RunHooks } from '../base/progress.js';
import { chooseDevice, type Device } from '../engine/index.js';
import type { RunConfig } from './options.js';

/** A configuration that names the device it runs on. */
export type OnDevice = RunConfig & { device?: Device };

/**
 * The device that the configuration asks for, in place of `auto`; throws where it is not there. The processor is left unset:
 * a run that asked for it is the same run as one that asked for nothing.
 */
export async function onDevice(config: RunConfig, { line }: RunHooks): Promise<OnDevice> {
  const device = await chooseDevice(config.device ?? 'cpu');
  if (config.device === 'auto') line?.(`device: ${device}`);
  return { ...config, device: device === 'cpu' ? undefined : device };
}
