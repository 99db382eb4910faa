import { spawn } from 'node:child_process';
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import type { DeviceState } from '../../src/engine/index.js';
import { readNpz } from '../../src/formats/npz.js';
import { readSafetensors, tensor, writeSafetensors } from '../../src/formats/safetensors.js';
import { MAIN, sandbox } from './helpers.js';

const box = sandbox();
const ibscope = box.run;

const TINY = '--width 2 --epochs 2 --train-limit 2500 --test-limit 100 --null-splits 1 --draws 1'.split(' ');

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
    [['run', '--checkpoints', '3,1'], /--checkpoints 3,1.*rise/],
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
    const { code, stdout, stderr } = await ibscope(args);
    expect(stderr).toMatch(expected);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(await readdir(box.folder)).toEqual(before);
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
      const { code, stderr } = await ibscope(['run', '--dataset', 'folder', '--data-dir', name, '--out', 'never']);
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
      const { code, stderr } = await ibscope(['mi', 'good.npy', name]);
      expect(stderr).toMatch(said);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(code).toBe(2);
    }
  });
});

describe('poison', () => {
  it('writes exactly the images that a run trains on', async () => {
    const data = ['--train-limit', '2500', '--attack', 'blend', '--seed', '3'];
    await ibscope(['poison', ...data, '--out', 'p.npz']);
    const { code } = await ibscope(['run', ...TINY, ...data, '--out', 'as-poisoned']);
    expect(code).toBe(0);
    const exported = await readNpz(join(box.folder, 'p.npz'));
    const { tensors } = await readSafetensors(join(box.folder, 'as-poisoned', 'samples.safetensors'));
    const size = 32 * 32 * 3;
    const probed = tensors.index.data as Int32Array;
    expect(probed.length).toBeGreaterThan(1000);
    const images = exported.images.data as Uint8Array;
    probed.forEach((i, r) => {
      const here = Buffer.from((tensors.x.data as Uint8Array).subarray(r * size, (r + 1) * size));
      expect(here.equals(images.subarray(i * size, (i + 1) * size))).toBe(true);
      expect(Number(exported.labels.data[i])).toBe(tensors.label.data[r]);
      expect(Number(exported.poisoned.data[i])).toBe(Number(tensors.poisoned.data[r]));
    });
  });

  it('does not overwrite a file', async () => {
    await writeFile(join(box.folder, 'there.npz'), 'x');
    const { code, stderr } = await ibscope(['poison', '--out', 'there.npz']);
    expect(code).toBe(2);
    expect(stderr).toContain('exists already');
    expect(await readFile(join(box.folder, 'there.npz'), 'utf8')).toBe('x');
  });
});

