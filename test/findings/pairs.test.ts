/** Pairs of attacks over seeds: SciPy's paired t test, Holm's correction, ranks under simulated truth, and every sentence. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { pairSentence, pairsLede } from '../../src/findings/pair-words.js';
import { holm, pairsOf, ranksOf } from '../../src/findings/pairs.js';
import type { Repeated } from '../../src/findings/settings.js';

interface Golden {
  first: number[];
  second: number[];
  p: number;
  difference: number;
  interval: [number, number];
}
const golden = JSON.parse(readFileSync(new URL('../golden/pairs.json', import.meta.url), 'utf8')) as Golden[];

/** An attack with a score at each seed from 0 on; null: no score. */
const scored = (attack: string, scores: readonly (number | null)[], asr = 1, poisonRate = 0.1): Repeated =>
  ({
    label: attack,
    config: { attack, poisonRate },
    runs: scores.map((score, seed) => ({
      config: { attack, seed },
      result: { asr: attack === 'none' ? null : asr },
      report: { stealth: { score, distance: score === null ? null : -Math.log(score) } },
    })),
  }) as unknown as Repeated;

describe('a pair', () => {
  it('has the p, difference and interval of SciPy’s paired t test', () => {
    for (const { first, second, p, difference, interval } of golden) {
      const [pair] = pairsOf([scored('first', first), scored('second', second)]);
      // The pair begins with the attack of the higher mean.
      const sign = pair.first.label === 'first' ? 1 : -1;
      expect(pair.p).toBeCloseTo(p, 9);
      expect(pair.adjusted).toBe(pair.p);
      expect(sign * pair.effect.effect).toBeCloseTo(difference, 12);
      const ends = sign === 1 ? pair.effect.interval! : [-pair.effect.interval![1], -pair.effect.interval![0]];
      ends.forEach((end, i) => {
        expect(end).toBeCloseTo(interval[i], 8);
      });
    }
  });

  it('joins runs of one seed, and leaves seeds out at which one has no score', () => {
    const [pair] = pairsOf([scored('a', [0.9, null, 0.7, 0.8]), scored('b', [0.5, 0.1, 0.4])]);
    expect(pair.effect.n).toBe(2);
    expect(pair.effect.effect).toBeCloseTo((0.4 + 0.3) / 2, 12);
  });

  it('never holds a clean model or the control of wrong labels', () => {
    const all = [scored('none', [0.9, 0.9]), scored('relabel', [0.8, 0.9]), scored('a', [0.5, 0.6])];
    expect(pairsOf(all)).toEqual([]);
    expect(pairsOf([...all, scored('b', [0.4, 0.6])])).toHaveLength(1);
  });
});

it('Holm’s correction of a published example, and of p that are missing', () => {
  // statsmodels and R’s p.adjust give these.
  const adjusted = holm([0.01, 0.04, 0.03, 0.005]) as number[];
  [0.03, 0.06, 0.06, 0.02].forEach((p, i) => {
    expect(adjusted[i]).toBeCloseTo(p, 12);
  });
  expect(holm([0.5, null, 0.9])).toEqual([1, null, 1]);
});

