/** Any options of a run or an attack varied together: which trials trade success for stealth best, and which one is best. */
import { findAnyAttack } from '../attacks/any.js';
import { UserError } from '../base/errors.js';
import { kebab, nameOf, requestOf } from '../config/flags.js';
import { datasetName } from '../config/names.js';
import type { RunConfig, RunRequest } from '../config/options.js';
import { resolveConfig } from '../config/resolve.js';
import { defaultRate, eachRound } from './grid.js';
import type { AttackChoice, Study, StudyOptions, Sweep, VariedOption } from './types.js';
import { type TrialValues, trialValues } from './vary.js';

export const sweepStudy: Study = {
  name: 'sweep',
  summary: 'any options of a run or an attack, as a grid or at random: success against stealth, and the best trial',
  sweeps: true,
  defaults: { attacks: [{ attack: 'blend' }], rates: [], seeds: [0] },
  plan(o) {
    const sweep = checked(o);
    const trials = trialValues(sweep);
    return eachRound(o, (choice, request) => distinct(trials.map((t) => trialConfig(choice, t, request, sweep.vary))));
  },
  report: async (outcome, options) => (await import('./sweep-report.js')).sweepReport(outcome, options),
};

/** A trial of an attack; options that the attack does not have are left out, and so is the rate of `none`. */
function trialConfig(
  choice: AttackChoice,
  values: TrialValues,
  request: RunRequest,
  vary: readonly VariedOption[],
): RunConfig {
  const { attack, rate, attackOption = [] } = choice;
  const { options } = findAnyAttack(attack);
  const ofRun = vary.filter((v) => v.key !== undefined && !(v.key === 'poisonRate' && attack === 'none'));
  const ofAttack = vary.filter((v) => v.key === undefined && v.name in options.shape);
  return resolveConfig({
    ...request,
    poisonRate: rate ?? request.poisonRate ?? defaultRate(attack),
    ...requestOf(Object.fromEntries(ofRun.map((v) => [nameOf(v.key!), values[v.name]]))),
    attack,
    attackOption: [...attackOption, ...ofAttack.map((v) => `${v.name}=${values[v.name]}`)],
  });
}

/** Each configuration once: trials that differ only in options that the attack does not have are one. */
const distinct = (configs: readonly RunConfig[]) => [...new Map(configs.map((c) => [JSON.stringify(c), c])).values()];

/** The sweep of the options. Throws `UserError` where nothing is varied, or where an option is both varied and given. */
function checked({ sweep, base, data, attacks }: StudyOptions): Sweep {
  if (!sweep || sweep.vary.length === 0)
    throw new UserError('--vary: name at least one option and its values, such as alpha=0.05:0.5');
  const names = data.map((d) =>
    datasetName({ dataset: String(d.request.dataset), dataDir: d.request.dataDir as string }),
  );
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) throw new UserError(`--data: ${twice} is given twice; a sweep varies the options of a data set by --vary`);
  const choices = [...attacks, ...data.flatMap((d) => d.attacks ?? [])];
  for (const [i, { name, key }] of sweep.vary.entries()) {
    const refuse = (why: string) => new UserError(`--vary ${name}: ${why}`);
    if (sweep.vary.findIndex((v) => v.name === name) !== i) throw refuse('it is given twice; give all values at once');
    if (key !== undefined && [base, ...data.map((d) => d.request)].some((r) => r[key] !== undefined))
      throw refuse(`--${kebab(key)} gives it a fixed value`);
    const rated = choices.find((c) => key === 'poisonRate' && c.rate !== undefined);
    if (rated) throw refuse(`${rated.attack}@${rated.rate} gives it a fixed value`);
    const own = choices.find((c) => key === undefined && c.attackOption?.some((text) => text.startsWith(`${name}=`)));
    if (own) throw refuse(`${own.attack}:${own.attackOption!.join(':')} gives it a fixed value`);
  }
  return sweep;
}
