/** Outputs that cannot be written: one line, the right exit code, and nothing begun. */
import { spawnSync } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { MAIN, sandbox } from './helpers.js';

const box = sandbox();

beforeAll(async () => {
  await mkdir(join(box.folder, 'in'));
  await writeFile(join(box.folder, 'in', 'file'), 'a file');
});

/** Every command that writes, without the place it writes to. */
const COMMANDS = [
  ['run', '--attack', 'none'],
  ['run', '--attack', 'none', '--seeds', '0,1'],
  ['compare', '--attacks', 'none,blend'],
  ['study', 'attacks'],
  ['study', 'sweep', '--vary', 'lr=0.1,0.2'],
  ['audit', 'in'],
  ['poison', '--attack', 'badnets'],
  ['export', 'in', '--format', 'csv'],
];

describe.each(COMMANDS.map((words) => [words.join(' '), words] as const))('%s', (_, words) => {
  it.each([
    ['no value', '', /^ibscope: --out '': /],
    // What is at fault in it, each command says in its own words.
    ['a file', 'in/file', /^ibscope: /],
    ['a place in a file', 'in/file/below', /^ibscope: --out in\/file\/below: .*in\/file.* is a file/],
    ['a name that is too long', 'n'.repeat(300), /^ibscope: --out n{300}: .*too long/],
  ])('refuses as --out %s, before it begins', async (_, out, line) => {
    const before = await readdir(box.folder);
    const { code, stdout, stderr } = await box.call([...words, '--out', out]);
    expect(stderr).toMatch(line);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).not.toMatch(/defect/);
    expect([code, stdout]).toEqual([2, '']);
    expect(await readdir(box.folder)).toEqual(before);
  });
});

describe.skipIf(!existsSync('/dev/full'))('a full disk behind stdout', () => {
  it.each([
    ['--json', ['attacks', '--json']],
    ['a table', ['attacks']],
    ['help', ['--help']],
  ])('is one line with exit code 1: %s', (_, words) => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...words], {
      cwd: box.folder,
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/^ibscope: .*no space is left on the disk/);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(status).toBe(1);
  });
});
