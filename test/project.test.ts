/** What the files about the project state, held against the project. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Hono } from 'hono';
import { describe, expect, it, test } from 'vitest';
import { buildProgram } from '../src/cli/program.js';
import { guard } from '../src/server/guard.js';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const manifest = JSON.parse(read('package.json'));
const PAGES = ['CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];

/** What stands between backticks or in blocks of code, where commands and paths are named. */
const codeOf = (page: string) => [...page.matchAll(/```\w*\n([\s\S]*?)```|`([^`\n]+)`/g)].map((m) => m[1] ?? m[2]);

/** The anchors that GitHub gives to the headings of a page. */
const anchorsOf = (page: string) =>
  [...page.matchAll(/^#+ (.+)$/gm)].map((m) =>
    m[1]
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** Targets of links that lie in the project, such as `docs/attacks.md#anchor`. */
const linksOf = (page: string) =>
  [...page.matchAll(/\]\(([^)\s]+)\)/g)].map((m) => m[1]).filter((target) => !/^https?:/.test(target));

/** A link that leads nowhere; null where it leads somewhere. */
function broken(file: string, link: string): string | null {
  const [path, anchor] = link.split('#');
  const target = path === '' ? file : join(dirname(file), path);
  if (!existsSync(join(root, target))) return `${file}: no file ${target}`;
  if (anchor && !anchorsOf(read(target)).includes(anchor)) return `${file}: no heading #${anchor} in ${target}`;
  return null;
}

/** Paths of the project that a page names; those with a star stand for several and are left out. */
const pathsOf = (page: string) =>
  [
    ...codeOf(page)
      .join('\n')
      .matchAll(/(?<![\w./-])(?:src|test|docs|scripts|bench|\.ci)\/[\w./-]*/g),
  ]
    .map((m) => m[0])
    .filter((path) => !path.endsWith('/*'));

/** The scripts of npm that a page tells a reader to run. */
const scriptsOf = (page: string) =>
  [
    ...codeOf(page)
      .join('\n')
      .matchAll(/\bnpm (?:run (?:-s )?)?([\w:]+)/g),
  ]
    .map((m) => m[1])
    .filter((name) => !['install', 'ci', 'pack'].includes(name));

