import { type Average, at, average, commonEpochs, epochAverage, type StealthQuantity } from '../dynamics/index.js';
import type { Finding, Verdict } from '../report/index.js';
import { curvesOf } from './levels.js';
import type { Repeated, Setting } from './settings.js';
import { took } from './success.js';
import { withInterval } from './words.js';

/** Average over epochs of backdoor − clean, per seed, with the bound on its error. */
function integrationDifference({ runs, config }: Repeated, quantity: StealthQuantity): Average | null {
  const found = runs.flatMap((run) => {
    const curves = curvesOf(run.report.information, quantity);
    const [b, c] = ['backdoor', 'clean'].map((g) => curves.find((x) => x.group === `${config.target}/${g}`));
    if (!b || !c) return [];
    const epochs = commonEpochs([b, c]);
    const [x, y] = [at(b, epochs), at(c, epochs)];
    return [
      {
        value: epochAverage(
          epochs,
          epochs.map((_, i) => x.values[i] - y.values[i]),
        ),
        error: epochAverage(
          epochs,
          epochs.map((_, i) => Math.hypot(x.standardErrors[i], y.standardErrors[i])),
        ),
      },
    ];
  });
  if (found.length === 0) return null;
  return average(
    found.map((f) => f.value),
    found.map((f) => f.error),
  );
}

export function lowerFinding(setting: Setting): Finding {
  const claim = 'Blend: I(X;T) and I(T;Ŷ) of backdoor samples stay below the clean ones';
  const blends = setting.attacks.filter((a) => a.config.attack === 'blend' && took(a));
  const parts = blends.flatMap((b) =>
    (['I(X;T)', 'I(T;Ŷ)'] as const).flatMap((q) => {
      const d = integrationDifference(b, q);
      return d ? [{ q, d, label: b.label }] : [];
    }),
  );
  if (parts.length === 0) return { claim, verdict: 'not resolved', evidence: 'Blend did not take.' };
  // One seed's interval holds within that run only.
  const several = parts.every((p) => p.d.n > 1);
  const verdict: Verdict =
    several && parts.every((p) => p.d.interval[1] < 0)
      ? 'reproduced'
      : several && parts.some((p) => p.d.interval[0] > 0)
        ? 'contradicted'
        : 'not resolved';
  const words = parts.map((p) => `${p.label}, ${p.q}: ${withInterval(p.d)} nats`).join('; ');
  return { claim, verdict, evidence: `Backdoor minus clean, averaged over epochs: ${words}.` };
}
