/** What a machine accepts as a job: of its version, of the schema, with paths inside the root. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runName } from '../../src/config/names.js';
import { resolveConfig } from '../../src/config/resolve.js';
import { checkedJob, checkVersion, readPlan, writePlan } from '../../src/runs/study-plan.js';
import { fromRoot, identity, receivedWork, sentWork } from '../../src/studies/sent-work.js';
import { VERSION } from '../../src/version.js';

let box: string;
let root: string;
beforeAll(async () => {
  box = await mkdtemp(join(tmpdir(), 'ibscope-sent-'));
  root = join(box, 'root');
  await mkdir(join(root, 'study/runs'), { recursive: true });
  await mkdir(join(box, 'outside'));
  await symlink(join(box, 'outside'), join(root, 'link'));
});
afterAll(() => rm(box, { recursive: true, force: true }));

const config = resolveConfig({ attack: 'blend', seed: 3, epochs: 2, checkpoints: ['3s', 2] });
const name = runName(config);
const asSent = (more: object = {}) =>
  JSON.parse(JSON.stringify({ ...sentWork({ name, config }, 'study', true), ...more }));
/** How a job is refused. */
const refusal = (data: unknown) =>
  receivedWork(data, root).then(
    () => 'accepted',
    (error: Error) => `${error.name}: ${error.message}`,
  );

describe('a job that was sent', () => {
  it('becomes the work that was planned, in the root of the machine that takes it', async () => {
    const work = await receivedWork(asSent(), root);
    expect(work).toEqual({ name, config, path: join(root, 'study/runs', name), alternatives: true });
    expect(runName(work.config)).toBe(name);
  });

  it('is the same job for the same folder and run, and another one elsewhere', () => {
    expect(identity('study', name)).toBe(identity('study', name));
    expect(new Set([identity('study', name), identity('other', name), identity('study', `${name}x`)]).size).toBe(3);
  });

  it('is refused with both versions where another version planned it', async () => {
    expect(await refusal(asSent({ version: '0.0.1' }))).toBe(
      `UserError: job "${name}" was planned by ibscope 0.0.1, and this is ibscope ${VERSION}; use the same version everywhere`,
    );
  });

  it.each([
    ['a path out of the root', { out: '../outside' }, /outside of/],
    ['an absolute path elsewhere', { out: '/etc' }, /outside of/],
    ['a link out of the root', { out: 'link' }, /leads out of/],
    ['a new folder behind such a link', { out: 'link/new/deep' }, /leads out of/],
    ['a data folder elsewhere', { config: { ...config, dataset: 'folder', dataDir: '/etc' } }, /name .* is not that/],
    ['a setting that no schema knows', { config: { ...config, command: 'rm' } }, /config: .*command/],
    ['a setting of a wrong kind', { config: { ...config, epochs: 'many' } }, /config\.epochs/],
    ['a name of another run', { name: `../../${name}` }, /is not that of its configuration/],
    ['something else', { out: 7 }, /not a job of ibscope/],
  ])('is refused with %s', async (_, more, why) => {
    const said = await refusal(asSent(more));
    expect(said).toMatch(/^UserError: /);
    expect(said).toMatch(why);
  });

  it('is refused with data or pictures outside of the root, under its right name', async () => {
    for (const more of [{ dataset: 'folder', dataDir: '/etc' }, { attackOption: ['mask=../outside/picture.png'] }]) {
      const other = { ...config, ...more };
      expect(await refusal(asSent({ config: other, name: runName(other) }))).toMatch(
        /outside of .*, the root of this worker/,
      );
    }
  });

  it('is no fault of its own where the study is not in the root of a machine', async () => {
    expect(await refusal(asSent({ out: 'elsewhere' }))).toMatch(/^MachineError: .*--root/);
    for (const nothing of [null, 'text', 7, []])
      expect(await refusal(nothing)).toMatch(/^UserError: .*ibscope undefined/);
  });

  it('has the folder of its study in the root', () => {
    expect(fromRoot(join(root, 'study'), root)).toBe('study');
    expect(() => fromRoot(join(box, 'outside'), root)).toThrow(/--root/);
  });
});

describe('the plan of a study as a file', () => {
  it('has complete configurations under their names, and follows its folder when both are moved', async () => {
    const file = join(root, 'study/plan.json');
    await writePlan(file, {
      study: 'attacks',
      out: join(root, 'study'),
      alternatives: false,
      jobs: [{ name, seconds: 12, config }],
    });
    const plan = await readPlan(file);
    expect(plan).toMatchObject({ version: VERSION, study: 'attacks', out: join(root, 'study'), alternatives: false });
    expect(checkedJob('plan.json, job 0', plan.jobs[0])).toEqual({ name, seconds: 12, config });
    expect(() => checkVersion('plan.json', plan.version)).not.toThrow();
  });

  it('is refused in one line where it is something else', async () => {
    const file = join(box, 'other.json');
    await expect(readPlan(file)).rejects.toThrow(`${file}: no such file`);
    for (const [text, why] of [
      ['{', 'not JSON'],
      ['{"jobs": []}', 'not the plan of a study'],
    ]) {
      await writeFile(file, text);
      await expect(readPlan(file)).rejects.toThrow(why);
    }
  });
});
