/** `ibscope mi`: mutual information between the rows of two arrays. */
import { type Command, Option } from 'commander';
import { UserError, unknownWord } from '../base/errors.js';
import { type NdArray, readNpy } from '../formats/npy.js';
import {
  allNames,
  criticKinds,
  type Estimate,
  type EstimatorSettings,
  estimator,
  estimatorNames,
  type Samples,
} from '../information/index.js';
import { differentRows, FEW, withoutTies } from '../information/integers.js';
import { examples, HEADINGS, JSON_FLAG, wholeNumber } from './options.js';
import { ProgressLine } from './progress.js';

/** Keys of the paper preset's settings, by the words of `--quantity`. */
const PAPER_QUANTITIES = { xt: 'I(X;T)', ty: 'I(T;Ŷ)', b: 'B' } as const;
type Values = Record<string, string | undefined>;

const PRESETS = ['quick', 'paper'] as const;
const DISCRETE = ['a', 'b', 'both', 'none'] as const;

/** Estimators of noisy points, which integers may be. */
const OF_POINTS = ['pairwise', 'resolved'];

/** An estimator that cannot be used on these arrays, and why. */
interface Skipped {
  estimator: string;
  skipped: string;
}

export function addMi(program: Command) {
  program
    .command('mi')
    .description('estimate the mutual information between two arrays whose rows are paired, in nats')
    .argument('<a.npy>', 'first array, [n] or [n, columns]')
    .argument('<b.npy>', 'second array, with as many rows')
    .optionsGroup(HEADINGS.measurement)
    .option('--estimator <name>', `estimator: one of ${estimatorNames.join(', ')}, or all`, 'infonce')
    .addOption(
      new Option('--preset <name>', 'preset of infonce: quick, or paper for the paper’s critic').default('quick'),
    )
    .option(
      '--quantity <name>',
      'quantity whose settings the paper preset uses: xt for I(X;T), ty for I(T;Ŷ), b if one array says which rows are poisoned',
      'xt',
    )
    .option(
      '--critic <name>',
      `critic of the neural estimators: ${criticKinds.join(', ')} (default the better of the first two)`,
    )
    .option('--k <n>', 'number of the neighbour that ksg, mixed, ross and gao use (default the estimator’s own)')
    .option(
      '--noise-std <σ>',
      'standard deviation of the noise on the second array, which is given without it; for pairwise and resolved',
    )
    .option('--kappa <κ>', 'factor by which resolved magnifies that noise (default 1)')
    .option(
      '--discrete <which>',
      'arrays of categories: a, b, both or none (default: integers and booleans with up to 20 different rows)',
    )
    .option('--seed <n>', 'seed of all random draws', '0')
    .optionsGroup(HEADINGS.output)
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      examples([
        'node examples/mutual-information.mjs runs',
        'npx ibscope mi runs/a.npy runs/b.npy --estimator infonce',
      ]),
    )
    .action(estimateFiles);
}

async function estimateFiles(first: string, second: string, values: Values): Promise<void> {
  const name = oneOf('estimator', values.estimator!, ['all', ...estimatorNames]);
  const settings = settingsOf(values);
  if (settings.preset === 'paper' && name !== 'infonce' && name !== 'all')
    throw new UserError(`--preset paper: only infonce has it, not ${name}`);
  refuseNoise(name, settings);
  const seed = wholeNumber('--seed', values.seed!, 0);
  // For resolved, one array numbers the rows and the other holds points, integers or not.
  const unsaid = name === 'resolved' ? 'none' : undefined;
  const declared = values.discrete === undefined ? unsaid : oneOf('discrete', values.discrete, DISCRETE);
  const a = readSamples(await readNpy(first), first, 'a', declared, seed);
  const b = readSamples(await readNpy(second), second, 'b', declared, seed);
  const [n, m] = [a.samples.n, b.samples.n];
  if (n !== m) throw new UserError(`${first} has ${n} rows and ${second} has ${m}: rows must come in pairs`);
  const read = [a.words, b.words];
  const line = new ProgressLine();
  const estimate = async (which: string): Promise<Estimate> => {
    const onProgress = (done: number) =>
      line.update({ phase: 'estimate', stage: which, done: Math.round(100 * done), total: 100, unit: '%' });
    const [x, y] = OF_POINTS.includes(which) ? [a.samples, b.samples] : [a.spread, b.spread];
    return estimator(which, settings).estimate(x, y, { seed, onProgress });
  };
  const write = (text: string) => {
    line.clear();
    process.stdout.write(`${text}\n`);
  };
  try {
    if (name !== 'all') {
      const result = await estimate(name);
      return write(values.json ? JSON.stringify({ ...result, read }) : [describe(result), ...read].join('\n'));
    }
    const results: (Estimate | Skipped)[] = [];
    for (const which of allNames)
      try {
        results.push(await estimate(which));
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        results.push({ estimator: which, skipped: error.message });
      }
    write(values.json ? JSON.stringify({ results, read }) : [...results.map(describe), read.join('\n')].join('\n\n'));
  } finally {
    line.clear();
  }
}

