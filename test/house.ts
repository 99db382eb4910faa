/**
 * The rooms of `src/` in the order in which they may import: a room imports rooms above it in this table only. Tests, benches,
 * scripts and examples stand outside and may import every room.
 */
export const ROOMS: readonly (readonly [room: string, holds: string])[] = [
  ['base', 'errors of users, seeded randomness, progress, text for shells, the version'],
  ['formats', 'file formats (NPY, NPZ, safetensors, PNG, ONNX, …), and files that appear whole or not at all'],
  ['engine', 'tensor expressions, gradients, ONNX emission, programs, devices'],
  ['datasets', 'one file per source of images'],
  ['attacks', 'one file per attack: a trigger (image → image) and a labelling rule; sets that others poisoned'],
  ['models', 'networks written with engine expressions; networks of others as ONNX'],
  ['dynamics', 'trajectories, phases, the Lagrangian, the stealth score and its null: arithmetic on tables, no files'],
  ['training', 'the training loop, schedules, augmentation, adversarial examples'],
  ['perception', 'stealth in input space: PSNR, SSIM and others'],
  ['information', 'estimators of mutual information, the groups they compare, tasks with known answers'],
  ['representation', 'stealth in feature space: silhouettes, distances, UMAP and t-SNE'],
  ['config', 'one schema of a run for the command line, `run.json` and the dashboard'],
  ['runs', 'the run directory: names and formats of its files, the lock, the trace'],
  ['report', 'figures and self-contained pages'],
  ['execution', 'how jobs are carried out: typed references to jobs, the `Executor`, worker threads'],
  ['poisoning', 'a poisoned set from a configuration: surrogate models, cache, export, perception of it'],
  ['pipeline', 'one run: prepare, train, probe, estimate, score, report'],
  ['trace', 'the same analysis of a training that happened elsewhere'],
  ['findings', 'one file per claim: what is compared, the rule, the verdict'],
  ['studies', 'many runs, one question: plan, hand jobs to an `Executor`, judge findings, write the page'],
  ['detectors', 'one file per published detector of poisoned samples'],
  ['audit', 'whether an untrusted data set hides a backdoor: a watched training, signals, countermeasures'],
  ['outputs', 'numbers, figures and models of runs for other programs'],
  ['server', 'the dashboard’s server: the runs of a folder as data, who may ask, runs it starts'],
  ['web', 'the dashboard’s pages; they draw with `report/figures` and compute with `dynamics`'],
  ['library', 'what callers of the library meet: arguments checked, own attacks, data sets and models registered'],
  ['cli', 'one file per command'],
];

/** `src/index.ts` hands the rooms on as the library; it stands above all but the command line. */
const FACE = 'index.ts';

export interface Source {
  /** Path from the project's root, with `/`. */
  path: string;
  text: string;
}

/** Import of one file by another: `import`, `export … from`, `import()`, `typeof import()`, `new URL('./x.js', …)`. */
const IMPORT = /(?:\bfrom\s+|\bimport\s*\(?\s*|\bnew URL\(\s*)['"](\.{1,2}\/[^'"]*)['"]/g;

const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');

function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/'))
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  return parts.join('/');
}

/** Pairs of importing and imported file, among the sources. `dist/` stands for `src/`. */
export function imports(sources: readonly Source[]): [string, string][] {
  const known = new Set(sources.map((s) => s.path));
  return sources.flatMap(({ path, text }) =>
    [...withoutComments(text).matchAll(IMPORT)].flatMap(([, to]): [string, string][] => {
      const base = normal(`${path.split('/').slice(0, -1).join('/')}/${to}`).replace(/^dist\//, 'src/');
      const found = [base, base.replace(/\.js$/, '.ts'), base.replace(/\.js$/, '.tsx')].find((p) => known.has(p));
      return found ? [[path, found]] : [];
    }),
  );
}

/** The room of a file of `src/`: its folder, or for a file in `src/` itself `base` (the version) or the library's face. */
export function roomOf(path: string): string | null {
  const [top, room, ...rest] = path.split('/');
  if (top !== 'src') return null;
  if (rest.length > 0) return room;
  return room === FACE ? FACE : 'base';
}

/** What is wrong: a room without an entry, a room that imports one below it, and files that import each other in a circle. */
export function faults(sources: readonly Source[], rooms = ROOMS.map(([name]) => name)): string[] {
  const order = new Map(rooms.map((name, i) => [name, i]));
  order.set(FACE, rooms.indexOf('cli') - 0.5);
  const strangers = [...new Set(sources.flatMap((s) => roomOf(s.path) ?? []))].filter((room) => !order.has(room));
  const edges = imports(sources);
  const up = edges.filter(([from, to]) => {
    const [a, b] = [roomOf(from), roomOf(to)];
    if (b === null) return a !== null;
    return a !== null && a !== b && order.get(b)! > order.get(a)!;
  });
  return [
    ...strangers.map((room) => `src/${room}/: the table of rooms has no such room`),
    ...up.map(([from, to]) => `${from} imports ${to}, of a room that stands below its own in the table`),
    ...circles(edges).map((circle) => `a circle of imports: ${circle.join(' → ')}`),
  ];
}

/** Every strongly connected group of more than one file (Tarjan 1972). */
export function circles(edges: readonly (readonly [string, string])[]): string[][] {
  const next = new Map<string, string[]>();
  for (const [from, to] of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const found: string[][] = [];
  const at = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const visit = (file: string) => {
    at.set(file, at.size);
    low.set(file, at.get(file)!);
    stack.push(file);
    for (const to of next.get(file) ?? []) {
      if (!at.has(to)) visit(to);
      if (stack.includes(to)) low.set(file, Math.min(low.get(file)!, low.get(to)!));
    }
    if (low.get(file) !== at.get(file)) return;
    const group = stack.splice(stack.indexOf(file));
    if (group.length > 1) found.push(group);
  };
  for (const file of next.keys()) if (!at.has(file)) visit(file);
  return found;
}

/** The table of rooms as docs/design.md shows it. */
export const roomTable = () =>
  ['| room (`src/…`) | holds |', '|---|---|', ...ROOMS.map(([room, holds]) => `| \`${room}/\` | ${holds} |`)].join(
    '\n',
  );
