/** Less noise inside the network lifts the information of the clean classes. */
import { average } from '../dynamics/index.js';
import type { Finding } from '../report/index.js';
import { cleanLevel } from './levels.js';
import type { VariedSetting } from './varied.js';
import { verdictOf } from './verdict.js';
import { withInterval } from './words.js';

/**
 * Smallest effect of interest: I(X;T) of the clean classes is higher at the lowest γ by a tenth of its level at the highest. The paper says that
 * γ = 0.1 lifts all values and gives no size, so it is the size of every finding without one.
 */
export const INTEREST = 0.1;

/** The rule: I(X;T) of the clean classes at the least γ minus that at the greatest is above 0, over attacks and seeds. */
export function lifted(setting: VariedSetting): Finding {
  const claim = 'Less noise lifts the information: I(X;T) is higher at the lowest γ than at the highest';
  const [low, high] = [setting.values[0], setting.values[setting.values.length - 1]];
  const differences = setting.attacks.flatMap(({ levels }) => {
    const at = (value: string | number) => levels.find((l) => l.value === value)?.runs ?? [];
    return at(low).flatMap((r) => {
      const twin = at(high).find((t) => t.config.seed === r.config.seed);
      return twin ? [cleanLevel(r, 'I(X;T)') - cleanLevel(twin, 'I(X;T)')] : [];
    });
  });
  if (low === high || differences.length === 0)
    return { claim, verdict: 'not resolved', evidence: 'There is only one value of γ.' };
  const d = average(differences);
  const verdict = verdictOf(d, [{ above: 0 }], [{ below: 0 }]);
  return { claim, verdict, evidence: `Clean classes, γ = ${low} minus γ = ${high}: ${withInterval(d)} nats.` };
}
