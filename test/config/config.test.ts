import { describe, expect, it } from 'vitest';
import { requestOf } from '../../src/config/flags.js';
import { resolveConfig } from '../../src/config/resolve.js';

describe('the configuration of a run', () => {
  it('of the paper preset is the protocol', () => {
    expect(resolveConfig({ preset: 'paper', dataset: 'cifar10', dataDir: 'x' })).toMatchObject({
      width: 64,
      epochs: 120,
      batchSize: 256,
      lr: 0.1,
      momentum: 0.9,
      weightDecay: 5e-4,
      noise: 0.4,
      schedule: 'plateau',
      poisonRate: 0.1,
      target: 0,
      checkpoints: [1, 5, 10, 20, 40, 60, 80, 100, 120],
      critic: 'paper',
      view: 'pixels',
    });
  });

  it('always has the last epoch as a checkpoint', () => {
    for (const epochs of [1, 2, 3, 7, 12, 31, 120]) {
      const { checkpoints } = resolveConfig({ epochs });
      expect(checkpoints!.at(-1)).toBe(epochs);
      expect(checkpoints).toEqual([...new Set(checkpoints as number[])].sort((a, b) => a - b));
    }
    expect(resolveConfig({ epochs: 10, checkpoints: [2, 5] }).checkpoints).toEqual([2, 5, 10]);
    expect(resolveConfig({ preset: 'paper', dataset: 'cifar10', dataDir: 'x', epochs: 50 }).checkpoints).toEqual([
      1, 5, 10, 20, 40, 50,
    ]);
  });

  it('takes moments inside an epoch and in steps, and refuses what is neither', () => {
    const { checkpoints } = resolveConfig({ epochs: 5, checkpoints: [0.1, 0.25, '20s', 1] });
    expect(checkpoints).toEqual([0.1, 0.25, '20s', 1, 5]);
    expect(requestOf({ checkpoints: '0.1,0.25, 20s,1' }).checkpoints).toEqual([0.1, 0.25, '20s', 1]);
    for (const text of ['0', '1,x', '1,-2', '0s', '1.5s', ''])
      expect(() => requestOf({ checkpoints: text }), text).toThrow(
        `--checkpoints ${text}: epochs above 0, steps from 1, or log are expected, such as 0.1,0.25,1,5, or 20s, or log,1,5`,
      );
    expect(() => resolveConfig({ epochs: 5, checkpoints: [0.5, 6] })).toThrow('the last epoch is 5 (--epochs)');
    expect(() => resolveConfig({ epochs: 5, checkpoints: [2, 0.5] })).toThrow('ascending epochs are expected');
  });

  it('of resolved information draws eight times, and refuses a network without noise and a single draw', () => {
    expect(resolveConfig({ instrument: ['resolved'] }).draws).toBe(8);
    expect(resolveConfig({ instrument: ['resolved'], draws: 3 }).draws).toBe(3);
    expect(resolveConfig({ instrument: ['critics', 'resolved'] }).draws).toBe(8);
    expect(() => resolveConfig({ instrument: ['resolved'], noise: 0 })).toThrow(
      '--noise 0: --instrument resolved needs noise',
    );
    expect(() => resolveConfig({ instrument: ['resolved'], draws: 1 })).toThrow(
      '--draws 1: --instrument resolved needs at least 2',
    );
    expect(() => resolveConfig(requestOf({ instrument: 'resolvd' }))).toThrow('--instrument');
  });

  it('is measured by resolved information; the paper preset, and a network without noise, by critics as in version 0.1.0', () => {
    const sizes = (request: Parameters<typeof resolveConfig>[0]) => {
      const { instrument, draws, nullSplits } = resolveConfig(request);
      return [instrument, draws, nullSplits];
    };
    expect(sizes({})).toEqual([['resolved'], 8, 4]);
    expect(sizes({ preset: 'paper', dataset: 'cifar10', dataDir: 'x' })).toEqual([['critics'], 4, 1]);
    expect(sizes({ instrument: ['critics'] })).toEqual([['critics'], 2, 1]);
    expect(sizes({ noise: 0 })).toEqual([['critics'], 2, 1]);
    expect(sizes({ draws: 1 })).toEqual([['critics'], 1, 1]);
    expect(sizes({ noise: '0' })).toEqual([['critics'], 2, 1]);
    expect(sizes({ nullSplits: 0, draws: 16 })).toEqual([['resolved'], 16, 0]);
  });

  it('has moments inside the first epoch by default, but for the paper’s nine', () => {
    expect(resolveConfig({ epochs: 8 }).checkpoints).toEqual(['log', 1, 2, 4, 8]);
    expect(resolveConfig({ epochs: 1 }).checkpoints).toEqual(['log', 1]);
    const paper = resolveConfig({ preset: 'paper', dataset: 'cifar10', dataDir: 'x' });
    expect(paper.checkpoints).toEqual([1, 5, 10, 20, 40, 60, 80, 100, 120]);
  });

  it('takes only the embedded data set in a small size of its own accord', () => {
    expect(resolveConfig({}).trainLimit).toBe(4000);
    expect(resolveConfig({ dataset: 'cifar10', dataDir: 'x' }).trainLimit).toBeUndefined();
  });

  it('of a set that came poisoned has the target that was asked for, and else leaves it to the manifest', () => {
    expect(resolveConfig({ manifest: 'manifest.json' }).target).toBeUndefined();
    expect(resolveConfig({ manifest: 'manifest.json', target: 0 }).target).toBe(0);
    expect(resolveConfig({}).target).toBe(0);
  });

  it('refuses an attack’s option before anything is loaded', () => {
    expect(() => resolveConfig({ attack: 'blend', attackOption: ['alpha=2'] })).toThrow(/alpha/);
    expect(() => resolveConfig({ attack: 'blend', attackOption: ['alpha'] })).toThrow(/name=value/);
  });
});