function oneOf<T extends string>(option: string, got: string, allowed: readonly T[]): T {
  if (!allowed.includes(got as T)) throw unknownWord(option, got, allowed);
  return got as T;
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value < Number.POSITIVE_INFINITY))
    throw new UserError(`${flag} ${text}: a number above 0 is allowed`);
  return value;
}

function settingsOf(values: Values): EstimatorSettings {
  const { critic, k, noiseStd, kappa } = values;
  const settings: EstimatorSettings = {
    preset: oneOf('preset', values.preset!, PRESETS),
    quantity:
      PAPER_QUANTITIES[
        oneOf('quantity', values.quantity!, Object.keys(PAPER_QUANTITIES) as (keyof typeof PAPER_QUANTITIES)[])
      ],
  };
  if (critic !== undefined) settings.critic = oneOf('critic', critic, criticKinds);
  if (k !== undefined) settings.k = wholeNumber('--k', k, 1);
  if (noiseStd !== undefined) settings.noiseStd = positive('--noise-std', noiseStd);
  if (kappa !== undefined) settings.kappa = positive('--kappa', kappa);
  return settings;
}

/** Throws `UserError` for an option of noisy representations that the estimator would ignore. */
function refuseNoise(name: string, { noiseStd, kappa }: EstimatorSettings): void {
  if (kappa !== undefined && name !== 'resolved' && name !== 'all')
    throw new UserError(`--kappa ${kappa}: only resolved has it, not ${name}`);
  if (noiseStd !== undefined && name !== 'pairwise' && name !== 'resolved' && name !== 'all')
    throw new UserError(`--noise-std ${noiseStd}: only pairwise and resolved have it, not ${name}`);
}

const KINDS: Record<string, string> = { u: 'uint', i: 'int', f: 'float', c: 'complex' };

/** `u1` → `uint8`, as NumPy prints it. */
const typeName = (dtype: string) =>
  dtype.startsWith('b') ? 'bool' : `${KINDS[dtype[0]] ?? dtype[0]}${8 * Number(dtype.slice(1))}`;

/** An array as samples. */
interface Read {
  samples: Samples;
  /** For estimators that need no points: integers that are numbers, without ties. */
  spread: Samples;
  /** How it was read, and how to change it. */
  words: string;
}

/**
 * The array [n] or [n, columns] as samples. `--discrete` decides whether it holds categories; without it, integers and booleans do if they have few
 * different values. Other integers are numbers that were rounded.
 */
function readSamples(
  { data, shape, dtype }: NdArray,
  path: string,
  which: 'a' | 'b',
  declared: (typeof DISCRETE)[number] | undefined,
  seed: number,
): Read {
  if (shape.length < 1 || shape.length > 2)
    throw new UserError(`${path}: its shape is [${shape}]; [n] or [n, columns] is expected`);
  const [n, d = 1] = shape;
  if (n === 0 || d === 0) throw new UserError(`${path}: it is empty, its shape is [${shape}]`);
  const values =
    data instanceof Float32Array || data instanceof Float64Array
      ? data
      : Float64Array.from(data as ArrayLike<number>, Number);
  const at = values.findIndex((v) => !Number.isFinite(v));
  if (at >= 0)
    throw new UserError(
      `${path}: row ${Math.floor(at / d)}, column ${at % d} is ${values[at]}; remove such rows first`,
    );
  const whole = !dtype.startsWith('f');
  const plain: Samples = { data: values, n, d, discrete: declared === which || declared === 'both' };
  const levels = differentRows(plain);
  const discrete = plain.discrete || (declared === undefined && whole && levels <= FEW);
  const samples = { ...plain, discrete };
  const rounded = whole && !discrete;
  const other = which === 'a' ? 'b' : 'a';
  const change = discrete
    ? `--discrete ${declared === 'both' ? other : 'none'} reads numbers`
    : `--discrete ${which} reads categories`;
  const ties = rounded && levels < n ? ', rounded: ties are spread within the resolution' : '';
  return {
    samples,
    spread: rounded ? withoutTies(samples, seed, which) : samples,
    words: `${path}: ${discrete ? 'categories' : 'numbers'} (${typeName(dtype)}, ${levels} different rows of ${n})${ties}; ${change}`,
  };
}

function describe(e: Estimate | Skipped): string {
  if ('skipped' in e) return `–  (${e.skipped.startsWith(`${e.estimator}`) ? '' : `${e.estimator}: `}${e.skipped})`;
  const lines = [`${e.nats.toFixed(4)} ± ${e.standardError.toFixed(4)} nats  (${e.estimator}, ${e.samples} samples)`];
  if (e.heldOutNats !== null && e.trainNats !== null)
    lines.push(`held out ${e.heldOutNats.toFixed(4)}, on the training pairs ${e.trainNats.toFixed(4)}`);
  if (e.ceiling !== null) lines.push(`ceiling ${e.ceiling.toFixed(2)} nats${e.saturated ? ' (saturated)' : ''}`);
  return [...lines, ...e.warnings.map((w) => `warning: ${w}`)].join('\n');
}
