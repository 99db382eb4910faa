/**
 * The rooms of `src/`, what each holds, and which rooms it may import. All of those stand above it in the table, so no import runs
 * up. Tests, benches, scripts and examples stand outside and may import every room.
 */
export const ROOMS: readonly (readonly [room: string, holds: string, imports: string])[] = [
  ['base', 'errors of users, their plugins, seeded randomness, progress, text for shells, the version', ''],
  ['formats', 'file formats (NPY, NPZ, safetensors, PNG, ONNX, …), and files that appear whole or not at all', 'base'],
  ['engine', 'tensor expressions, gradients, ONNX emission, programs, devices', 'base'],
  ['datasets', 'one file per source of images, `texts/`: of texts', 'base formats'],
  [
    'attacks',
    'one file per attack: a trigger (image → image, in `texts/` text → text) and a labelling rule; sets that others poisoned',
    'base formats datasets',
  ],
  ['models', 'networks written with engine expressions; networks of others as ONNX', 'base formats engine datasets'],
  [
    'dynamics',
    'trajectories, phases, the Lagrangian, the stealth score and its null: arithmetic on tables, no files',
    'base',
  ],
  [
    'training',
    'the training loop, schedules, augmentation, adversarial examples',
    'base engine datasets attacks models dynamics',
  ],
  ['perception', 'stealth in input space: PSNR, SSIM and others', 'base'],
  [
    'information',
    'estimators of mutual information, the groups they compare, tasks with known answers',
    'base engine datasets dynamics',
  ],
  ['representation', 'stealth in feature space: silhouettes, distances, UMAP and t-SNE', 'base information'],
  ['parameters', 'stealth in parameter space: channel bounds, changes by the trigger', 'information'],
  [
    'config',
    'one schema of a run for the command line, `run.json` and the dashboard',
    'base engine datasets attacks models training',
  ],
  [
    'runs',
    'the run directory: names and formats of its files, the lock, the trace',
    'base formats datasets attacks dynamics information config',
  ],
  ['report', 'figures and self-contained pages', 'base dynamics information runs'],
  [
    'execution',
    'how jobs are carried out: typed references to jobs, the `Executor`, worker threads, child processes, a queue, Slurm',
    'base',
  ],
  [
    'poisoning',
    'a poisoned set from a configuration: surrogate models, cache, export, perception of it',
    'base formats datasets attacks models training perception config runs report execution',
  ],
  [
    'pipeline',
    'one run: prepare, train, probe, estimate, score, report',
    'base formats engine datasets models dynamics training perception information representation parameters config runs report execution poisoning',
  ],
  [
    'trace',
    'the same analysis of a training that happened elsewhere',
    'base formats datasets models dynamics information config runs execution poisoning pipeline',
  ],
  [
    'findings',
    'one file per claim: what is compared, the rule, the verdict',
    'base attacks dynamics config runs report',
  ],
  [
    'detectors',
    'one file per published detector of poisoned samples',
    'base datasets perception information representation',
  ],
  [
    'audit',
    'whether an untrusted data set hides a backdoor: a watched training, signals, countermeasures; `texts/`: cues of classes',
    'base formats engine datasets models dynamics training information representation runs report execution',
  ],
  [
    'detection',
    'published detectors asked about a run or a data set, and how well each does',
    'base formats engine datasets models dynamics training information config runs execution poisoning pipeline detectors audit',
  ],
  [
    'studies',
    'many runs, one question: plan, hand jobs to an `Executor`, judge findings, write the page',
    'base formats attacks dynamics config runs report execution poisoning pipeline findings detectors detection',
  ],
  [
    'defence',
    'training that watches itself, and other defences, one file each in `methods/`',
    'base datasets engine formats models dynamics training information representation runs report execution audit',
  ],
  [
    'adaptive',
    'an adversary that optimises a trigger against the stealth score: surrogates, objective, search over options',
    'base formats engine datasets attacks models dynamics training perception information config runs report execution poisoning pipeline studies',
  ],
  [
    'outputs',
    'numbers, figures and models of runs for other programs',
    'base formats models dynamics training config runs report pipeline',
  ],
  [
    'server',
    'the dashboard’s server: the runs of a folder as data, who may ask, runs it starts',
    'base datasets attacks models dynamics representation config runs report execution pipeline findings audit',
  ],
  [
    'web',
    'the dashboard’s pages; they draw with `report/figures` and compute with `dynamics`',
    'base formats dynamics config report server',
  ],
  [
    'library',
    'what callers of the library meet: arguments checked, own attacks, data sets and models registered',
    'base formats datasets attacks models dynamics information config runs poisoning pipeline trace studies audit detection',
  ],
  [
    'cli',
    'one file per command',
    'base formats engine datasets attacks dynamics perception information representation config runs report execution poisoning pipeline trace studies detectors audit outputs detection defence adaptive server',
  ],
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

/** What each room may import. */
export type Allowed = Readonly<Record<string, readonly string[]>>;

const ALLOWED: Allowed = Object.fromEntries(ROOMS.map(([room, , imports]) => [room, imports.split(' ')]));

/**
 * What is wrong: a room without an entry, an import that the table does not allow, a table whose rooms are not in order, and files
 * that import each other in a circle.
 */
export function faults(sources: readonly Source[], allowed: Allowed = ALLOWED): string[] {
  const rooms = Object.keys(allowed);
  const strangers = [...new Set(sources.flatMap((s) => roomOf(s.path) ?? []))].filter(
    (room) => room !== FACE && !rooms.includes(room),
  );
  const edges = imports(sources);
  const wrong = edges.filter(([from, to]) => {
    const [a, b] = [roomOf(from), roomOf(to)];
    if (a === null || a === b) return false;
    // The face hands every room on but the command line, which alone may import it.
    if (a === FACE) return b === null || b === 'cli';
    return b === null || !(allowed[a] ?? []).includes(b);
  });
  const disordered = rooms.flatMap((room, i) =>
    allowed[room].filter((other) => other !== '' && !rooms.slice(0, i).includes(other)).map((other) => [room, other]),
  );
  return [
    ...strangers.map((room) => `src/${room}/: the table of rooms has no such room`),
    ...disordered.map(([room, other]) => `the table lets ${room} import ${other}, which does not stand above it`),
    ...wrong.map(([from, to]) => `${from} imports ${to}, which the table does not allow`),
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
  [
    '| room (`src/…`) | holds | may import |',
    '|---|---|---|',
    ...ROOMS.map(([room, holds, imports]) => `| \`${room}/\` | ${holds} | ${imports.replaceAll(' ', ', ') || '–'} |`),
  ].join('\n');
