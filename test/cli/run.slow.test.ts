/** `ibscope run` and `compare` as scripts use them: whole runs, stopped and resumed, and what they leave behind. */
import { spawn } from 'node:child_process';
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { readNpz } from '../../src/formats/npz.js';
import { readSafetensors, tensor, writeSafetensors } from '../../src/formats/safetensors.js';
import { MAIN, sandbox } from './helpers.js';

const box = sandbox();
const ibscope = box.run;

const TINY = '--width 2 --epochs 2 --checkpoints 1 --train-limit 2500 --test-limit 100 --null-splits 1 --draws 1'.split(
  ' ',
);

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
      [['export', 'model', '--epoch', '', '--out', 'x.onnx'], /--epoch '': a value is expected/],
      [['export', 'model', '--format', 'onx', '--out', 'x.onnx'], /unknown format "onx".*Did you mean "onnx"/],
      [['export', 'model', '--out', 'model'], /--out model: it is a folder; name a file/],
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
