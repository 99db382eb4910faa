/** The structure of the sources: rooms import one way, no files import each other in a circle, and every file is short. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { circles, faults, imports, ROOMS, roomTable, type Source } from './house.js';

/** Lines of the longest file of `src/`. */
const LONGEST = 400;

const files = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', 'src', 'test', 'bench', 'scripts', 'examples'],
  { encoding: 'utf8' },
)
  .split('\n')
  .filter((path) => /\.(tsx?|mjs|css)$/.test(path) && existsSync(path));
const sources: Source[] = files.map((path) => ({ path, text: readFileSync(path, 'utf8') }));

describe('the house', () => {
  test('every import is one that the table allows, and no files import each other in a circle', () => {
    expect(sources.length).toBeGreaterThan(300);
    expect(imports(sources).length).toBeGreaterThan(1000);
    expect(faults(sources)).toEqual([]);
  });

  test('every room of the table is there', () => {
    for (const [room] of ROOMS)
      expect(
        files.some((path) => path.startsWith(`src/${room}/`)),
        room,
      ).toBe(true);
  });

  test('docs/design.md shows this very table', () => {
    expect(readFileSync('docs/design.md', 'utf8')).toContain(roomTable());
  });

  test(`no file of src/ is longer than ${LONGEST} lines`, () => {
    const lines = (text: string) => text.split('\n').length - 1;
    const long = sources.filter(({ path, text }) => path.startsWith('src/') && lines(text) > LONGEST);
    expect(long.map(({ path, text }) => `${path}: ${lines(text)}`)).toEqual([]);
  });
});

describe('the test of the house sees', () => {
  const TABLE = { base: [], formats: ['base'], cli: ['formats'] };
  const good: Source[] = [
    { path: 'src/base/a.ts', text: 'export const a = 1;' },
    { path: 'src/formats/b.ts', text: "import { a } from '../base/a.js';\nexport const b = a;" },
  ];
  const with1 = (path: string, text: string) => faults([...good, { path, text }], TABLE);

  test('nothing where nothing is wrong', () => {
    expect(with1('src/cli/c.ts', "import { b } from '../formats/b.js';")).toEqual([]);
  });

  test.each([
    ["import { b } from '../formats/b.js';", 'an import'],
    ["export { b } from '../formats/b.js';", 'an export'],
    ["export * as b from '../formats/b.js';", 'a namespace'],
    ["type B = typeof import('../formats/b.js');", 'a type'],
    ["const b = await import('../formats/b.js');", 'a dynamic import'],
    ["const b = new URL('../formats/b.js', import.meta.url);", 'a URL'],
    ["import {\n  b,\n} from '../formats/b.js';", 'an import over lines'],
  ])('%s, which runs up', (text) => {
    expect(with1('src/base/c.ts', text)).toEqual([
      'src/base/c.ts imports src/formats/b.ts, which the table does not allow',
    ]);
  });

  test('an import from below that the table does not list', () => {
    expect(with1('src/cli/c.ts', "import { a } from '../base/a.js';")).toEqual([
      'src/cli/c.ts imports src/base/a.ts, which the table does not allow',
    ]);
  });

  test('a table that lets a room import one below it', () => {
    expect(faults(good, { base: ['cli'], formats: ['base'], cli: [] })).toEqual([
      'the table lets base import cli, which does not stand above it',
    ]);
  });

  test('a source that imports a test', () => {
    const sources = [
      ...good,
      { path: 'test/t.ts', text: '' },
      { path: 'src/cli/c.ts', text: "import '../../test/t.js';" },
    ];
    expect(faults(sources, TABLE)).toHaveLength(1);
  });

  test('a circle, with all its files', () => {
    const found = with1('src/base/c.ts', "import './d.js';").concat(
      faults(
        [
          { path: 'src/base/c.ts', text: "import './d.js';" },
          { path: 'src/base/d.ts', text: "import './e.js';" },
          { path: 'src/base/e.ts', text: "import './c.js';" },
        ],
        TABLE,
      ),
    );
    expect(found).toEqual(['a circle of imports: src/base/c.ts → src/base/d.ts → src/base/e.ts']);
    expect(
      circles([
        ['a', 'b'],
        ['b', 'c'],
        ['a', 'c'],
      ]),
    ).toEqual([]);
  });

  test('a circle of a test helper, by dist/', () => {
    const sources = [
      { path: 'scripts/s.mjs', text: "import '../dist/base/a.js';" },
      { path: 'src/base/a.ts', text: "new URL('../../scripts/s.mjs', import.meta.url);" },
    ];
    expect(circles(imports(sources))).toEqual([['scripts/s.mjs', 'src/base/a.ts']]);
  });

  test('a room that the table does not have', () => {
    expect(with1('src/attic/c.ts', '')).toEqual(['src/attic/: the table of rooms has no such room']);
  });
});
