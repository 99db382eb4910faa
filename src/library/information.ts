/** Mutual information in nats: one call for the caller's arrays, and the estimators with all their settings. */
import { UserError } from '../base/errors.js';
import {
  type Estimate,
  type EstimateOptions,
  type EstimatorSettings,
  estimator,
  type Samples,
  samples,
} from '../information/index.js';
import { checkKeys } from './check.js';

export * from '../information/index.js';

/** One variable: a list or typed array of numbers (one column), a list of rows, or `samples` of either kind. */
export type Variable = ArrayLike<number> | readonly ArrayLike<number>[] | Samples;

/** Estimator, settings, seed and progress of `mutualInformation`. */
export interface MutualInformationOptions extends EstimatorSettings, Partial<EstimateOptions> {
  /** One of `estimatorNames`. Default `infonce`. */
  estimator?: string;
}

/**
 * I(A;B) in nats between two variables whose rows are paired, with a standard error and warnings. Lists are continuous variables;
 * `samples(values, 1, true)` makes one of categories. The default seed is 0. Rejects with `UserError` for unequal numbers of rows, values
 * that are not finite, unknown settings, and variables that the estimator cannot handle.
 */
export async function mutualInformation(
  a: Variable,
  b: Variable,
  options: MutualInformationOptions = {},
): Promise<Estimate> {
  const known = ['preset', 'quantity', 'critic', 'k', 'noiseStd', 'kappa', 'threads'];
  checkKeys('option', options, ['estimator', 'seed', 'owner', 'signal', 'onProgress', ...known]);
  const { estimator: name = 'infonce', seed = 0, owner, signal, onProgress, ...settings } = options;
  return estimator(name, settings).estimate(variable('first', a), variable('second', b), {
    seed,
    owner,
    signal,
    onProgress,
  });
}

function variable(which: string, values: Variable): Samples {
  if (typeof values !== 'object' || values === null)
    throw new UserError(`the ${which} variable is ${values}; an array of numbers or of rows is expected`);
  if ('data' in values) return values;
  const first = values[0];
  if (typeof first !== 'object') return samples(values as ArrayLike<number>);
  const rows = values as readonly ArrayLike<number>[];
  const d = first.length;
  const odd = rows.findIndex((row) => row?.length !== d);
  if (odd >= 0)
    throw new UserError(`the ${which} variable: row ${odd} has ${rows[odd]?.length} columns, row 0 has ${d}`);
  const data = new Float64Array(rows.length * d);
  rows.forEach((row, i) => {
    data.set(Array.from(row), i * d);
  });
  return samples(data, d);
}
