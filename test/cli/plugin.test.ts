/** `--plugin`: what a user's own file registers is known to every command. The example `stripe` is the plugin. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readNpz } from '../../src/formats/npz.js';
import { MAIN, type Outcome, sandbox } from './helpers.js';

const box = sandbox();
const STRIPE = join(import.meta.dirname, '..', '..', 'examples', 'stripe.mjs');
const write = (name: string, text: string) => writeFile(join(box.folder, name), text);

/** Calls of the command line one after another in a single process, which spares starting one for each. */
const PROGRAM = JSON.stringify(MAIN.replace(/main\.js$/, 'program.js'));
const SEVERAL = `const { main } = await import(${PROGRAM});
const outcomes = [];
const write = process.stdout.write.bind(process.stdout);
for (const args of JSON.parse(process.argv[2])) {
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr']) process[stream].write = (text) => { said[stream] += text; return true; };
  outcomes.push({ code: await main(args), ...said });
}
write(JSON.stringify(outcomes));`;

/** What a script prints that `node` runs in the folder; rejects where it fails. */
async function evaluated(script: string, argument: unknown): Promise<string> {
  const file = join(box.folder, `script-${createHash('sha256').update(script).digest('hex').slice(0, 8)}.mjs`);
  await writeFile(file, script);
  return new Promise((resolve, reject) => {
    const options = { cwd: box.folder, maxBuffer: 1 << 26 };
    execFile(process.execPath, [file, JSON.stringify(argument)], options, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    );
  });
}

const several = async (calls: string[][]): Promise<Outcome[]> => JSON.parse(await evaluated(SEVERAL, calls));

beforeAll(async () => {
  await cp(STRIPE, join(box.folder, 'stripe.mjs'));
  await mkdir(join(box.folder, 'other'));
  await write('other/stripe.mjs', (await readFile(STRIPE, 'utf8')).replace('fill(1,', 'fill(0.5,'));
});

describe('a plugin', () => {
  it('is known before the command; the plugin is that of docs/library.md', async () => {
    const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'library.md'), 'utf8');
    await write('documented.mjs', /```js\n(.*?)```/s.exec(page)![1]);
    const { code, stdout, stderr } = await box.run(['--plugin', 'documented.mjs', 'attacks']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^stripe +white rows of pixels at the top$/m);
  });

  it('is known after the command, once, to its help and its errors', async () => {
    const own = ['--plugin', 'stripe.mjs'];
    const [list, details, help, unknown] = await several([
      ['attacks', ...own, '--plugin=./stripe.mjs'],
      ['attacks', 'stripe', ...own, '--json'],
      ['run', '--help', ...own],
      ['run', '--attack', 'strip', ...own],
    ]);
    expect(list.stdout.match(/^stripe /gm)).toHaveLength(1);
    expect(JSON.parse(details.stdout)[0].options).toEqual([expect.objectContaining({ name: 'row', default: 0 })]);
    expect(help.stdout).toContain('relabel, stripe; of texts');
    expect(unknown.stderr).toMatch(/unknown attack "strip".*Did you mean "stripe"/);
    expect([list, details, help, unknown].map(({ code }) => code)).toEqual([0, 0, 0, 2]);
  });

  it('poisons in the worker thread: the row is white in every triggered image', async () => {
    const command = ['poison', '--plugin', 'stripe.mjs', '--attack', 'stripe', '--attack-option', 'row=31'];
    const files = ['--out', 'striped.npz', '--preview', 'sheet.png'];
    const { code, stderr } = await box.run([...command, '--train-limit', '100', ...files]);
    expect([code, stderr]).toEqual([0, '']);
    const { images, poisoned } = await readNpz(join(box.folder, 'striped.npz'));
    const [n, height, width, channels] = images.shape;
    const size = height * width * channels;
    const isWhite = (i: number) =>
      images.data.slice(i * size + 31 * width * channels, i * size + 32 * width * channels).every((v) => v === 255);
    expect(Array.from({ length: n }, (_, i) => Number(isWhite(i)))).toEqual(Array.from(poisoned.data, Number));
    expect(Array.from(poisoned.data, Number).reduce((a, b) => a + b)).toBe(10);
    expect((await readFile(join(box.folder, 'sheet.png'))).length).toBeGreaterThan(0);
  });

  it('lists its data sets; a command that does not name a plugin does not know it', async () => {
    await write(
      'set.mjs',
      `import { registerDataset } from 'ibscope';
       registerDataset({ name: 'mine', summary: 'my images', needsDir: false, load: async () => { throw new Error(); } });`,
    );
    const [without, listed] = await several([
      ['poison', '--attack', 'stripe', '--preview', 'never.png'],
      ['data', 'list', '--plugin', 'set.mjs', '--json'],
    ]);
    expect(without.stderr).toMatch(/unknown attack "stripe"/);
    expect(JSON.parse(listed.stdout).at(-1)).toMatchObject({
      name: 'mine',
      what: 'my images',
      train: null,
      fetch: false,
    });
  });
});

