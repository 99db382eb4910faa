/** `ibscope analyze` on traces of others: in every format, recorded by PyTorch, and growing. */

import { execFile, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { EstimateRow } from '../../src/dynamics/index.js';
import { hasTorch } from '../python.js';
import { MAIN, sandbox, smallRun } from './helpers.js';
import { writeTrace } from './traces.js';

const box = sandbox();
const at = (...parts: string[]) => join(box.folder, ...parts);
const rows = (trace: string): EstimateRow[] =>
  readFileSync(at(trace, 'information.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((l) => JSON.parse(l));

describe('a trace', () => {
  it('says the same whether it is safetensors, npz or npy, again and under another β', async () => {
    // Two columns of variance 1 with noise 0.5: ln 5 nats.
    for (const form of ['safetensors', 'npz', 'npy'] as const) writeTrace(at(form), form);
    const outcomes = [];
    for (const form of ['safetensors', 'npz', 'npy'])
      outcomes.push(await box.run(['analyze', form, '--null-splits', '0', '--json']));
    for (const o of outcomes) expect(o.code, o.stderr).toBe(0);
    expect(rows('npz')).toEqual(rows('safetensors'));
    expect(rows('npy')).toEqual(rows('safetensors'));
    const whole = rows('npz').find((r) => r.group === 'all' && r.quantity === 'I(X;T)' && r.epoch === 2)!;
    expect(Math.abs(whole.nats - Math.log(5))).toBeLessThan(4 * whole.standardError + 0.1);
    const own = readFileSync(at('npz', 'run.json'), 'utf8');
    const before = JSON.parse(outcomes[1].stdout);
    const again = JSON.parse((await box.run(['analyze', 'npz', '--null-splits', '0', '--beta', '4', '--json'])).stdout);
    expect(again.stealth.beta).toBe(4);
    expect(again.stealth.parts).toEqual(before.stealth.parts);
    expect(readFileSync(at('npz', 'run.json'), 'utf8')).toBe(own);
    expect(existsSync(at('npz', 'report.html'))).toBe(true);
  });

  it('of a run of ibscope’s own agrees with the run within standard errors', async () => {
    expect((await box.run(['run', ...smallRun(2), '--out', 'own'])).code).toBe(0);
    const truth = rows('own');
    cpSync(at('own'), at('copy'), { recursive: true });
    for (const file of [
      'information.jsonl',
      'groups.json',
      'stealth.json',
      'representation.json',
      'result.json',
      'pointwise',
    ])
      rmSync(at('copy', file), { recursive: true, force: true });
    const { code, stderr } = await box.run(['analyze', 'copy']);
    expect(code, stderr).toBe(0);
    const found = rows('copy');
    expect(found.some((r) => r.estimator === 'resolved')).toBe(true);
    // The groups are drawn anew from the samples that were kept, so that their values differ by chance only.
    const z = truth
      .filter((r) => r.group === 'all' || /^\d+$/.test(r.group))
      .flatMap((r) => {
        // The standard error of resolved information is that of its draws of noise for given samples; the samples are others.
        if (r.estimator === 'resolved') return [];
        const twin = found.find((f) => f.epoch === r.epoch && f.group === r.group && f.quantity === r.quantity);
        return twin ? [(twin.nats - r.nats) / Math.hypot(twin.standardError, r.standardError)] : [];
      });
    expect(z.length).toBeGreaterThan(15);
    expect(z.filter((v) => Math.abs(v) < 3).length / z.length).toBeGreaterThan(0.9);
  });

  it('recorded by PyTorch is analyzed while it grows, and ends as one that is analyzed when it is whole', async ({
    skip,
  }) => {
    if (!hasTorch) skip('needs a Python with PyTorch');
    const python = process.env.PYTHON ?? 'python3';
    const script = new URL('../golden/trace.py', import.meta.url).pathname;
    const training = execFile(python, [script, at('grows'), '3']);
    await vi.waitFor(() => expect(existsSync(at('grows', 'probes', 'epoch-0001.npz'))).toBe(true), {
      timeout: 200_000,
    });
    // A probe that is being written by somebody who does not rename.
    const child = spawn(process.execPath, [MAIN, 'analyze', at('grows'), '--follow', '--json'], { cwd: box.folder });
    const code = await new Promise((resolve) => child.on('exit', resolve));
    training.kill();
    expect(code).toBe(0);
    execFileSync(python, [script, at('whole'), '3']);
    expect((await box.run(['analyze', 'whole'])).code).toBe(0);
    expect([...new Set(rows('grows').map((r) => r.epoch))]).toEqual([1, 2, 3]);
    expect(rows('grows')).toEqual(rows('whole'));
    expect((await box.run(['trace', '--python'])).stdout).toBe(
      readFileSync(new URL('../../python/ibscope_trace.py', import.meta.url), 'utf8'),
    );
  });

  it('that is half-written is waited for, not misread', async () => {
    writeTrace(at('torn'), 'npz');
    const last = at('torn', 'probes', 'epoch-0002.npz');
    const bytes = readFileSync(last);
    writeFileSync(last, bytes.subarray(0, bytes.length / 2));
    // The command gives up on a broken file that is half a minute old; this one stays new however slow the machine is.
    utimesSync(last, new Date(), new Date('2100-01-01'));
    const child = spawn(process.execPath, [MAIN, 'analyze', at('torn'), '--follow', '--null-splits', '0'], {
      cwd: box.folder,
    });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    await vi.waitFor(() => expect(stderr).toContain('waiting for a probe after epoch 1'), { timeout: 100_000 });
    expect(child.exitCode).toBeNull();
    writeFileSync(last, bytes);
    expect(await ended).toBe(0);
    expect([...new Set(rows('torn').map((r) => r.epoch))]).toEqual([1, 2]);
  });
});
