/** `ibscope mi`: mutual information between the rows of two arrays. */
import { type Command, Option } from 'commander';
import { UserError, unknownWord } from '../base/errors.js';
import { type NdArray, readNpy } from '../formats/npy.js';
import { type Estimate, estimator, estimatorNames, type Samples } from '../information/index.js';
import { ProgressLine } from './progress.js';

export function addMi(program: Command) {
  program
    .command('mi')
    .description('estimate the mutual information between two arrays whose rows are paired, in nats')
    .argument('<a.npy>', 'first array, [n] or [n, columns]')
    .argument('<b.npy>', 'second array, as many rows')
    .option('--estimator <name>', `one of ${estimatorNames.join(', ')}`, 'infonce')
    .addOption(new Option('--preset <name>', 'for infonce: quick, or the paper’s critic').default('quick'))
    .option('--seed <n>', 'seed of everything random', '0')
    .option('--json', 'print one JSON document on stdout and nothing else there')
    .addHelpText('after', '\nExample:\n  ibscope mi x.npy t.npy --estimator infonce --json')
    .action(async (first: string, second: string, values) => {
      if (!estimatorNames.includes(values.estimator)) throw unknownWord('estimator', values.estimator, estimatorNames);
      if (!['quick', 'paper'].includes(values.preset)) throw unknownWord('preset', values.preset, ['quick', 'paper']);
      const seed = Number(values.seed);
      if (!Number.isInteger(seed) || seed < 0 || values.seed.trim() === '')
        throw new UserError(`--seed ${values.seed}: a whole number from 0 is allowed`);
      const a = samplesOf(await readNpy(first), first);
      const b = samplesOf(await readNpy(second), second);
      if (a.n !== b.n)
        throw new UserError(`${first} has ${a.n} rows and ${second} has ${b.n}: rows must come in pairs`);
      const line = new ProgressLine();
      const onProgress = (done: number) =>
        line.update({ stage: values.estimator, done: Math.round(100 * done), total: 100, unit: '%' });
      const result = await estimator(values.estimator, values.preset).estimate(a, b, { seed, onProgress });
      line.clear();
      process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${describe(result)}\n`);
    });
}

/** Integers and booleans are read as discrete by the estimators that tell the two apart. */
function samplesOf({ data, shape, dtype }: NdArray, path: string): Samples {
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
  return { data: values, n, d, discrete: !dtype.startsWith('f') };
}

function describe(e: Estimate): string {
  const lines = [`${e.nats.toFixed(4)} ± ${e.standardError.toFixed(4)} nats  (${e.estimator}, ${e.samples} samples)`];
  if (e.heldOutNats !== null && e.trainNats !== null)
    lines.push(`held out ${e.heldOutNats.toFixed(4)}, on the pairs trained on ${e.trainNats.toFixed(4)}`);
  if (e.ceiling !== null) lines.push(`ceiling ${e.ceiling.toFixed(2)} nats${e.saturated ? ' (saturated)' : ''}`);
  return [...lines, ...e.warnings.map((w) => `warning: ${w}`)].join('\n');
}
