/** The examples in the help of commands, run as they are pasted: on embedded data, and on files that an example made. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.js';
import { examplesOf, helpOf, named } from './help.js';
import { sandbox } from './helpers.js';

/** Why the examples of a command are not run here. */
const NOT_RUN: Record<string, string> = {
  data: 'it fetches files',
  'data fetch': 'it fetches files',
  view: 'it serves until it is stopped',
  work: 'it needs the plan of a study; test/machines has it',
  worker: 'it takes jobs until it is stopped; test/machines has it',
  run: 'it takes minutes; a smaller run takes its place',
  compare: 'it takes minutes',
  audit: 'it takes minutes',
  study: 'it has no example of its own; those of its studies are parsed in cli.test.ts',
};

/** Options that make the examples of a command take less time; the last of an option counts. */
const SMALLER: Record<string, string[]> = { poison: ['--train-limit', '600'] };

/** Files that examples make, by command. */
const MADE: Record<string, string[]> = {
  poison: ['poisoned.npz', 'attacks.png'],
  adapt: ['runs/trigger.npz', 'runs/trigger/report.html', 'runs/trigger.png'],
  train: ['runs/defended/model.onnx', 'runs/defended/report.html'],
  export: ['plane.svg', 'trajectories.csv', 'scores.csv', 'events', 'blend.onnx'],
  mi: ['runs/a.npy', 'runs/b.npy'],
  analyze: ['runs/epoch-8.onnx'],
  report: ['runs/blend/report.html'],
  detect: ['runs/blend/detectors.json', 'runs/blend/detectors/AC.csv'],
};

describe('the examples of', async () => {
  const box = sandbox();
  const program = await buildProgram();

  it('run, on a smaller set, makes what other examples read', async () => {
    const [words] = examplesOf(helpOf(named(program).find((c) => c.name === 'run')!.command));
    const small =
      '--model resnet10 --width 2 --epochs 2 --checkpoints 1,2 --train-limit 2500 --test-limit 100 --draws 2 --null-splits 1';
    const { code, stderr } = await box.run([...words.slice(2), ...small.split(' ')]);
    expect(code, stderr).toBe(0);
    expect(existsSync(join(box.folder, 'runs/blend/run.json'))).toBe(true);
  });

  it.each(named(program).filter(({ name }) => !(name in NOT_RUN) && !name.startsWith('study ')))(
    '$name',
    async ({ name, command }) => {
      for (const [word, ...rest] of examplesOf(helpOf(command))) {
        if (word === 'node') {
          const script = join(import.meta.dirname, '../..', rest[0]);
          await promisify(execFile)(process.execPath, [script, ...rest.slice(1)], { cwd: box.folder });
          continue;
        }
        const { code, stderr } = await box.run([...rest.slice(1), ...(SMALLER[name] ?? [])]);
        expect(code, `${rest.join(' ')}\n${stderr}`).toBe(0);
      }
      for (const file of MADE[name] ?? []) expect(existsSync(join(box.folder, file)), file).toBe(true);
    },
  );
});