describe('ranks', () => {
  const simulate = (truths: readonly number[], seeds: number, rng: Rng) => {
    // Runs of one seed share a part of their error, which pairing removes.
    const shared = Array.from({ length: seeds }, () => 0.05 * rng.normal());
    return truths.map((truth, k) =>
      scored(
        `attack ${k}`,
        shared.map((s) => truth + s + 0.02 * rng.normal()),
      ),
    );
  };

  it('of attacks that are equal: a wrong order in at most 5 % of simulated comparisons', () => {
    const rng = new Rng(1, 'equal attacks');
    let wrong = 0;
    for (let i = 0; i < 400; i++) {
      const attacks = simulate([0.7, 0.7, 0.7, 0.7], 4, rng);
      if (ranksOf(attacks, pairsOf(attacks)).some((r) => r.best > 1 || r.worst < 4)) wrong++;
    }
    // Three standard errors of a binomial count around 5 %.
    expect(wrong).toBeLessThanOrEqual(400 * 0.05 + 3 * Math.sqrt(400 * 0.05 * 0.95));
  });

  it('of attacks far apart: the true order, alone', () => {
    const attacks = simulate([0.5, 0.9, 0.7], 5, new Rng(2, 'far apart'));
    const ranks = ranksOf(attacks, pairsOf(attacks));
    expect(ranks.map((r) => [r.attack.label, r.rank, r.best, r.worst])).toEqual([
      ['attack 1', 1, 1, 1],
      ['attack 2', 2, 2, 2],
      ['attack 0', 3, 3, 3],
    ]);
  });

  it('of one seed: all are open', () => {
    const attacks = [scored('a', [0.9]), scored('b', [0.2]), scored('c', [0.5])];
    for (const { best, worst } of ranksOf(attacks, pairsOf(attacks))) expect([best, worst]).toEqual([1, 3]);
  });
});

