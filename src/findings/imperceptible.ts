import { average, mean, rankCorrelation } from '../dynamics/index.js';
import type { Finding, Verdict } from '../report/index.js';
import type { Repeated, Setting } from './settings.js';
import { took } from './success.js';
import { number, withInterval } from './words.js';

/** What the paper calls visually imperceptible, of its five attacks. */
const IMPERCEPTIBLE = ['blend', 'wanet', 'label-consistent', 'adaptive-blend'];

export function badnetsFinding(setting: Setting): Finding {
  const claim = 'BadNets is stealthier inside the model than most imperceptible attacks';
  const scores = (a: Repeated) => new Map(a.runs.map((r) => [r.config.seed, r.report.stealth?.score ?? null]));
  const badnets = setting.attacks.filter((a) => a.config.attack === 'badnets' && took(a));
  const rivals = setting.attacks.filter((a) => IMPERCEPTIBLE.includes(a.config.attack) && took(a));
  const pairs = rivals.flatMap((rival) => {
    const equal = badnets.find((b) => b.config.poisonRate === rival.config.poisonRate) ?? badnets[0];
    if (!equal) return [];
    const [own, theirs] = [scores(equal), scores(rival)];
    const differences = [...own].flatMap(([seed, s]) => {
      const t = theirs.get(seed);
      return s !== null && t != null ? [s - t] : [];
    });
    return differences.length > 0 ? [{ label: rival.label, d: average(differences) }] : [];
  });
  if (pairs.length === 0)
    return { claim, verdict: 'not resolved', evidence: 'BadNets or every imperceptible attack did not take.' };
  const [above, below] = [
    pairs.filter((p) => p.d.n > 1 && p.d.interval[0] > 0).length,
    pairs.filter((p) => p.d.n > 1 && p.d.interval[1] < 0).length,
  ];
  const verdict: Verdict =
    2 * above > pairs.length ? 'reproduced' : 2 * below > pairs.length ? 'contradicted' : 'not resolved';
  const words = pairs.map((p) => `${p.label} ${withInterval(p.d)}`).join('; ');
  return { claim, verdict, evidence: `S of BadNets minus S of the other, by seed: ${words}.` };
}

export function lookFinding(setting: Setting): Finding {
  const claim = 'Stealth inside the model does not follow the look of the trigger';
  const items = setting.attacks.filter(took).flatMap((a) => {
    const values = a.runs.map((r) => r.report.stealth?.score ?? Number.NaN);
    const look = a.runs[0].report.perception;
    return values.every(Number.isFinite) ? [{ score: mean(values), psnr: look['PSNR (dB)'], ssim: look.SSIM }] : [];
  });
  const of = (key: 'psnr' | 'ssim') => {
    const with_ = items.filter((i) => Number.isFinite(i[key] ?? Number.NaN));
    return rankCorrelation(
      with_.map((i) => i.score),
      with_.map((i) => i[key]!),
    );
  };
  const both = [
    { name: 'PSNR', c: of('psnr') },
    { name: 'SSIM', c: of('ssim') },
  ];
  const verdict: Verdict = both.some(({ c }) => c.interval[0] > 0 || c.interval[1] < 0)
    ? 'contradicted'
    : both.every(({ c }) => c.interval[0] > -0.5 && c.interval[1] < 0.5)
      ? 'reproduced'
      : 'not resolved';
  const words = both.map(
    ({ name, c }) =>
      `${name} τ = ${Number.isFinite(c.tau) ? number(c.tau) : '–'} (95 % ${number(c.interval[0])} to ${number(c.interval[1])}, p = ${number(c.p)}, ${c.n} attacks)`,
  );
  return { claim, verdict, evidence: `Kendall’s rank correlation of S with ${words.join('; with ')}.` };
}
