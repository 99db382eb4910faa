/** The parameters of attacks as forms and lists have them. */
import { describe, expect, it } from 'vitest';
import { attacks, findAttack } from '../../src/attacks/index.js';
import { parametersOf } from '../../src/attacks/parameters.js';

describe('the parameters of an attack', () => {
  it('have the defaults of the paper and the words that are allowed', () => {
    expect(parametersOf(findAttack('wanet')).map((p) => [p.name, p.default])).toEqual([
      ['k', 4],
      ['s', 0.5],
      ['jitter', 1],
    ]);
    expect(parametersOf(findAttack('refool')).find((p) => p.name === 'kind')!.choices).toEqual(['focus', 'ghost']);
  });

  it('are required only where the attack refuses to make its trigger without them', () => {
    const shape = { height: 8, width: 8, channels: 3 };
    for (const attack of attacks) {
      const needed = parametersOf(attack).filter((p) => p.required);
      const make = () => attack.trigger(shape, { poisonRate: 0.1, target: 0, seed: 0, options: {} });
      const refuses = needed.map((p) => expect.stringContaining(p.name));
      let said: string[] = [];
      try {
        make();
      } catch (error) {
        said = [(error as Error).message];
      }
      expect(said, attack.name).toEqual(refuses);
    }
  });
});
