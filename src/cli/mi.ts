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
import { categories } from '../information/samples.js';
import { ProgressLine } from './progress.js';

const QUANTITIES = { xt: 'I(X;T)', ty: 'I(T;Ŷ)', b: 'B' } as const;
const PRESETS = ['quick', 'paper'] as const;
const DISCRETE = ['a', 'b', 'both', 'none'] as const;

/** An estimator that has no answer on these arrays, and why. */
interface Skipped {
  estimator: string;
  skipped: string;
}

export function addMi(program: Command) {
  program
    .command('mi')
    .description('estimate the mutual information between two arrays whose rows are paired, in nats')
    .argument('<a.npy>', 'first array, [n] or [n, columns]')
    .argument('<b.npy>', 'second array, as many rows')
    .option('--estimator <name>', `one of ${estimatorNames.join(', ')}, or all`, 'infonce')
    .addOption(new Option('--preset <name>', 'for infonce: quick, or the paper’s critic').default('quick'))
    .option('--quantity <name>', 'settings of the paper preset: xt for I(X;T), ty for I(T;Ŷ), b for rows with B', 'xt')
    .option(
      '--critic <name>',
      `for the neural estimators: ${criticKinds.join(', ')} (default: the best of the first two)`,
    )
    .option('--k <n>', 'for ksg, mixed, ross and gao: which neighbour')
    .option(
      '--noise-std <σ>',
      'for pairwise and resolved: standard deviation of the noise that the second array is without',
    )
    .option('--kappa <κ>', 'for resolved: how many times that noise is magnified (default 1)')
    .option('--discrete <which>', 'a, b, both or none; integers and booleans that repeat are recognised')
    .option('--seed <n>', 'seed of everything random', '0')
    .option('--json', 'print one JSON document on stdout and nothing else there')
    .addHelpText('after', '\nExample:\n  ibscope mi x.npy t.npy --estimator infonce --json')
    .action(async (first: string, second: string, values: Record<string, string | undefined>) => {
      const name = oneOf('estimator', values.estimator!, ['all', ...estimatorNames]);
      const settings = settingsOf(values);
      if (settings.preset === 'paper' && name !== 'infonce' && name !== 'all')
        throw new UserError(`--preset paper: only infonce has it, not ${name}`);
      refuseNoise(name, settings);
      const seed = whole('--seed', values.seed!, 0);
      const warnings: string[] = [];
      // For resolved, one array numbers the rows and the other holds points, integers or not.
      const unsaid = name === 'resolved' ? 'none' : undefined;
      const declared = values.discrete === undefined ? unsaid : oneOf('discrete', values.discrete, DISCRETE);
      const a = samplesOf(await readNpy(first), first, 'a', declared, warnings);
      const b = samplesOf(await readNpy(second), second, 'b', declared, warnings);
      if (a.n !== b.n)
        throw new UserError(`${first} has ${a.n} rows and ${second} has ${b.n}: rows must come in pairs`);
      const line = new ProgressLine();
      const estimate = async (which: string): Promise<Estimate> => {
        const onProgress = (done: number) =>
          line.update({ phase: 'estimate', stage: which, done: Math.round(100 * done), total: 100, unit: '%' });
        const found = await estimator(which, settings).estimate(a, b, { seed, onProgress });
        return { ...found, warnings: [...warnings, ...found.warnings] };
      };
      try {
        if (name !== 'all') {
          const result = await estimate(name);
          line.clear();
          process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${describe(result)}\n`);
          return;
        }
        const results: (Estimate | Skipped)[] = [];
        for (const which of allNames)
          try {
            results.push(await estimate(which));
          } catch (error) {
            if (!(error instanceof UserError)) throw error;
            results.push({ estimator: which, skipped: error.message });
          }
        line.clear();
        process.stdout.write(
          values.json ? `${JSON.stringify({ results })}\n` : `${results.map(describe).join('\n\n')}\n`,
        );
      } finally {
        line.clear();
      }
    });
}

function oneOf<T extends string>(option: string, got: string, allowed: readonly T[]): T {
  if (!allowed.includes(got as T)) throw unknownWord(option, got, allowed);
  return got as T;
}

function whole(flag: string, text: string, least: number): number {
  const n = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(n) || n < least)
    throw new UserError(`${flag} ${text}: a whole number from ${least} is allowed`);
  return n;
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value < Number.POSITIVE_INFINITY))
    throw new UserError(`${flag} ${text}: a number above 0 is allowed`);
  return value;
}

function settingsOf(values: Record<string, string | undefined>): EstimatorSettings {
  const { critic, k, noiseStd, kappa } = values;
  const settings: EstimatorSettings = {
    preset: oneOf('preset', values.preset!, PRESETS),
    quantity: QUANTITIES[oneOf('quantity', values.quantity!, Object.keys(QUANTITIES) as (keyof typeof QUANTITIES)[])],
  };
  if (critic !== undefined) settings.critic = oneOf('critic', critic, criticKinds);
  if (k !== undefined) settings.k = whole('--k', k, 1);
  if (noiseStd !== undefined) settings.noiseStd = positive('--noise-std', noiseStd);
  if (kappa !== undefined) settings.kappa = positive('--kappa', kappa);
  return settings;
}

/** Refuses the options of noisy representations where the estimator would pass them over. */
function refuseNoise(name: string, { noiseStd, kappa }: EstimatorSettings): void {
  if (kappa !== undefined && name !== 'resolved' && name !== 'all')
    throw new UserError(`--kappa ${kappa}: only resolved has it, not ${name}`);
  if (noiseStd !== undefined && name !== 'pairwise' && name !== 'resolved' && name !== 'all')
    throw new UserError(`--noise-std ${noiseStd}: only pairwise and resolved have it, not ${name}`);
}

/** Rows per category from which on integers are taken for names, and the number of categories that always are. */
const REPEATS = 5;
const FEW = 20;

/**
 * Declared arrays are what was declared. Of the others, integers and booleans are discrete where their values repeat: with
 * almost as many different rows as samples (pixels, counters) they are numbers, and a warning says so.
 */
function samplesOf(
  { data, shape, dtype }: NdArray,
  path: string,
  which: 'a' | 'b',
  declared: (typeof DISCRETE)[number] | undefined,
  warnings: string[],
): Samples {
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
      `${path}: row ${Math.floor(at / d)}, column ${at % d} is ${values[at]}; leave such rows out first`,
    );
  const samples = { data: values, n, d, discrete: declared === which || declared === 'both' };
  if (declared !== undefined || dtype.startsWith('f')) return samples;
  const { levels } = categories(samples);
  if (levels <= FEW || levels * REPEATS <= n) return { ...samples, discrete: true };
  warnings.push(
    `${path} holds integers, but ${levels} different rows in ${n}: it is read as continuous. Say --discrete ${which} if they are names of categories.`,
  );
  return samples;
}

function describe(e: Estimate | Skipped): string {
  if ('skipped' in e) return `–  (${e.skipped.startsWith(`${e.estimator}`) ? '' : `${e.estimator}: `}${e.skipped})`;
  const lines = [`${e.nats.toFixed(4)} ± ${e.standardError.toFixed(4)} nats  (${e.estimator}, ${e.samples} samples)`];
  if (e.heldOutNats !== null && e.trainNats !== null)
    lines.push(`held out ${e.heldOutNats.toFixed(4)}, on the pairs trained on ${e.trainNats.toFixed(4)}`);
  if (e.ceiling !== null) lines.push(`ceiling ${e.ceiling.toFixed(2)} nats${e.saturated ? ' (saturated)' : ''}`);
  return [...lines, ...e.warnings.map((w) => `warning: ${w}`)].join('\n');
}
