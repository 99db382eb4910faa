/** What the dashboard's server answers, and what it refuses. */

import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tensor, writeSafetensors } from '../../src/formats/safetensors.js';
import { FORMAT } from '../../src/runs/directory.js';
import { pageHref } from '../../src/web/runs/pages.js';
import { remove, type Served, scratch, serveFolder, writeAudit, writeReports, writeRun } from './helpers.js';

let served: Served;
let folder: string;
let outside: string;

beforeAll(async () => {
  folder = await scratch();
  outside = await scratch();
  await writeRun(join(folder, 'good'));
  await writeRun(join(folder, 'nested', 'deeper', 'badnets'), { attack: 'badnets' });
  await writeRun(join(outside, 'secret'));
  await symlink(join(outside, 'secret'), join(folder, 'link'));
  served = await serveFolder(folder);
});
afterAll(async () => {
  await served.close();
  await Promise.all([folder, outside].map(remove));
});

interface Answer {
  status: number;
  body: string;
  headers: Record<string, string | string[] | undefined>;
}

/** A request as any client could make it, paths and headers untouched. */
function ask(path: string, { method = 'GET', headers = {}, body = '' } = {}): Promise<Answer> {
  const { hostname, port } = new URL(served.address);
  return new Promise((resolve, reject) => {
    const r = request(
      { hostname, port, path, method, headers: { host: `127.0.0.1:${port}`, ...headers } },
      (response) => {
        let text = '';
        response.on('data', (d) => {
          text += d;
        });
        response.on('end', () => resolve({ status: response.statusCode!, body: text, headers: response.headers }));
      },
    );
    r.on('error', reject);
    r.end(body);
  });
}
const json = async (path: string) => JSON.parse((await ask(path)).body);
const withToken = () => ({ 'x-ibscope-token': served.token });

