/** The form of a new run, and the messages it shows. */
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../src/config/resolve.js';
import { form } from '../../src/server/form.js';
import { inForm } from '../../src/web/form-words.js';

describe('the form', () => {
  it('speaks of its fields, not of the command line, and asks for classes as the server takes them', () => {
    const { fields, parameters } = form();
    const lines = [...fields, ...Object.values(parameters).flat()].map((f) => f.description);
    for (const line of lines) expect(line).not.toMatch(/command line|--[a-z]|repeated/);
    const described = (key: string) => fields.find((f) => f.key === key)!.description;
    expect(described('target')).toBe('target class, by its number');
    // The server refuses names of classes.
    expect(described('source')).not.toContain('cat');
    expect(() => resolveConfig({ target: 'cat' })).toThrow(/class number/);
  });

  it('does not repeat the names of a list', () => {
    const attack = form().fields.find((f) => f.key === 'attack')!;
    expect(attack.description).toBe('name of the attack');
    expect(attack.choices).toContain('badnets');
  });
});

describe('a message', () => {
  const refused = (request: Parameters<typeof resolveConfig>[0]) => {
    try {
      resolveConfig(request);
    } catch (error) {
      return inForm((error as Error).message);
    }
  };

  it('names fields by their labels', () => {
    expect(refused({ trainLimit: 0 })).toBe('train limit 0: a whole number from 1 is allowed');
    expect(refused({ dataset: 'cifar10' })).toBe('data dir is needed for the data set "cifar10"');
    expect(refused({ attack: 'blend', attackOption: ['alpha'] })).toMatch(/^parameter alpha: /);
  });

  it('leaves commands as they are typed, and numbers below 0', () => {
    expect(inForm('`ibscope data --dataset mnist` makes --data-dir')).toBe(
      '`ibscope data --dataset mnist` makes data dir',
    );
    expect(inForm('--noise -1: 0 or more')).toBe('noise -1: 0 or more');
  });
});
