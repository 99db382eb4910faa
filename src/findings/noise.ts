import { average } from '../dynamics/index.js';
import type { Finding } from '../report/index.js';
import { cleanLevel } from './levels.js';
import type { VariedSetting } from './varied.js';
import { withInterval } from './words.js';

/** I(X;T) of the clean classes at the least γ against the greatest, by attack and seed. */
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
  const verdict =
    d.n > 1 && d.interval[0] > 0 ? 'reproduced' : d.n > 1 && d.interval[1] < 0 ? 'contradicted' : 'not resolved';
  return { claim, verdict, evidence: `Clean classes, γ = ${low} minus γ = ${high}: ${withInterval(d)} nats.` };
}
