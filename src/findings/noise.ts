/** Less noise inside the network lifts the information of the clean classes. */
import { mean } from '../dynamics/index.js';
import type { Finding } from '../report/index.js';
import { unresolved } from './claim.js';
import { cleanLevel } from './levels.js';
import { bySeed } from './spread.js';
import type { VariedSetting } from './varied.js';
import { judge } from './verdict.js';
import { sentence } from './words.js';

/**
 * Smallest effect of interest: I(X;T) of the clean classes is higher at the lowest γ by a tenth of its level at the highest. The paper says that
 * γ = 0.1 lifts all values and gives no size, so it is the size of every finding without one.
 */
const INTEREST = 0.1;

/** The rule: I(X;T) of the clean classes at the least γ is above that at the greatest, by seed, averaged over the attacks of a seed. */
export function lifted(setting: VariedSetting): Finding {
  const claim = 'Less noise lifts the information: I(X;T) is higher at the lowest γ than at the highest';
  const [low, high] = [setting.values[0], setting.values[setting.values.length - 1]];
  const bySeeds = new Map<number, number[]>();
  for (const { levels } of setting.attacks) {
    const runsAt = (value: string | number) => levels.find((l) => l.value === value)?.runs ?? [];
    for (const r of runsAt(low)) {
      const { seed } = r.config;
      const twin = runsAt(high).find((t) => t.config.seed === seed);
      const share = twin ? cleanLevel(r, 'I(X;T)') / cleanLevel(twin, 'I(X;T)') - 1 : Number.NaN;
      if (Number.isFinite(share)) bySeeds.set(seed, [...(bySeeds.get(seed) ?? []), share]);
    }
  }
  if (low === high || bySeeds.size === 0) return { claim, ...unresolved('There is only one value of γ.') };
  const what = `I(X;T) of clean classes at γ = ${low} minus that at γ = ${high}, of the latter`;
  const question = { what, unit: 'share', direction: 'above', interest: INTEREST } as const;
  const effect = judge(bySeed([...bySeeds.values()].map(mean)), question);
  return { claim, verdict: effect.verdict, evidence: sentence(effect), effects: [effect] };
}
