import { afterEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { chooseDevice, inspectDevice } from '../../src/engine/index.js';

const linux = process.platform === 'linux' && process.arch === 'x64';

/** What a user is told who asks for a device that is not there. */
const refusal = async (device: 'webgpu' | 'cuda') => {
  const error = await chooseDevice(device).catch((e) => e);
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
};

afterEach(() => vi.unstubAllEnvs());

/** As on a machine without any Vulkan driver. */
function withoutVulkan() {
  vi.stubEnv('VK_DRIVER_FILES', '/nonexistent.json');
  vi.stubEnv('VK_ICD_FILENAMES', '/nonexistent.json');
}

describe('devices', async () => {
  const cuda = await inspectDevice('cuda');

  it('the processor works', async () => {
    expect(await inspectDevice('cpu')).toEqual({ device: 'cpu', available: true, found: 'works' });
    expect(await chooseDevice('cpu')).toBe('cpu');
  });

  it.skipIf(!linux)('WebGPU without a Vulkan driver: says what to install', async () => {
    withoutVulkan();
    expect(await refusal('webgpu')).toMatch(/^--device webgpu: no WebGPU adapter opens\. .*Vulkan driver.*libvulkan1/);
  });

  it.skipIf(!linux || cuda.available)('CUDA where it does not work: says what is needed', async () => {
    expect(await refusal('cuda')).toMatch(/^--device cuda: the CUDA provider .*CUDA 12 and cuDNN 9 are needed/);
  });

  it.skipIf(!linux || cuda.available)('auto falls back to the processor', async () => {
    withoutVulkan();
    expect(await chooseDevice('auto')).toBe('cpu');
  });
});
