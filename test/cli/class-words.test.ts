/** `--target` and `--source` by name and by number, where classes are called by numbers too. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { classNumber } from '../../src/cli/class-words.js';
import { classNamesOf, loadDataset } from '../../src/datasets/index.js';
import { sandbox } from './helpers.js';

const box = sandbox();

/** Class folders with images of one grey each, so that an image tells its class. */
async function folders(name: string, classes: readonly string[]) {
  const root = join(box.folder, name);
  for (const [k, of] of classes.entries()) {
    mkdirSync(join(root, of), { recursive: true });
    for (let i = 0; i < 12; i++)
      await sharp({ create: { width: 32, height: 32, channels: 3, background: { r: 20 * k, g: i, b: 0 } } })
        .png()
        .toFile(join(root, of, `${i}.png`));
  }
  return root;
}

describe('a class', () => {
  const animals = ['ant', 'bee', 'cat'];
  const shifted = ['1', '2', '3'];
  it.each<[string, readonly string[], number | RegExp]>([
    ['cat', animals, 2],
    ['2', animals, 2],
    ['name:bee', animals, 1],
    ['index:1', animals, 1],
    ['7', animals, 7],
    ['cta', animals, /^unknown class of --target "cta": one of ant, bee, cat\. Did you mean "cat"\?$/],
    ['index:cat', animals, /^--target index:cat: index: takes a number from 0 to 2$/],
    ['0', shifted, 0],
    ['3', shifted, 2],
    ['name:2', shifted, 1],
    ['index:2', shifted, 2],
    [
      '2',
      shifted,
      /^--target 2: it is the name of class number 1, and class number 2 is "3"; write name:2 or index:2$/,
    ],
    ['11', ['0', '1', '11'], 2],
  ])('%s of %j', (text, classes, expected) => {
    if (typeof expected === 'number') expect(classNumber('--target', text, classes)).toBe(expected);
    else expect(() => classNumber('--target', text, classes)).toThrow(expected);
  });
});

describe('folders that are called by numbers', () => {
  it('are in the order of the numbers: folder 2 of 0 … 11 is class 2', async () => {
    const names = Array.from({ length: 12 }, (_, k) => String(k));
    const dataDir = await folders('numbers', names);
    expect(await classNamesOf('folder', dataDir)).toEqual(names);
    const { classes, train } = await loadDataset('folder', { dataDir, seed: 0 });
    expect(classes).toEqual(names);
    train.labels.forEach((y, i) => {
      expect(train.images[3 * 1024 * i]).toBe(20 * y);
    });
  });
});

describe('poison', () => {
  it('takes the target by name, and says it', async () => {
    const { code, stdout } = await box.run(
      'poison --attack badnets --train-limit 200 --test-limit 20 --target star --out star.npz'.split(' '),
    );
    expect(code).toBe(0);
    const names = await classNamesOf('shapes10');
    expect(stdout).toContain(`20 poisoned as star (${names.indexOf('star')})`);
  });

  it('refuses a name that no class has, and a number that is also another class', async () => {
    const unknown = await box.run('poison --attack badnets --target strar --out x.npz'.split(' '));
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('Did you mean "star"?')]);
    await folders('shifted', ['1', '2', '3', '4']);
    const both = await box.run(
      'poison --attack badnets --dataset folder --data-dir shifted --target 2 --out x.npz'.split(' '),
    );
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('write name:2 or index:2')]);
    const named = await box.run(
      'poison --attack badnets --dataset folder --data-dir shifted --poison-rate 0.2 --target name:2 --out y.npz'.split(
        ' ',
      ),
    );
    expect(named.stdout).toContain('as 2 (1)');
  });

  it('takes source classes by name', async () => {
    const names = await classNamesOf('shapes10');
    const command =
      'poison --attack badnets --train-limit 400 --test-limit 20 --target 0 --rule source-specific --json'.split(' ');
    const byName = await box.run([...command, '--source', `${names[3]},${names[5]}`, '--out', 'by-name.npz']);
    const byNumber = await box.run([...command, '--source', '3,5', '--out', 'by-number.npz']);
    expect(byName.code).toBe(0);
    const { file: _, ...a } = JSON.parse(byName.stdout);
    const { file: __, ...b } = JSON.parse(byNumber.stdout);
    expect(a).toEqual(b);
  });
});

describe('analyze --onnx', () => {
  const onnx = ['analyze', '--onnx', 'epoch-1.onnx', '--dataset'];

  it('takes the target by name, and refuses a name that no class has', async () => {
    const unknown = await box.run([...onnx, 'shapes10', '--target', 'strar']);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('Did you mean "star"?')]);
    // The class is known, so that what is refused next is the file.
    const known = await box.run([...onnx, 'shapes10', '--target', 'star']);
    expect([known.code, known.stderr]).toEqual([2, expect.stringContaining('epoch-1.onnx: no such file')]);
  });

  it('asks which is meant where a number is also the name of another class', async () => {
    await folders('digits', ['1', '2', '3', '4']);
    const both = await box.run([...onnx, 'folder', '--data-dir', 'digits', '--target', '2']);
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('write name:2 or index:2')]);
  });

  it('of a trace refuses a target, by name and by number', async () => {
    for (const target of ['star', '3']) {
      const { code, stderr } = await box.run(['analyze', 'trace', '--target', target]);
      expect([code, stderr]).toEqual([2, expect.stringContaining('--target: only allowed with --onnx')]);
    }
  });
});