describe.each(PAGES)('%s', (file) => {
  const page = read(file);

  it('links to files and headings that exist', () => {
    expect(
      linksOf(page)
        .map((link) => broken(file, link))
        .filter(Boolean),
    ).toEqual([]);
  });

  it('names files and folders that exist', () => {
    expect(pathsOf(page).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('names scripts that package.json has', () => {
    expect(scriptsOf(page).filter((name) => !(name in manifest.scripts))).toEqual([]);
  });

  it('names commands of ibscope that exist', async () => {
    const commands = (await buildProgram()).commands.flatMap((c) => [c.name(), ...c.aliases()]);
    const named = codeOf(page).flatMap((code) => [...code.matchAll(/^ibscope ([a-z]\w*)/gm)].map((m) => m[1]));
    expect(named.filter((name) => !commands.includes(name))).toEqual([]);
  });
});

test('the checks of pages find what is wrong', () => {
  expect(broken('SECURITY.md', 'CONTRIBUTING.md#nowhere')).toMatch(/no heading #nowhere/);
  expect(broken('SECURITY.md', 'docs/nowhere.md')).toMatch(/no file docs\/nowhere.md/);
  expect(pathsOf('see `src/nowhere.ts` and `test/golden/*.py`')).toContain('src/nowhere.ts');
  expect(scriptsOf('`npm run nowhere`, `npm test`, `npm ci`')).toEqual(['nowhere', 'test']);
});

describe('the version of package.json', () => {
  const releases = [...read('CHANGELOG.md').matchAll(/^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$/gm)];

  it('is the newest of the changelog, below what is unreleased', () => {
    expect(releases[0][1]).toBe(manifest.version);
    const page = read('CHANGELOG.md');
    expect(page.indexOf('## [Unreleased]')).toBeGreaterThan(0);
    expect(page.indexOf('## [Unreleased]')).toBeLessThan(page.indexOf(`## [${manifest.version}]`));
  });

  it('is the one to cite, with its date', () => {
    const citation = citationOf(read('CITATION.cff'));
    expect(citation.version).toBe(manifest.version);
    expect(citation['date-released']).toBe(releases[0][2]);
  });
});

/** Values at the top of a CFF file, by key; '' for a key whose value is a list. */
function citationOf(text: string): Record<string, string> {
  const lines = [...text.matchAll(/^([a-z-]+):(?: "?(.*?)"?)?$/gm)];
  return Object.fromEntries(lines.map((m) => [m[1], m[2] ?? '']));
}

describe('CITATION.cff', () => {
  const text = read('CITATION.cff');

  it('has the keys that version 1.2.0 of the format requires, each once', () => {
    const keys = [...text.matchAll(/^([a-z-]+):/gm)].map((m) => m[1]);
    expect(keys).toEqual(expect.arrayContaining(['cff-version', 'message', 'title', 'authors']));
    expect(new Set(keys).size).toBe(keys.length);
    expect(citationOf(text)).toMatchObject({ 'cff-version': '1.2.0', type: 'software', title: manifest.name });
    expect(citationOf(text).license).toBe(manifest.license);
  });

  it('is plain YAML: keys, list items, and values without a sign that YAML reads otherwise', () => {
    const plain =
      /^(?: {2})*(?:- )?(?:[a-z-]+:(?: (?:"[^"\\]*"|(?:[^\s:#"'[\]{}>|&*!%@`-](?:[^:#]|:(?! ))*)))?|[a-z][^:#]*)$/;
    expect(text.split('\n').filter((line) => line !== '' && !plain.test(line))).toEqual([]);
    for (const wrong of ['title: a: b', 'title: # none', ' title: x', 'title: "x', '\ttitle: x'])
      expect(wrong).not.toMatch(plain);
  });

  it('refers to the paper by its title and number', () => {
    expect(text).toContain('title: Exploring Dynamic Properties of Backdoor Training Through Information Bottleneck');
    expect(text).toContain('value: arXiv:2511.21923');
  });
});

describe('CONTRIBUTING.md', () => {
  it('draws every room of src/ and no other', () => {
    const picture = read('CONTRIBUTING.md').match(/## The rooms[\s\S]*?```\n([\s\S]*?)```/)![1];
    // The name of a row ends at column 18.
    const drawn = picture.split('\n').flatMap((line) => line.slice(18).match(/[a-z]+/g) ?? []);
    const rooms = readdirSync(join(root, 'src')).filter((name) => statSync(join(root, 'src', name)).isDirectory());
    expect(drawn.sort()).toEqual(rooms.sort());
  });
});

describe('installing', () => {
  it('runs no script of a dependency, by npm 10 (the lock file) or by npm 11 (allowScripts)', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, object> };
    const announced = Object.entries(packages).filter(([, entry]) => 'hasInstallScript' in entry);
    expect(announced.map(([name]) => name)).toEqual([]);
    expect(Object.keys(packages).length).toBeGreaterThan(100);
    const names = ['preinstall', 'install', 'postinstall'];
    const withScripts = Object.keys(packages).filter((path) => {
      if (path === '' || !existsSync(join(root, path, 'package.json'))) return false;
      return Object.keys(JSON.parse(read(`${path}/package.json`)).scripts ?? {}).some((name) => names.includes(name));
    });
    expect(withScripts.map((path) => path.replace('node_modules/', ''))).toEqual(Object.keys(manifest.allowScripts));
    expect(Object.values(manifest.allowScripts)).toEqual(withScripts.map(() => false));
  });

  it('goes by a lock file that names no registry', () => {
    expect(read('package-lock.json')).not.toContain('"resolved"');
  });

  it('needs no key that npm does not know', () => {
    // npm hands the keys of .npmrc to its scripts, and would list them as its own.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_config_/i.test(name)));
    const options = { cwd: tmpdir(), env, encoding: 'utf8', shell: process.platform === 'win32' } as const;
    const known = Object.keys(JSON.parse(execFileSync('npm', ['config', 'list', '--json', '--long'], options)));
    const keys = [...read('.npmrc').matchAll(/^([^=#;\s]+)\s*=/gm)].map((m) => m[1]);
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.filter((key) => !known.includes(key))).toEqual([]);
    expect(known).not.toContain('onnxruntime-node-install');
  });
});

describe('SECURITY.md', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /\.ts$/.test(file) && !file.startsWith('web/'));
  const holding = (pattern: RegExp) => sources.filter((file) => pattern.test(read(`src/${file}`)));

  it('a connection to another machine is opened by `data fetch` and for a queue alone', () => {
    expect(
      holding(
        /from 'node:(?:https?|net|tls|dgram|http2)'|(?<![.\w])fetch\(|^import (?!type)[^;]*\bRedis\b[^;]*from 'ioredis'/m,
      ).sort(),
    ).toEqual(['datasets/fetch/download.ts', 'execution/queue-connection.ts']);
  });

  it('no other program than ibscope itself and those of Slurm is started', () => {
    const starters = holding(/from 'node:child_process'/);
    expect(starters.length).toBeGreaterThan(0);
    expect(read('src/execution/slurm.ts')).toContain("type Program = 'sbatch' | 'squeue' | 'scontrol';");
    expect(read('src/execution/slurm.ts').match(/(?<![.\w])(?:spawn|exec|execFile|fork)(?:Sync)?\(/g)).toEqual([
      'execFile(',
    ]);
    for (const file of starters.filter((name) => name !== 'execution/slurm.ts')) {
      const calls = [...read(`src/${file}`).matchAll(/(?<![.\w])(?:spawn|exec|execFile|fork)(?:Sync)?\(([^,)]*)/g)];
      expect(
        calls.map((m) => m[1]),
        file,
      ).toEqual(calls.map(() => (file === 'execution/child.ts' ? 'OWN_FILE' : 'process.execPath')));
      expect(calls.length, file).toBeGreaterThan(0);
    }
  });

  it('a page of the dashboard cannot be framed, an answer of refusal neither', async () => {
    const app = new Hono();
    app.use(
      '*',
      guard(() => 80, 'token'),
    );
    app.get('/', (c) => c.text('page'));
    for (const [host, status] of [
      ['127.0.0.1:80', 200],
      ['evil.example', 403],
    ] as const) {
      const answer = await app.request('/', { headers: { host } });
      expect(answer.status).toBe(status);
      expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(answer.headers.get('x-frame-options')).toBe('DENY');
    }
  });
});
