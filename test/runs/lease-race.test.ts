/** Several processes that want one folder at once. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MAIN } from '../built.js';

/** Takes the lease when it is told to, says who won, and keeps it until it is told again. */
const PROGRAM = `
const { takeLease } = await import(process.argv[1]);
process.stdout.write('ready\\n');
for await (const _ of process.stdin) {
  try { takeLease(process.argv[2]); process.stdout.write('won\\n'); }
  catch (error) { process.stdout.write(error.message + '\\n'); }
}`;

it.each([['no lock'], ['the lock of a dead process']])('exactly one of four processes wins: %s', async (what) => {
  const folder = await mkdtemp(join(tmpdir(), 'ibscope-race-'));
  const lease = new URL('../runs/lease.js', `file://${MAIN}`).href;
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, lease, folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  try {
    const line = () =>
      Promise.all(
        children.map((c) => new Promise<string>((said) => c.stdout.once('data', (t) => said(String(t).trim())))),
      );
    expect(await line()).toEqual(Array(4).fill('ready'));
    if (what !== 'no lock') await writeFile(join(folder, 'lock'), '2147483646');
    const answers = line();
    for (const child of children) child.stdin.write('go\n');
    const said = await answers;
    const winner = children[said.indexOf('won')];
    expect(said.filter((text) => text === 'won')).toHaveLength(1);
    for (const text of said.filter((t) => t !== 'won'))
      expect(text).toBe(`${folder}: process ${winner.pid} is working on it`);
    expect(await readdir(folder)).toEqual(['lock']);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});
