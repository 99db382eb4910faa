/** `--config` and `--save-config`: the same options from a file as from flags, and what is refused. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.js';
import { optionsOf } from '../../src/cli/study.js';
import { studies } from '../../src/studies/index.js';

const box = mkdtempSync(join(tmpdir(), 'ibscope-config-'));
afterAll(() => rmSync(box, { recursive: true }));

/** The values that the command's action gets, without its work. */
async function valuesOf(args: string[]): Promise<Parameters<typeof optionsOf>[0]> {
  const program = await buildProgram();
  let values: unknown;
  const take = (command: Command) => command.action((v) => (values = v));
  for (const c of program.commands) {
    if (c.name() === 'study') c.commands.forEach(take);
    else if (['run', 'compare'].includes(c.name())) take(c);
  }
  await program.parseAsync(args, { from: 'user' });
  return values as Parameters<typeof optionsOf>[0];
}

/** Every run of a study's command line. */
async function planOf(args: string[]) {
  const study = studies.find((s) => s.name === args[1])!;
  return study.plan(optionsOf(await valuesOf(args), study));
}

const file = (name: string, content: unknown) => {
  const path = join(box, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

const SWEEP = [
  'study',
  'sweep',
  '--vary',
  'alpha=0.05:0.5',
  '--vary',
  'poison-rate=0.03,0.1',
  '--attacks',
  'blend,refool',
];

it.each([
  [
    'sweep',
    [...SWEEP, '--trials', '5', '--sweep-seed', '3', '--epochs', '4', '--checkpoints', 'log,1,2', '--seeds', '0-1'],
  ],
  [
    'attacks',
    [
      'study',
      'attacks',
      '--data',
      'shapes10?width=4',
      '--data',
      'folder:a?attacks=blend',
      '--rates',
      '0.1,0.2',
      '--lr',
      '1e-1',
    ],
  ],
  ['architecture', ['study', 'architecture', '--models', 'vgg16,vit', '--layer', 'layer4', '--keep-probes']],
])('a saved configuration gives the same plan: %s', async (name, args) => {
  const ending = name === 'sweep' ? 'yaml' : 'json';
  const saved = join(box, `${name}.${ending}`);
  const plan = await planOf([...args, '--save-config', saved, '--dry-run', '--json']);
  expect(plan.length).toBeGreaterThan(1);
  expect(await planOf(['study', name, '--config', saved])).toEqual(plan);
  // Saved once more it is the same file.
  const again = join(box, `${name}-again.${ending}`);
  await planOf(['study', name, '--config', saved, '--save-config', again]);
  expect(readFileSync(again, 'utf8')).toBe(readFileSync(saved, 'utf8'));
});

it('holds what was given and nothing else, sorted, without the options of one call', async () => {
  const saved = join(box, 'given.json');
  await valuesOf([...SWEEP, '--width', '4', '--keep-probes', '--dry-run', '--save-config', saved]);
  const { study, ...options } = JSON.parse(readFileSync(saved, 'utf8'));
  expect(study).toBe('sweep');
  expect(Object.entries(options)).toEqual([
    ['attacks', 'blend,refool'],
    ['keep-probes', true],
    ['vary', ['alpha=0.05:0.5', 'poison-rate=0.03,0.1']],
    ['width', 4],
  ]);
});

it('flags win over the file, also those that may be repeated', async () => {
  const path = file('win.json', {
    study: 'sweep',
    vary: ['alpha=0.1,0.2'],
    epochs: 4,
    width: 8,
    layer: ['layer3', 'layer4'],
  });
  const values = await valuesOf(['study', 'sweep', '--epochs', '2', '--config', path, '--vary', 'lr=0.1,0.2']);
  expect(values).toMatchObject({ epochs: '2', width: '8', vary: ['lr=0.1,0.2'], layer: 'layer3,layer4' });
});

it('works for run and compare, whose attacks may stand in the file', async () => {
  const run = file('run.json', { attack: 'blend', 'attack-option': ['alpha=0.2'], resume: false, json: true });
  expect(await valuesOf(['run', '--config', run])).toMatchObject({
    attack: 'blend',
    attackOption: ['alpha=0.2'],
    json: true,
  });
  const compare = file('compare.json', { attacks: 'none,blend' });
  expect(await valuesOf(['compare', '--config', compare])).toMatchObject({ attacks: 'none,blend' });
  await expect(valuesOf(['compare'])).rejects.toThrow(/--attacks <names>' not specified/);
});

it('reads YAML as people write it', async () => {
  const path = file(
    'written.yaml',
    '# my sweep\nstudy: sweep\nattacks: blend@0.1:alpha=0.2, wanet\nseeds: 0-2\nlr: 1e-1\nlayer: [layer3, layer4]\nvary:\n  - width=4,8\n  - alpha=0.05:0.5\nkeep-probes: true\n',
  );
  expect(await valuesOf(['study', 'sweep', '--config', path])).toMatchObject({
    attacks: 'blend@0.1:alpha=0.2, wanet',
    seeds: '0-2',
    lr: '0.1',
    layer: 'layer3,layer4',
    vary: ['width=4,8', 'alpha=0.05:0.5'],
    keepProbes: true,
  });
});

it.each<[string, string[], unknown, RegExp]>([
  [
    'an unknown key',
    ['study', 'sweep'],
    { vray: ['alpha=1'] },
    /bad.json: unknown key "vray"\. Did you mean "vary"\?$/,
  ],
  ['a key of another command', ['run'], { vary: ['alpha=1'] }, /bad.json: unknown key "vary"/],
  ['a file in a file', ['run'], { config: 'other.json' }, /unknown key "config"/],
  ['another study', ['study', 'null'], { study: 'sweep' }, /of the study "sweep", not of null/],
  ['an object', ['run'], { epochs: { a: 1 } }, /epochs is {"a":1}; a text, a number or a list/],
  ['an empty list', ['run'], { epochs: [] }, /epochs is \[\]/],
  ['a text for a switch', ['run'], { view: 'yes' }, /view is "yes"; true or false is expected/],
  ['what is not YAML', ['run'], 'epochs: [4\nwidth: 8\n', /bad.json: it is not YAML \(.+\)$/],
  ['a word', ['run'], 'epochs', /options by their names are expected, such as "epochs: 8"$/],
  ['a list', ['run'], [1], /options by their names are expected/],
])('%s is refused in one line', async (_, command, content, message) => {
  const path = file('bad.json', content);
  const refused = valuesOf([...command, '--config', path]);
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.not.toThrow(/\n/);
});

it('a file that is not there is named', async () => {
  await expect(valuesOf(['run', '--config', join(box, 'no.json')])).rejects.toThrow(/no\.json: no such file$/);
});
