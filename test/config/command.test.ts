/** The command that is printed for a run makes that run: read as the command line reads it, it is the same configuration. */
import { describe, expect, it } from 'vitest';
import { commandOf } from '../../src/config/command.js';
import { requestOf } from '../../src/config/flags.js';
import type { RunRequest } from '../../src/config/options.js';
import { resolveConfig } from '../../src/config/resolve.js';

/** The values of a command without quoted words, by flag in camel case; a flag that is repeated has a list. */
function valuesOf(command: string): Record<string, unknown> {
  const [, ...words] = command.split(' ');
  const values: Record<string, unknown> = {};
  for (let i = 0; i < words.length; i += 2) {
    const key = words[i].slice(2).replace(/-(.)/g, (_, c: string) => c.toUpperCase());
    if (key === 'attackOption') values[key] = [...((values[key] as string[]) ?? []), words[i + 1]];
    else values[key] = words[i + 1];
  }
  return values;
}

describe('the command of a run', () => {
  it.each<[string, RunRequest]>([
    ['defaults', {}],
    ['another attack with options', { attack: 'wanet', attackOption: ['s=1', 'k=8'], poisonRate: 0.2, seed: 3 }],
    ['the paper preset', { preset: 'paper', dataset: 'shapes10', epochs: 20 }],
    ['a folder', { dataset: 'folder', dataDir: 'my/images', trainLimit: 500, attack: 'blend' }],
    ['a manifest', { dataset: 'folder', dataDir: 'set', manifest: 'set/manifest.json', target: 3 }],
    ['nothing poisoned', requestOf({ attack: 'none', instrument: 'resolved,critics', checkpoints: '20s,1,8' })],
    ['source classes and layers', { rule: 'source-specific', source: [3, 5], layer: ['layer2', 'layer4'] }],
  ])('%s', (_, request) => {
    const config = resolveConfig(request);
    const { out, ...values } = valuesOf(commandOf(config, 'there')!);
    expect(out).toBe('there');
    expect(resolveConfig(requestOf(values))).toEqual(config);
  });
});