describe('the sentences', () => {
  const far = [scored('badnets', [0.8, 0.82, 0.81, 0.79, 0.8]), scored('blend', [0.5, 0.51, 0.52, 0.5, 0.49])];
  const near = [scored('badnets', [0.8, 0.7, 0.9]), scored('wanet', [0.79, 0.8, 0.7], 0.66)];

  it.each<[string, Repeated[], RegExp, RegExp]>([
    [
      'seeds settle it',
      far,
      /^badnets is stealthier than blend: S 0\.80 against 0\.50, difference 0\.30 \(95 % 0\.29 to 0\.31, 5 seeds, p = \de-\d\)\.$/,
      /settle/,
    ],
    [
      'seeds do not settle it',
      near.map((a) => ({ ...a, runs: a.runs.map((r) => ({ ...r, result: { ...r.result, asr: 1 } })) })),
      /^3 seeds do not settle whether badnets is stealthier than wanet: S 0\.80 against 0\.76, difference 0\.04 \(95 % −0\.34 to 0\.41, 3 seeds, p = 0\.\d\d\d\)\. About \d+ seeds would show a difference of 0\.10\.$/,
      /is stealthier than wanet:.*\. badnets/,
    ],
    [
      'one seed',
      far.map((a) => ({ ...a, runs: a.runs.slice(0, 1) })),
      /^One seed does not show whether badnets is stealthier than blend \(S 0\.80 against 0\.50\)\.$/,
      /p =/,
    ],
  ])('%s', (_, attacks, says, never) => {
    const pairs = pairsOf(attacks);
    const text = pairSentence(pairs[0], pairs.length);
    expect(text).toMatch(says);
    expect(text).not.toMatch(never);
    const [head, seen, ...more] = pairsLede(attacks, pairs);
    expect([head, more]).toEqual([text, []]);
    // Without a null no run is judged.
    expect(seen).toMatch(
      /^\w+: ASR 1\.00, seen in 0 of 0 runs that have a p; \w+: ASR 1\.00, seen in 0 of 0 runs that have a p\. /,
    );
  });

  it('names an attack that does not succeed, with its ASR', () => {
    expect(pairsLede(near, pairsOf(near))[2]).toBe(
      'The ASR of wanet is 0.66, below 0.9: a half-learned attack may look stealthy for that reason.',
    );
  });

  it('does not call an attack stealthier that is only half learned', () => {
    const attacks = [scored('wanet', [0.9, 0.91, 0.9], 0.88), scored('badnets', [0.6, 0.61, 0.62])];
    const pairs = pairsOf(attacks);
    expect(pairSentence(pairs[0], 1)).toMatch(
      /^wanet has a higher S than badnets, and whether it is stealthier is open, because it is only half learned \(ASR 0\.88\): S 0\.90 against 0\.61, difference 0\.29 /,
    );
    const other = [scored('wanet', [0.9, 0.91, 0.9]), scored('badnets', [0.6, 0.61, 0.62], 0.5)];
    expect(pairSentence(pairsOf(other)[0], 1)).toMatch(/^wanet is stealthier than badnets: /);
  });

  /** An attack with a run for each p. */
  const seenAt = (attack: string, ps: readonly number[]): Repeated => {
    const made = scored(
      attack,
      ps.map(() => 0.7),
    );
    made.runs.forEach((run, i) => {
      const stealth = { p: ps[i], score: 0.7, distance: 0.36, null: { gapsByClass: {}, draws: 36, labels: [] } };
      Object.assign(run.report, { stealth });
    });
    return made;
  };

  it('says in how many runs each attack is seen', () => {
    const attacks = [seenAt('badnets', [0.01, 0.2, 0.05]), seenAt('wanet', [0.3, 0.4, 0.5])];
    expect(pairsLede(attacks, pairsOf(attacks))[1]).toBe(
      'badnets: ASR 1.00, seen in 2 of 3 runs; wanet: ASR 1.00, seen in 0 of 3 runs. An attack is seen where p ≤ 0.05: information flows differently through its poisoned samples.',
    );
  });

  it('says that none is stealthy where each is seen in every run', () => {
    const attacks = [seenAt('badnets', [0.01, 0.02]), seenAt('wanet', [0.03, 0.04])];
    const [, words] = pairsLede(attacks, pairsOf(attacks));
    expect(words).toMatch(/so none is stealthy, only more or less so\.$/);
    const one = [seenAt('badnets', [0.01, 0.02]), seenAt('wanet', [0.03, 0.06])];
    expect(pairsLede(one, pairsOf(one))[1]).not.toMatch(/none is stealthy/);
  });

  it('says where the attack that is stealthier inside the model is the plainer one to the eye', () => {
    const visible = (attack: Repeated, psnr: number) => {
      for (const run of attack.runs) Object.assign(run.report, { perception: { 'PSNR (dB)': psnr } });
      return attack;
    };
    const attacks = (wanet: number) => [
      visible(scored('wanet', [0.9, 0.91, 0.9]), wanet),
      visible(scored('badnets', [0.6, 0.61, 0.62]), 27.4),
    ];
    const words = (wanet: number) => pairsLede(attacks(wanet), pairsOf(attacks(wanet))).join('\n');
    expect(words(18.7)).toContain('the trigger of wanet is the plainer one (PSNR 18.7 dB against 27.4 dB)');
    expect(words(30)).not.toContain('plainer');
  });

  it('says that poison rates differ', () => {
    const attacks = [
      scored('badnets', [0.8, 0.7]),
      scored('wanet', [0.7, 0.7], 1, 0.2),
      scored('none', [0.9, 0.9], 1, 0.3),
    ];
    expect(pairsLede(attacks, pairsOf(attacks))[2]).toBe(
      'Poison rates differ: badnets 10 %, wanet 20 %. A lower rate is stealthier in itself, so part of a difference may come from the rate.',
    );
  });

  it('counts the pairs that are open where there are many', () => {
    const rng = new Rng(3, 'many');
    const many = ['a', 'b', 'c', 'd'].map((name) =>
      scored(
        name,
        [0, 1, 2].map(() => 0.7 + 0.05 * rng.normal()),
      ),
    );
    const all = [...many, scored('low', [0.01, 0.02, 0.01])];
    const pairs = pairsOf(all);
    expect(pairs).toHaveLength(10);
    const [text] = pairsLede(all, pairs);
    const clear = text.match(/is stealthier than low/g)?.length ?? 0;
    // Four pairs with the attack that scores lowest are settled; the head tells three and counts the fourth.
    expect(clear).toBe(3);
    expect(text).toContain('1 more of 10 pairs is settled, by less.');
    expect(text).toContain(`3 seeds do not settle which attack is stealthier for ${10 - all.length + 1} of 10 pairs`);
    expect(text).toContain('corrected for 10 pairs');
  });
});