const own = (name: string) =>
  `import { attacks, registerAttack, z } from 'ibscope';
   registerAttack(attacks.defineAttack({ name: '${name}', summary: '', source: '', threat: '', options: z.strictObject({}), trigger: () => null }));`;

it('a plugin that cannot be used gives one line and exit code 2', async () => {
  const cases: [what: string, text: string | null, said: RegExp][] = [
    ['absent', null, /--plugin absent\.mjs: no such file$/],
    ['syntax', 'const x = ;', /--plugin syntax\.mjs: Unexpected token.*node --check syntax\.mjs/],
    ['throws', "throw new Error('one\\ntwo')", /--plugin throws\.mjs: one two$/],
    ['misspelt', "import { registerAttak } from 'ibscope'", /--plugin misspelt\.mjs: .*registerAttak'$/],
    ['nothing', 'export const a = 1;', /--plugin nothing\.mjs: it registers nothing/],
    ['twice', own('badnets'), /--plugin twice\.mjs: attack "badnets": this name exists already$/],
    ['name', own('a b'), /--plugin name\.mjs: attack "a b": a name of letters/],
  ];
  for (const [name, text] of cases) if (text !== null) await write(`${name}.mjs`, text);
  const calls: [string[], RegExp][] = [
    ...cases.map(([name, , said]): [string[], RegExp] => [['attacks', '--plugin', `${name}.mjs`], said]),
    [['attacks', '--plugin', 'other'], /--plugin other: it is a folder, not a file$/],
    [['attacks', '--plugin'], /--plugin <file>' argument missing$/],
    [
      ['attacks', '--plugin', 'stripe.mjs', '--plugin', 'other/stripe.mjs'],
      /--plugin other\/stripe\.mjs: attack "stripe": this name exists already$/,
    ],
  ];
  const outcomes = await several(calls.map(([args]) => args));
  for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
    expect(stderr.trimEnd()).toMatch(calls[i][1]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  }
  expect(outcomes).toHaveLength(10);
});

it('a worker refuses a plugin that has changed since the command began, and names no folder', async () => {
  await write('edited.mjs', await readFile(STRIPE, 'utf8'));
  const said = await evaluated(
    `const { main } = await import(${PROGRAM});
     const { appendFile } = await import('node:fs/promises');
     const [edited, poison] = JSON.parse(process.argv[2]);
     process.stdout.write = () => true;
     await main(['attacks', '--plugin', edited]);
     await appendFile(edited, '// edited');
     process.stderr.write = (text) => { console.log(text); return true; };
     delete process.stdout.write;
     console.log(await main(poison));`,
    [join(box.folder, 'edited.mjs'), ['poison', '--attack', 'stripe', '--preview', 'never.png']],
  );
  expect(said).toMatch(/--plugin edited\.mjs: the file has changed since the command began.*\n+2\n$/);
  expect(said).not.toContain(box.folder);
});

it('a run that was made with a plugin is resumed with that content only', async () => {
  const commands = [
    ['run', '--out', 'made', '--resume'],
    ['run', '--attack', 'stripe', '--seeds', '0', '--out', 'seeds', '--resume'],
    ['compare', '--attacks', 'none,stripe', '--out', 'compared', '--resume'],
  ];
  const sha256 = createHash('sha256')
    .update(await readFile(STRIPE))
    .digest('hex');
  const document = { format: 1, config: { attack: 'stripe' }, plugins: [{ name: 'stripe.mjs', sha256 }] };
  const folders = ['made', 'seeds/runs/seed-0', 'compared/stripe'];
  for (const folder of folders) {
    await mkdir(join(box.folder, folder), { recursive: true });
    await write(join(folder, 'run.json'), JSON.stringify(document));
  }
  const [without, other] = await Promise.all([
    several(commands),
    several(commands.map((command) => [...command, '--plugin', 'other/stripe.mjs'])),
  ]);
  const made = (folder: string) =>
    `ibscope: ${folder}: this run was made with the plugin stripe.mjs of SHA-256 ${sha256.slice(0, 12)}…`;
  for (const [i, folder] of folders.entries()) {
    expect(without[i]).toEqual({ code: 2, stdout: '', stderr: `${made(folder)}; give it with --plugin stripe.mjs\n` });
    expect(other[i]).toMatchObject({ code: 2, stdout: '' });
    expect(other[i].stderr.startsWith(`${made(folder)}, and other/stripe.mjs has `)).toBe(true);
    expect(other[i].stderr).toMatch(/ has \w{12}…; give the file as it was with --plugin\n$/);
  }
});
