/** What `--vary` accepts, and the trials of grids and random draws. */
import { describe, expect, it } from 'vitest';
import { parseVary, trialValues } from '../../src/studies/vary.js';

const vary = (...texts: string[]) => texts.map((text) => parseVary(text, ['blend', 'wanet']));

describe('--vary', () => {
  it.each([
    ['alpha=0.1,0.20, 0.2', { name: 'alpha', values: ['0.1', '0.2'] }],
    ['poison-rate=0.003,1e-2', { name: 'poison-rate', key: 'poisonRate', values: ['0.003', '0.01'] }],
    ['model=resnet10,vit', { name: 'model', key: 'model', values: ['resnet10', 'vit'] }],
    ['critic-view=network,pixels', { name: 'critic-view', key: 'view', values: ['network', 'pixels'] }],
    ['mask=a:b.npy', { name: 'mask', values: ['a:b.npy'] }],
    [
      'alpha=0.2:0.5',
      {
        name: 'alpha',
        values: ['0.2', '0.3', '0.4', '0.5'],
        range: { low: 0.2, high: 0.5, log: false, whole: false },
      },
    ],
    [
      'lr=0.001:1:log',
      {
        name: 'lr',
        key: 'lr',
        values: ['0.001', '0.01', '0.1', '1'],
        range: { low: 0.001, high: 1, log: true, whole: false },
      },
    ],
    // Two of the four values are the same whole number.
    ['k=2:4', { name: 'k', values: ['2', '3', '4'], range: { low: 2, high: 4, log: false, whole: true } }],
  ])('%s', (text, option) => {
    expect(vary(text)).toEqual([option]);
  });

  it.each([
    ['alpha', /--vary alpha: name=values is expected/],
    ['alpha=', /name=values is expected/],
    ['=1', /name=values is expected/],
    ['alhpa=0.1', /unknown option of a run or of blend, wanet "alhpa".*Did you mean "alpha"/],
    ['widht=4', /Did you mean "width"/],
    ['alpha=0.1,,0.2', /a value is empty/],
    ['alpha=low', /numbers are expected/],
    ['alpha=0.5:0.1', /low below high/],
    ['alpha=0.1:0.1', /low below high/],
    ['alpha=:0.1', /low below high/],
    ['alpha=0.1:x', /low below high/],
    ['alpha=0.1:0.2:ln', /low:high:log/],
    ['lr=0:1:log', /begins above 0/],
    ['width=1.5:4', /whole numbers/],
    ['seed=0,1', /given with --seeds/],
    ['attack-option=alpha=1', /the option of the attack itself/],
    ['checkpoints=1,2', /a list/],
  ])('%s is refused in one line', (text, message) => {
    expect(() => vary(text)).toThrow(message);
    expect(() => vary(text)).not.toThrow(/\n/);
  });
});

describe('trials', () => {
  it('of lists and ranges are every combination once, the last option fastest', () => {
    const trials = trialValues({ vary: vary('model=resnet10,vit', 'alpha=0.2:0.5'), seed: 0 });
    expect(trials.map((t) => `${t.model} ${t.alpha}`)).toEqual(
      ['resnet10', 'vit'].flatMap((m) => ['0.2', '0.3', '0.4', '0.5'].map((a) => `${m} ${a}`)),
    );
  });

  const random = (trials: number, seed: number, ...texts: string[]) =>
    trialValues({ vary: vary(...texts), trials, seed });

  it('at random are those of their seed; more of them begin with the same ones, and another option changes none', () => {
    const texts = ['alpha=0.05:0.5', 'poison-rate=0.01,0.1'];
    const ten = random(10, 3, ...texts);
    expect(ten).toHaveLength(10);
    expect(random(10, 3, ...texts)).toEqual(ten);
    expect(random(40, 3, ...texts).slice(0, 10)).toEqual(ten);
    expect(random(10, 4, ...texts)).not.toEqual(ten);
    const alphas = random(10, 3, 'lr=0.1:1', ...texts).map((t) => t.alpha);
    expect(alphas).toEqual(ten.map((t) => t.alpha));
  });

  it('at random fill a range evenly, a logarithmic one by its logarithm, and whole numbers with equal chances', () => {
    const n = 4000;
    const share = (values: number[], below: number) => values.filter((v) => v < below).length / values.length;
    const drawn = random(n, 0, 'alpha=0.2:0.6', 'lr=0.0001:1:log', 'width=8:11');
    const [alpha, lr, width] = ['alpha', 'lr', 'width'].map((name) => drawn.map((t) => Number(t[name])));
    // Five standard errors of a share of half are 0.04.
    expect(Math.abs(share(alpha, 0.4) - 0.5)).toBeLessThan(0.04);
    expect(Math.abs(share(lr, 0.01) - 0.5)).toBeLessThan(0.04);
    for (const w of [8, 9, 10, 11])
      expect(Math.abs(width.filter((v) => v === w).length / n - 0.25)).toBeLessThan(0.035);
    for (const [values, low, high] of [[alpha, 0.2, 0.6] as const, [lr, 0.0001, 1] as const])
      for (const v of values) expect(v >= low && v <= high).toBe(true);
  });

  it('at random are all combinations where there are no more', () => {
    const all = random(50, 0, 'alpha=0.1,0.2', 'model=resnet10,vit');
    expect(new Set(all.map((t) => JSON.stringify(t))).size).toBe(4);
    expect(all).toHaveLength(4);
  });

  it('are at most ten thousand', () => {
    const many = `alpha=${Array.from({ length: 200 }, (_, i) => i / 200).join(',')}`;
    const other = `poison-rate=${Array.from({ length: 200 }, (_, i) => (i + 1) / 200).join(',')}`;
    expect(() => trialValues({ vary: vary(many, other), seed: 0 })).toThrow(/40000 trials: at most 10000.*--trials/);
  });
});