describe('the server of the dashboard', () => {
  it('lists the runs of the folder and of folders in it, but nothing outside that a link leads to', async () => {
    const { runs } = await json('/api/runs');
    expect(runs.map((r: { id: string }) => r.id).sort()).toEqual(['good', 'nested/deeper/badnets']);
    expect(runs.find((r: { id: string }) => r.id === 'good')).toMatchObject({
      state: 'done',
      attack: 'blend',
      accuracy: expect.any(Number),
    });
  });

  it('lists an audit beside the runs, and gives its document and picture', async () => {
    await writeAudit(join(folder, 'audited'));
    const { audits, runs } = await json('/api/runs');
    expect(runs).toHaveLength(2);
    expect(audits).toEqual([
      {
        id: 'audited',
        verdict: 'suspicious',
        flagged: ['star'],
        suspicious: 2,
        set: 'shapes',
        images: 400,
        seed: 0,
      },
    ]);
    const audit = await json('/api/audit?id=audited');
    expect(audit.suspicious).toEqual(['star/7.png', 'star/9.png']);
    // The words of the command line for flagged and noted classes.
    expect(audit.conclusion).toMatch(
      /^Suspicious: "star"\. The samples of "star" form .* Note: the samples of "cross"/,
    );
    expect((await ask('/api/audit-sheet?id=audited')).headers['content-type']).toBe('image/png');
    for (const id of ['good', '..', 'nowhere']) expect((await ask(`/api/audit?id=${id}`)).status).toBe(404);
    await writeFile(join(folder, 'audited', 'audit.json'), '{"verdict":');
    expect((await json('/api/runs')).audits[0].problem).toMatch(/not JSON/);
    expect((await ask('/api/audit?id=audited')).status).toBe(422);
    await rm(join(folder, 'audited'), { recursive: true });
  });

  it('lists comparisons and studies with what they say first, and serves their pages of no origin', async () => {
    await writeReports(join(folder, 'compared'));
    const { reports, runs } = await json('/api/runs');
    expect(runs).toHaveLength(2);
    expect(reports).toEqual([
      { id: 'compared', page: 'report.html', kind: 'comparison', runs: 2, verdict: 'blend is stealthier.' },
      { id: 'compared/my sweep', page: 'sweep.html', kind: 'sweep', runs: 4, verdict: 'The best is trial 3.' },
    ]);
    for (const [{ id, page }, title] of [
      [reports[0], 'compared'],
      [reports[1], 'swept'],
    ]) {
      const { status, body, headers } = await ask(pageHref({ id, page }));
      expect(status).toBe(200);
      expect(body).toContain(`<title>${title}</title>`);
      const policy = String(headers['content-security-policy']);
      // Without an origin a page cannot read the token that the dashboard keeps.
      expect(policy).toMatch(/^sandbox allow-scripts/);
      expect(policy).not.toContain('allow-same-origin');
      expect(policy).toContain("default-src 'none'");
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
    await symlink(join(outside, 'secret.html'), join(folder, 'compared', 'link.html'));
    await writeFile(join(outside, 'secret.html'), 'secret');
    for (const path of ['compared/link.html', 'link/report.html', '../package.html', 'compared/result.json', 'x.html'])
      expect((await ask(`/reports/${path.replace('..', '%2e%2e')}`)).status, path).toBe(404);
    await rm(join(folder, 'compared'), { recursive: true });
  });

  it('groups runs whose configurations differ in the seed alone', async () => {
    await writeRun(join(folder, 'seed-1'), { seed: 1 });
    await writeRun(join(folder, 'seed-2'), { seed: 2 });
    await writeRun(join(folder, 'other'), { seed: 1, epochs: 13 });
    const { runs } = await json('/api/runs');
    const group = (id: string) => runs.find((r: { id: string }) => r.id === id).group;
    expect(group('seed-1')).toBe(group('seed-2'));
    expect(group('other')).not.toBe(group('seed-1'));
    for (const id of ['seed-1', 'seed-2', 'other']) await rm(join(folder, id), { recursive: true });
  });

  it('calls the runs of a sweep by what it varies, in the list and where it compares them', async () => {
    const ids = [0.1, 0.2].map((alpha) => `mine/runs/shapes10-resnet18-blend-0.1-s1-0123abc${10 * alpha}`);
    for (const [i, id] of ids.entries()) {
      await writeRun(join(folder, id), { offset: -0.4 - 0.2 * i });
      const file = join(folder, id, 'run.json');
      const run = JSON.parse(readFileSync(file, 'utf8'));
      run.config.attackOption = [`alpha=${0.1 * (i + 1)}`];
      await writeFile(file, JSON.stringify(run));
    }
    const { runs } = await json('/api/runs');
    expect(ids.map((id) => runs.find((r: { id: string }) => r.id === id).name)).toEqual([
      'mine/alpha=0.1',
      'mine/alpha=0.2',
    ]);
    const { verdict } = await json(`/api/comparison?ids=${encodeURIComponent(ids.join('|'))}`);
    expect(verdict[0]).toMatch(
      /^By stealth score, highest first: blend, mine\/alpha=0\.\d 0\.\d\d, blend, mine\/alpha=/,
    );
    await rm(join(folder, 'mine'), { recursive: true });
  });

  it('gives a run with its estimates, command, embedding and images', async () => {
    const run = await json('/api/run?id=good');
    expect(run.information.length).toBeGreaterThan(0);
    expect(run.command).toMatch(/^run --dataset shapes10 --attack blend .*--out /);
    const picture = await json('/api/embedding?id=good&method=umap');
    expect(picture.points[0].length).toBe(2 * picture.groups.length);
    const image = await ask('/api/image?id=good&row=3');
    expect(image.headers['content-type']).toBe('image/png');
  });

  it('gives the text of a sample of a run on texts, and no image', async () => {
    await writeRun(join(folder, 'reading'));
    const [texts, path] = [['Grüße', '<b>two</b>'].map((t) => Buffer.from(t)), join(folder, 'reading')];
    const ends = Int32Array.of(texts[0].length, texts[0].length + texts[1].length);
    await writeSafetensors(join(path, 'samples.safetensors'), {
      x: tensor(Int32Array.of(2, 7, 2, 8), [2, 2]),
      text: tensor(new Uint8Array(Buffer.concat(texts)), [ends[1]]),
      text_end: tensor(ends, [2]),
    });
    expect(await json('/api/text?id=reading&row=0')).toEqual({ text: 'Grüße' });
    expect(await json('/api/text?id=reading&row=1')).toEqual({ text: '<b>two</b>' });
    for (const row of ['-1', '2', '1.5', 'x']) expect((await ask(`/api/text?id=reading&row=${row}`)).status).toBe(404);
    expect((await ask('/api/image?id=reading&row=0')).status).toBe(404);
    expect((await ask('/api/text?id=good&row=0')).status).toBe(404);
    await rm(path, { recursive: true });
  });

  it('serves its page with a policy that loads nothing from elsewhere', async () => {
    const page = await ask('/');
    expect(page.status).toBe(200);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/script-src[^;]*unsafe/);
    expect(page.headers['x-content-type-options']).toBe('nosniff');
    expect(page.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('listens on 127.0.0.1 alone', () => {
    expect(new URL(served.address).hostname).toBe('127.0.0.1');
  });
});

describe('refused', () => {
  it.each([
    '/../package.json',
    '/..%2f..%2fpackage.json',
    '/%2e%2e/%2e%2e/package.json',
    '/assets/../../cli/main.js',
    '/....//package.json',
    '//etc/passwd',
    '/etc/passwd',
    '/%00',
    '/index.html%00.js',
  ])('a path out of the pages: %s', async (path) => {
    const { status, body } = await ask(path);
    expect([400, 404]).toContain(status);
    expect(body).not.toContain('"name": "ibscope"');
    expect(body).not.toContain('root:');
  });

  it.each(['../secret', '..', 'good/../../x', '/etc', 'link', 'good/../good', 'a\0b', '', 'nowhere', 'nested\\..\\..'])(
    'the id %j',
    async (id) => {
      for (const path of ['run', 'embedding', 'image', 'gallery']) {
        const { status } = await ask(`/api/${path}?id=${encodeURIComponent(id)}&method=umap&row=0&at=0&kind=clean`);
        expect(status, path).toBe(404);
      }
      const { status } = await ask(`/api/stop?id=${encodeURIComponent(id)}`, { method: 'POST', headers: withToken() });
      expect(status).toBe(404);
    },
  );

  it.each(['evil.example', 'evil.example:80', '127.0.0.1:1', 'localhost'])('the Host %j', async (host) => {
    expect((await ask('/api/runs', { headers: { host } })).status).toBe(403);
  });

  it.each(['http://evil.example', 'null', 'https://127.0.0.1', 'http://127.0.0.1:1'])(
    'the Origin %s',
    async (origin) => {
      expect((await ask('/api/runs', { headers: { origin } })).status).toBe(403);
      expect(
        (await ask('/api/start', { method: 'POST', headers: { origin, ...withToken() }, body: '{}' })).status,
      ).toBe(403);
    },
  );

  it.each([undefined, '', 'x', 'x'.repeat(32)])('a change with the token %j', async (token) => {
    const headers: Record<string, string> = token === undefined ? {} : { 'x-ibscope-token': token };
    for (const path of ['start', 'stop?id=good', 'resume?id=good', 'estimate', 'notes?id=good'])
      expect((await ask(`/api/${path}`, { method: 'POST', headers, body: '{}' })).status, path).toBe(401);
    expect((await json('/api/runs')).runs.length).toBeGreaterThanOrEqual(2);
  });

  it.each(['PUT', 'DELETE', 'PATCH'])('the method %s', async (method) => {
    expect((await ask('/api/runs', { method, headers: withToken() })).status).toBe(405);
  });

  it.each([
    ['not JSON', '{', /not a JSON object/],
    ['a list', '[1]', /not a JSON object/],
    ['a huge body', JSON.stringify({ attack: 'x'.repeat(1 << 17) }), /too large/],
    ['an unknown attack', JSON.stringify({ attack: 'blnd' }), /Did you mean "blend"/],
    ['a name that is a path', JSON.stringify({ name: '../x' }), /letters, digits/],
    ['a name that is an option', JSON.stringify({ name: '--out' }), /letters, digits/],
    ['a name that is taken', JSON.stringify({ name: 'good' }), /there is a run of that name/],
  ])('to start a run from %s', async (_, body, problem) => {
    const { status, body: text } = await ask('/api/start', { method: 'POST', headers: withToken(), body });
    expect(status).toBe(422);
    expect(JSON.parse(text).problem).toMatch(problem);
  });

  it.each([
    ['a tag of two words', { tags: ['two words'] }, /tag "two words": a tag is one word/],
    ['a tag that is no text', { tags: [1] }, /./],
    ['a note that is too long', { note: 'x'.repeat(5000) }, /at most 4000 characters/],
    ['a name that is no part of notes', { seed: 3 }, /./],
  ])('notes with %s; the folder stays as it was', async (_, body, problem) => {
    const answer = await ask('/api/notes?id=good', {
      method: 'POST',
      headers: withToken(),
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(422);
    expect(JSON.parse(answer.body).problem).toMatch(problem);
    expect(existsSync(join(folder, 'good', 'notes.json'))).toBe(false);
  });

  it('notes for a folder that is no run, and for a run outside', async () => {
    for (const id of ['..', 'link', 'nested', '../secret']) {
      const answer = await ask(`/api/notes?id=${encodeURIComponent(id)}`, {
        method: 'POST',
        headers: withToken(),
        body: '{}',
      });
      expect(answer.status, id).toBe(404);
    }
    expect(existsSync(join(outside, 'secret', 'notes.json'))).toBe(false);
  });

  it('rows and images that are not there', async () => {
    for (const row of ['-1', '60', '1.5', 'x']) expect((await ask(`/api/image?id=good&row=${row}`)).status).toBe(404);
    expect((await ask('/api/gallery?id=good&at=99&kind=clean')).status).toBe(404);
    expect((await ask('/api/embedding?id=good&method=pca')).status).toBe(400);
  });
});

describe('damaged runs are listed as damaged, and the server stays up:', () => {
  const bad = (name: string, files: Record<string, string>) => async () => {
    await mkdir(join(folder, name), { recursive: true });
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, name, file), text);
    const { runs } = await json('/api/runs');
    const found = runs.find((r: { id: string }) => r.id === name);
    const one = await ask(`/api/run?id=${name}`);
    await rm(join(folder, name), { recursive: true });
    expect((await json('/api/runs')).runs.some((r: { id: string }) => r.id === 'good')).toBe(true);
    return { found, one };
  };

  it.each([
    ['half-written', { 'run.json': '{"format": 1, "conf' }, /not JSON/],
    ['empty', { 'run.json': '' }, /not JSON/],
    ['null', { 'run.json': 'null' }, /not a run/],
    ['other-version', { 'run.json': JSON.stringify({ format: FORMAT + 1, config: {} }) }, /format/],
    ['no-config', { 'run.json': JSON.stringify({ format: FORMAT }) }, /not a run/],
  ])('%s', async (name, files, problem) => {
    const { found, one } = await bad(name, files)();
    expect(found.state).toBe('damaged');
    expect(found.problem).toMatch(problem);
    expect(one.status).toBeGreaterThanOrEqual(400);
    expect(one.body).not.toMatch(/\bat .*:\d+:\d+/);
  });

  it('with a damaged log, table or probe: its page says so', async () => {
    await writeRun(join(folder, 'torn'));
    await writeFile(join(folder, 'torn', 'information.jsonl'), '{"epoch":1,\n{"x":2}\n');
    expect((await ask('/api/run?id=torn')).status).toBe(422);
    await writeRun(join(folder, 'torn'));
    await truncate(join(folder, 'torn', 'samples.safetensors'), 20);
    expect((await ask('/api/image?id=torn&row=0')).status).toBe(422);
    await rm(join(folder, 'torn'), { recursive: true });
  });

  it('a huge document', async () => {
    await mkdir(join(folder, 'huge'));
    await writeFile(join(folder, 'huge', 'run.json'), Buffer.alloc(65 << 20, ' '));
    const { runs } = await json('/api/runs');
    expect(runs.find((r: { id: string }) => r.id === 'huge')).toMatchObject({
      state: 'damaged',
      problem: 'is too large',
    });
    await rm(join(folder, 'huge'), { recursive: true });
  });

  it('a run that is deleted while it is open', async () => {
    await writeRun(join(folder, 'gone'));
    expect((await ask('/api/run?id=gone')).status).toBe(200);
    await rm(join(folder, 'gone'), { recursive: true });
    expect((await ask('/api/run?id=gone')).status).toBe(404);
    expect((await ask('/api/image?id=gone&row=0')).status).toBe(404);
    expect((await json('/api/runs')).runs.some((r: { id: string }) => r.id === 'gone')).toBe(false);
  });

  it('the lock of a dead process: the run is stopped, not running', async () => {
    await writeRun(join(folder, 'dead'));
    await rm(join(folder, 'dead', 'result.json'));
    await writeFile(join(folder, 'dead', 'lock'), '999999999');
    expect((await json('/api/runs')).runs.find((r: { id: string }) => r.id === 'dead').state).toBe('stopped');
    await rm(join(folder, 'dead'), { recursive: true });
  });
});

describe('`ibscope view`', () => {
  it('refuses a folder that does not exist, in one line', async () => {
    await expect(serveFolder(join(folder, 'nothing'))).rejects.toThrow(/no such folder/);
  });
});
