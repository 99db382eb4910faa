/** The dashboard with a plugin: its form and its commands know what the plugin registers, and the runs that it starts load it. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MAIN } from '../built.js';
import { remove, type Served, scratch, serveFolder, writeRun } from './helpers.js';

const PLUGIN = join('examples', 'stripe.mjs');
let served: Served;
let folder: string;

/** A finished run, as a plugin of that content made it. */
async function madeWith(name: string, sha256: string) {
  await writeRun(join(folder, name));
  const file = join(folder, name, 'run.json');
  const run = JSON.parse(await readFile(file, 'utf8'));
  const plugins = [{ name: 'stripe.mjs', sha256 }];
  await writeFile(file, JSON.stringify({ ...run, plugins, config: { ...run.config, attack: 'stripe' } }));
}

const get = async (path: string) => (await fetch(`${served.address}api/${path}`)).json();
const post = async (path: string, body: unknown) => {
  const headers = { 'x-ibscope-token': served.token };
  const answer = await fetch(`${served.address}api/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return answer.json();
};

beforeAll(async () => {
  folder = await scratch();
  const content = await readFile(PLUGIN);
  await madeWith('same', createHash('sha256').update(content).digest('hex'));
  await madeWith('other', createHash('sha256').update(`${content}//`).digest('hex'));
  served = await serveFolder(folder, MAIN, ['--plugin', PLUGIN]);
});
afterAll(async () => {
  await served.close();
  await remove(folder);
});

it('the form offers its attack, and names the file for the equivalent command', async () => {
  const { fields, plugins } = await get('form');
  const field = fields.find(({ key }: { key: string }) => key === 'attack');
  // Attacks on texts follow those on images.
  expect(field.choices.slice(field.choices.indexOf('relabel')).slice(0, 2)).toEqual(['relabel', 'stripe']);
  expect(plugins).toEqual([PLUGIN]);
});

it('the command of a run names the plugin of the same content; with another content there is no such command', async () => {
  expect((await get('run?id=same')).command).toMatch(
    new RegExp(`^run --plugin ${PLUGIN} --dataset shapes10 --attack stripe .*--out `),
  );
  expect((await get('run?id=other')).command).toBeNull();
});

it('a run that the page resumes loads it: it gets past the names, and its content is compared', async () => {
  expect(await post('resume?id=other', {})).toEqual({ id: 'other' });
  let said: string[] = [];
  while (said.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    said = (await get('run?id=other')).messages;
  }
  expect(said.join('\n')).toMatch(/other: this run was made with the plugin stripe\.mjs .*stripe\.mjs has \w{12}…/);
});

it('the estimate of its attack is refused for nothing but a wrong option: the name is known', async () => {
  const { problem } = await post('estimate', { attack: 'stripe', attackOption: 'row=-1' });
  expect(problem).toMatch(/attack "stripe": option row is "-1"/);
});
