import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkWritable } from '../../src/formats/files.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ibscope-writable-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Whether this process may mount a file system in memory, which is what a full or read-only disk is made of here. */
function mounted(at: string, options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', at], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('whether an output can be written', () => {
  it('is tried without a trace, also in folders that do not exist yet', async () => {
    await checkWritable(join(folder, 'a', 'b', 'c.csv'), '--out');
    expect(await readdir(folder)).toEqual([]);
  });

  it('a path through a file, and a name that is too long, are mistakes of the command', async () => {
    await writeFile(join(folder, 'file'), '');
    const refused = (path: string) => expect(checkWritable(join(folder, path), '--out')).rejects;
    await refused('file/x').toMatchObject({ name: 'UserError', message: expect.stringContaining('is a file') });
    await refused('n'.repeat(250)).toMatchObject({ name: 'UserError', message: expect.stringContaining('too long') });
  });

  it.for([
    ['ro', 'the disk is read-only'],
    ['size=4k', 'no space is left on the disk'],
  ] as const)('a disk mounted with %s is a failure of the machine', async ([options, words], { skip }) => {
    if (!mounted(folder, options)) return skip('no file system can be mounted here');
    try {
      if (options !== 'ro') await writeFile(join(folder, 'full'), new Uint8Array(4096));
      await expect(checkWritable(join(folder, 'run'), '--out')).rejects.toMatchObject({
        name: 'MachineError',
        message: expect.stringContaining(words),
      });
    } finally {
      execFileSync('umount', [folder]);
    }
  });
});