describe('run', () => {
  it('prints one JSON document, the same for the same seed, and resumes a finished run', async () => {
    const once = await ibscope(['run', ...TINY, '--out', 'once', '--json']);
    expect(once.code).toBe(0);
    const result = JSON.parse(once.stdout);
    expect(result).toMatchObject({ attack: 'badnets', dataset: 'shapes10', epochs: 2, dir: 'once' });
    expect(result.accuracy).toBeGreaterThanOrEqual(0);
    expect(result.asr).toBeGreaterThanOrEqual(0);
    expect(result.stealth.null.draws).toBe(9);
    expect(result.stealth.score).toBeGreaterThan(0);
    expect(result.stealth.score).toBeLessThanOrEqual(1);
    expect(Object.keys(result.stealth.parts)).toEqual(['I(X;T)', 'I(T;Ŷ)']);

    const same = ({ dir: _, report: __, seconds: ___, ...rest }: Record<string, unknown>) => rest;
    const twice = JSON.parse((await ibscope(['run', ...TINY, '--out', 'twice', '--json'])).stdout);
    expect(same(twice)).toEqual(same(result));
    const again = JSON.parse((await ibscope(['run', ...TINY, '--out', 'once', '--resume', '--json'])).stdout);
    expect(same(again)).toEqual(same(result));

    const bare = JSON.parse((await ibscope(['run', '--out', 'once', '--resume', '--json'])).stdout);
    expect(same(bare)).toEqual(same(result));

    const other = await ibscope(['run', ...TINY, '--lr', '0.02', '--out', 'once', '--resume']);
    expect(other).toMatchObject({ code: 2 });
    expect(other.stderr).toMatch(/lr/);
    expect(await ibscope(['run', ...TINY, '--out', 'once'])).toMatchObject({ code: 2 });
    expect(await readFile(join(box.folder, 'once', 'report.html'), 'utf8')).toContain('badnets');
  });

  it('stopped by Ctrl-C and killed by SIGKILL, ends with the numbers of the run that was left alone', async () => {
    const options = [...TINY, '--epochs', '3', '--checkpoints', '1,3'];
    const same = ({ dir: _, report: __, seconds: ___, ...rest }: Record<string, unknown>) => rest;
    const whole = JSON.parse((await ibscope(['run', ...options, '--out', 'whole', '--json'])).stdout);
    const interrupt = (signal: 'SIGINT' | 'SIGKILL', afterLine: RegExp) =>
      new Promise<{ code: number | null; stderr: string }>((resolve) => {
        const child = spawn(process.execPath, [MAIN, 'run', ...options, '--out', 'cut', '--resume'], {
          cwd: box.folder,
        });
        let stderr = '';
        let sent = false;
        child.stderr.on('data', (chunk) => {
          stderr += chunk;
          if (!sent && afterLine.test(stderr)) {
            sent = true;
            child.kill(signal);
          }
        });
        child.on('exit', (code) => resolve({ code, stderr }));
      });
    const stopped = await interrupt('SIGINT', /epoch 1\/3/);
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain('--resume');
    expect((await interrupt('SIGKILL', /epoch 2\/3/)).code).toBeNull();
    const resumed = JSON.parse((await ibscope(['run', ...options, '--out', 'cut', '--resume', '--json'])).stdout);
    expect(same(resumed)).toEqual(same(whole));
  });

  it('reads T at several layers at once; a layer’s estimates do not depend on which others are read', async () => {
    const rows = async (out: string) =>
      (await readFile(join(box.folder, out, 'information.jsonl'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    const both = await ibscope(['run', ...TINY, '--layer', 'layer4,layer2', '--out', 'layers', '--json']);
    const second = await ibscope(['run', ...TINY, '--layer', 'layer2', '--out', 'layer2', '--json']);
    expect([both.code, second.code]).toEqual([0, 0]);
    const ofSecond = (await rows('layers')).filter((r: { layer: string }) => r.layer === 'layer2');
    expect(ofSecond.length).toBeGreaterThan(20);
    expect(ofSecond).toEqual(await rows('layer2'));
    const { stealth, layers } = JSON.parse(both.stdout);
    const alone = JSON.parse(second.stdout);
    expect(layers).toMatchObject([{ layer: 'layer2', score: alone.stealth.score, p: alone.stealth.p }]);
    expect(stealth.score).not.toBe(alone.stealth.score);
    expect(await readFile(join(box.folder, 'layers', 'report.html'), 'utf8')).toContain('By layer');
  });

  it('exports its model, and refuses in one line what it cannot export', async () => {
    await ibscope(['run', ...TINY, '--epochs', '2', '--checkpoints', '1,2', '--out', 'model']);
    const onnx = await ibscope(['export', 'model', '--out', 'model.onnx', '--json']);
    expect(onnx.code).toBe(0);
    expect(JSON.parse(onnx.stdout)).toMatchObject({ format: 'onnx', model: 'resnet18', epoch: 2, image: [3, 32, 32] });
    const session = await InferenceSession.create(join(box.folder, 'model.onnx'));
    expect(session.outputNames).toEqual(['logits', 'representation']);
    await session.release();
    expect((await ibscope(['export', 'model', '--epoch', '1', '--out', 'first.safetensors'])).code).toBe(0);
    const { tensors } = await readSafetensors(join(box.folder, 'first.safetensors'));
    expect(tensors['layer4.1.conv2.weight'].shape.slice(2)).toEqual([3, 3]);
    expect(tensors).not.toHaveProperty('momentum.fc.bias');

    const checkpoint = (epoch: number) => join(box.folder, 'model', 'checkpoints', `epoch-000${epoch}.safetensors`);
    const whole = await readFile(checkpoint(2));
    await writeFile(checkpoint(1), 'damaged');
    await writeFile(checkpoint(3), whole.subarray(0, -100));
    const { 'fc.bias': bias, ...rest } = (await readSafetensors(checkpoint(2))).tensors;
    await writeSafetensors(checkpoint(4), rest);
    await writeSafetensors(checkpoint(5), { ...rest, 'fc.bias': tensor(bias.data, [2, 5]) });
    await writeSafetensors(checkpoint(6), { ...rest, 'fc.bias': tensor(new Int32Array(10), [10]) });
    const refused: [string[], RegExp][] = [
      [['export', 'nowhere', '--out', 'x.onnx'], /nowhere: no run there/],
      [['export', 'model', '--epoch', '7', '--out', 'x.onnx'], /--epoch 7: it has 1, 2, 3, 4, 5, 6/],
      [['export', 'model', '--epoch', '1', '--out', 'x.onnx'], /epoch-0001\.safetensors: is truncated/],
      [['export', 'model', '--epoch', '3', '--out', 'x.onnx'], /epoch-0003\.safetensors: is truncated/],
      [['export', 'model', '--epoch', '4', '--out', 'x.onnx'], /epoch-0004\.safetensors: damaged.*fc\.bias/],
      [['export', 'model', '--epoch', '5', '--out', 'x.onnx'], /epoch-0005\.safetensors: damaged.*fc\.bias is \[2,5\]/],
      [['export', 'model', '--epoch', '6', '--out', 'x.onnx'], /epoch-0006\.safetensors: damaged.*not float32/],
      [['export', 'model', '--epoch', '2', '--out', 'model.onnx/x.onnx'], /--out model\.onnx\/x\.onnx: no file/],
      [['export', 'model', '--epoch', 'last', '--out', 'x.onnx'], /--epoch last/],
      [['export', 'model', '--epoch', '', '--out', 'x.onnx'], /--epoch : the number/],
      [['export', 'model', '--format', 'onx', '--out', 'x.onnx'], /unknown format "onx".*Did you mean "onnx"/],
      [['export', 'model', '--out', 'model'], /--out model: there is a folder/],
    ];
    for (const [args, message] of refused) {
      const { code, stderr } = await ibscope(args);
      expect(stderr).toMatch(message);
      expect([code, stderr.trim().split('\n').length]).toEqual([2, 1]);
    }
    await expect(access(join(box.folder, 'x.onnx'))).rejects.toThrow();
  });

  it('says why there is no score when a group is too small', async () => {
    const { stdout, code } = await ibscope([
      'run',
      '--width',
      '2',
      '--epochs',
      '1',
      '--train-limit',
      '300',
      '--test-limit',
      '50',
      '--out',
      'small',
      '--json',
    ]);
    expect(code).toBe(0);
    const { stealth } = JSON.parse(stdout);
    expect(stealth).toMatchObject({ score: null, null: null, p: null });
    expect(stealth.reason).toMatch(/0\/backdoor has 30 samples/);
  });

  it('compares attacks on groups of one size', async () => {
    const { stdout, code } = await ibscope([
      'compare',
      '--attacks',
      'none,blend',
      ...TINY,
      '--epochs',
      '1',
      '--out',
      'pair',
      '--json',
    ]);
    expect(code).toBe(0);
    const { rows, report } = JSON.parse(stdout);
    expect(rows.map((r: { attack: string }) => r.attack)).toEqual(['none', 'blend']);
    expect(new Set(rows.map((r: { groupSize: number }) => r.groupSize)).size).toBe(1);
    expect(rows[0].asr).toBeNull();
    expect(await readFile(join(box.folder, report), 'utf8')).toContain('blend');
  });
});

describe('mi', () => {
  it('finds −½ ln(1 − ρ²) between paired columns, and says how it was found', async () => {
    const n = 2000;
    const rng = new Rng(1, 'mi');
    const a = rng.normals(n);
    const b = a.map((v) => 0.9 * v + Math.sqrt(1 - 0.81) * rng.normal());
    const files = [await box.npy('a.npy', a, [n]), await box.npy('b.npy', b, [n, 1])];
    const { stdout, code } = await ibscope(['mi', ...files, '--json']);
    expect(code).toBe(0);
    const e = JSON.parse(stdout);
    expect(e).toMatchObject({ estimator: 'infonce', samples: n, saturated: false });
    expect(e.nats).toBe(e.heldOutNats);
    expect(Math.abs(e.nats - -0.5 * Math.log(1 - 0.81))).toBeLessThan(4 * e.standardError + 0.02);
    expect(e.ceiling).toBeCloseTo(Math.log(n / 2), 6);
  });
});

describe('attacks', () => {
  it('lists them, and the parameters of one with their defaults', async () => {
    const { stdout } = await ibscope(['attacks']);
    for (const name of ['badnets', 'label-consistent', 'refool']) expect(stdout).toContain(`\n${name} `);
    const [blend] = JSON.parse((await ibscope(['attacks', 'blend', '--json'])).stdout);
    expect(blend).toMatchObject({ name: 'blend', rule: 'all-to-one', cover: 0 });
    expect(blend.options).toContainEqual(expect.objectContaining({ name: 'alpha', default: 0.3 }));
    expect((await ibscope(['attacks', 'bland'])).stderr).toMatch(/"bland".*Did you mean "blend"/);
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
    expect(checks.every((c: { ok: boolean }) => c.ok)).toBe(true);
    expect(devices.map((d: DeviceState) => d.device)).toEqual(['cpu', 'webgpu', 'cuda']);
    for (const { available, advice } of devices as DeviceState[]) expect(advice === undefined).toBe(available);
    expect(devices[0].available).toBe(true);
  });

  it.each(['run', 'compare', 'attacks', 'poison', 'perceive', 'data', 'mi', 'report', 'doctor'])(
    '%s --help shows an example',
    async (command) => {
      const { stdout, code } = await ibscope([command, '--help']);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`Examples?:\\n {2}ibscope ${command}`));
    },
  );
});
