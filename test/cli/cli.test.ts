import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.js';
import type { DeviceState } from '../../src/engine/index.js';
import { called, examplesOf, helpOf, named } from './help.js';
import { MAIN, sandbox } from './helpers.js';

const box = sandbox();
const ibscope = box.run;

describe('a wrong command gives one line, exit code 2, and leaves nothing behind', () => {
  const cases: [string[], RegExp][] = [
    [['rnu'], /unknown command 'rnu'.*run/],
    [['run', '--atack', 'none'], /unknown option '--atack'.*--attack/],
    [['run', '--attack', 'badnet'], /unknown attack "badnet".*Did you mean "badnets"/],
    [['run', '--dataset', 'shapes'], /unknown data set "shapes".*shapes10/],
    [['run', '--model', 'resnet'], /unknown model "resnet".*resnet18/],
    [['run', '--layer', 'layer5'], /unknown layer of resnet18 "layer5".*layer1, layer2.*Did you mean/],
    [['run', '--device', 'gpu'], /--device gpu: one of cpu, webgpu, cuda, auto is allowed\. Did you mean "webgpu"/],
    [['compare', '--attacks', 'none', '--device', 'cude'], /--device cude.*Did you mean "cuda"/],
    [['run', '--optimizer', 'adam'], /--optimizer adam.*sgd, adamw/],
    [['run', '--poison-rate', '0'], /--poison-rate 0/],
    [['run', '--poison-rate', '1.5'], /--poison-rate 1.5/],
    [['run', '--poison-rate', 'abc'], /--poison-rate abc/],
    [['run', '--target', '10'], /--target 10.*0 to 9/],
    [['run', '--target', '-1'], /--target -1/],
    [['run', '--epochs', '0'], /--epochs 0/],
    [['run', '--width', '0'], /--width 0/],
    [['run', '--noise', '-0.1'], /--noise -0.1/],
    [['run', '--seed', '1.5'], /--seed 1.5/],
    [['run', '--checkpoints', '3,1'], /--checkpoints 3,1.*ascending epochs are expected/],
    [['run', '--checkpoints', '1,99'], /--checkpoints 1,99.*--epochs/],
    [['run', '--checkpoints', '1,,2'], /--checkpoints 1,,2/],
    [['run', '--dataset', 'folder'], /--data-dir is needed/],
    [['run', '--dataset', 'folder', '--data-dir', 'nowhere'], /nowhere/],
    [['run', '--attack', 'blend', '--attack-option', 'alfa=1'], /alfa/],
    [['run', '--resume'], /--out/],
    [['compare', '--attacks', 'none,none'], /named twice/],
    [['compare', '--attacks', 'none,bend'], /"bend".*blend/],
    [['mi', 'a.npy', 'b.npy'], /a\.npy: no such file/],
    [['mi', 'a.npy', 'b.npy', '--estimator', 'infonca'], /infonce/],
    [['poison', '--out', 'x.txt'], /\.npz/],
    [['report', 'nowhere'], /nowhere/],
  ];
  it.each(cases)('%j', async (args, expected) => {
    const before = await readdir(box.folder);
    const { code, stdout, stderr } = await box.call(args);
    expect(stderr).toMatch(expected);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(await readdir(box.folder)).toEqual(before);
  });

  it.each([[['rnu']], [['run', '--poison-rate', '0']]])('as a process of its own too: %j', async (args) => {
    const { code, stdout, stderr } = await ibscope(args);
    expect(stderr).toBe((await box.call(args)).stderr);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('an empty folder, one class, and a file that is no image', async () => {
    const empty = join(box.folder, 'empty');
    await mkdir(empty);
    const fill = async (path: string, bytes: string) => {
      await mkdir(path, { recursive: true });
      for (let i = 0; i < 12; i++) await writeFile(join(path, `${i}.png`), bytes);
    };
    await fill(join(box.folder, 'one', 'train', 'cat'), 'x');
    await fill(join(box.folder, 'broken', 'train', 'cat'), 'x');
    await fill(join(box.folder, 'broken', 'train', 'dog'), 'x');
    for (const [name, said] of [
      ['empty', /empty/],
      ['one', /one class/],
      ['broken', /\.png.*(image|PNG|JPEG)/],
    ] as const) {
      const { code, stderr } = await box.call(['run', '--dataset', 'folder', '--data-dir', name, '--out', 'never']);
      expect(stderr).toMatch(said);
      expect(code).toBe(2);
      expect(await readdir(box.folder)).not.toContain('never');
    }
  });

  it('arrays that are truncated, uneven, or hold NaN', async () => {
    await box.npy('good.npy', new Float32Array(50), [50]);
    await box.npy('short.npy', new Float32Array(40), [40]);
    await box.npy('nan.npy', new Float32Array(50).fill(Number.NaN), [50]);
    const bytes = await readFile(join(box.folder, 'good.npy'));
    await writeFile(join(box.folder, 'cut.npy'), bytes.subarray(0, bytes.length - 8));
    await writeFile(
      join(box.folder, 'object.npy'),
      Buffer.from(bytes.toString('latin1').replace("'<f4'", "'|O' "), 'latin1'),
    );
    for (const [name, said] of [
      ['short.npy', /50.*40|pairs/],
      ['nan.npy', /NaN/],
      ['cut.npy', /truncated|bytes/],
      ['object.npy', /object/i],
    ] as const) {
      const { code, stderr } = await box.call(['mi', 'good.npy', name]);
      expect(stderr).toMatch(said);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(code).toBe(2);
    }
  });
});

describe('poison', () => {
  it('does not overwrite a file', async () => {
    await writeFile(join(box.folder, 'there.npz'), 'x');
    const { code, stderr } = await box.call(['poison', '--out', 'there.npz']);
    expect(code).toBe(2);
    expect(stderr).toContain('exists already');
    expect(await readFile(join(box.folder, 'there.npz'), 'utf8')).toBe('x');
  });
});

describe('attacks', () => {
  it('lists them, and the parameters of one with their defaults', async () => {
    const { stdout } = await ibscope(['attacks']);
    for (const name of ['badnets', 'label-consistent', 'refool']) expect(stdout).toContain(`\n${name} `);
    const [blend] = JSON.parse((await box.call(['attacks', 'blend', '--json'])).stdout);
    expect(blend).toMatchObject({ name: 'blend', rule: 'all-to-one', cover: 0 });
    expect(blend.options).toContainEqual(expect.objectContaining({ name: 'alpha', default: 0.3 }));
    expect((await box.call(['attacks', 'bland'])).stderr).toMatch(/"bland".*Did you mean "blend"/);
  });

  it('a reader that has read enough is no error', async () => {
    const child = spawn(process.execPath, [MAIN, 'attacks', '--json']);
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const code = await new Promise((resolve) => child.on('exit', resolve));
    expect([code, stderr]).toEqual([0, '']);
  });
});

describe('doctor and help', () => {
  it('finds what it needs', async () => {
    const { stdout, code } = await ibscope(['doctor', '--json']);
    expect(code).toBe(0);
    const { checks, devices } = JSON.parse(stdout);
    expect(checks.length).toBeGreaterThan(0);
    expect(checks.every((c: { ok: boolean }) => c.ok)).toBe(true);
    expect(devices.map((d: DeviceState) => d.device)).toEqual(['cpu', 'webgpu', 'cuda']);
    for (const { available, advice } of devices as DeviceState[]) expect(advice === undefined).toBe(available);
    expect(devices[0].available).toBe(true);
  });
});

describe('the help of', async () => {
  const program = await buildProgram();

  it('every command is tried: at least 16 commands', () => {
    expect(new Set(named(program).map(({ name }) => name.split(' ')[0])).size).toBeGreaterThanOrEqual(16);
  });

  it.each(named(program).map(({ name }) => name))(
    '%s shows examples that work as pasted, and the parser takes them',
    async (name) => {
      const lines = examplesOf(helpOf(named(program).find((c) => c.name === name)!.command));
      const own = lines.filter((words) => words.join(' ').startsWith(`npx ibscope ${name}`));
      expect(own.length).toBeGreaterThan(0);
      for (const [first, ...words] of lines) {
        if (first === 'node') {
          expect(existsSync(join(import.meta.dirname, '../..', words[0]))).toBe(true);
          continue;
        }
        expect([first, words.shift()]).toEqual(['npx', 'ibscope']);
        expect(await called(words)).toMatch(new RegExp(`^${words[0]}( |$)`));
      }
    },
  );

  it('a command with a wrong example would be found', async () => {
    await expect(called(['run', '--atack', 'blend'])).rejects.toThrow(/--atack/);
    expect(
      examplesOf("x\nExamples, after that of `ibscope run`:\n  npx ibscope mi 'a b' c > d\n  npx ibscope run\n"),
    ).toEqual([
      ['npx', 'ibscope', 'mi', 'a b', 'c'],
      ['npx', 'ibscope', 'run'],
    ]);
  });

  it.each(['run', 'compare', 'study attacks', 'analyze', 'poison'])(
    '%s has its options in groups, in one order',
    (name) => {
      const help = helpOf(named(program).find((c) => c.name === name)!.command);
      const headings = [...help.matchAll(/^(\w[\w ]*):$/gm)]
        .map((m) => m[1])
        .filter((h) => !/^(Arguments|Examples?)$/.test(h));
      const order = ['Data', 'Attack', 'Model', 'Training', 'Measurement', 'Output'];
      expect(headings).toEqual(order.filter((h) => headings.includes(h)));
      expect(headings.length).toBeGreaterThan(2);
      const under = (heading: string) => help.split(`\n${heading}:\n`)[1].split('\n\n')[0];
      expect(under('Data')).toContain('--train-limit');
      expect(under('Attack')).toMatch(/--(attacks?|target) /);
      expect(under('Output')).toMatch(/--out [\s\S]*--json [\s\S]*--help/);
    },
  );

  it('a command is printed by `--help` with exit code 0', async () => {
    const { stdout, stderr, code } = await ibscope(['run', '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/Example:\n {2}npx ibscope run/);
  });
});
