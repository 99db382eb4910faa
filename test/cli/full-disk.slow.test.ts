/** A disk that fills up in the middle of a run: one line, and `--resume` ends with the numbers of a run that met no full disk. */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sandbox, smallRun } from './helpers.js';

const box = sandbox();

const mount = (...words: string[]) => execFileSync('mount', words, { stdio: 'ignore' });

it('stops with what to do, and resumes to the same numbers', async ({ skip }) => {
  const disk = join(box.folder, 'disk');
  await mkdir(disk);
  try {
    mount('-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk);
  } catch {
    return skip('no file system can be mounted here');
  }
  try {
    const words = ['run', ...smallRun(2), '--draws', '2', '--null-splits', '1', '--json'];
    const whole = await box.run([...words, '--out', 'disk/whole']);
    expect(whole.code, whole.stderr).toBe(0);
    const kilobytes = Number(execFileSync('du', ['-sk', join(disk, 'whole')], { encoding: 'utf8' }).split('\t')[0]);
    // Room for about half of a second run.
    await writeFile(join(disk, 'filler'), new Uint8Array(((1 << 16) - Math.round(1.5 * kilobytes)) * 1024));

    const stopped = await box.run([...words, '--out', 'disk/stopped']);
    expect(stopped.code, stopped.stderr).toBe(1);
    const said = stopped.stderr.trimEnd().split('\n').at(-1);
    expect(said).toMatch(/^ibscope: .*no space is left on the disk.*--resume/);
    expect(stopped.stderr).not.toMatch(/defect|\n {4}at /);
    expect(stopped.stdout).toBe('');

    await writeFile(join(disk, 'filler'), '');
    const resumed = await box.run([...words, '--out', 'disk/stopped', '--resume']);
    expect(resumed.code, resumed.stderr).toBe(0);
    for (const name of ['information.jsonl', 'resolution.jsonl'])
      expect(await readFile(join(disk, 'stopped', name), 'utf8'), name).toBe(
        await readFile(join(disk, 'whole', name), 'utf8'),
      );
    expect(JSON.parse(resumed.stdout).stealth).toEqual(JSON.parse(whole.stdout).stealth);
  } finally {
    execFileSync('umount', [disk]);
  }
});
