/** The score of a run under every way it was measured: what a verdict depends on stands beside it. */
import { instrumentsOf, type RunConfig } from '../config/options.js';
import { type EstimateRow, type ScoreReading, stealth, type TimeAxis } from '../dynamics/index.js';
import { chanceText } from '../report/headline.js';
import { kappasIn, type ResolutionRow, resolvedRows, SCORED, scoredRows } from './resolution.js';

const common = { ...SCORED, 'I(X;T)': 'common' };
const AXES: readonly TimeAxis[] = ['epochs', 'ln step'];

/**
 * Readings by every instrument of a run, noise model and time axis; the first is the headline's. `rows`: all rows of
 * `information.jsonl`; `resolution`: all of `resolution.jsonl`.
 */
export function readingsOf(
  rows: readonly EstimateRow[],
  resolution: readonly ResolutionRow[],
  config: Pick<RunConfig, 'instrument' | 'layer' | 'target' | 'beta' | 'window' | 'minimumGroup'>,
): ScoreReading[] {
  const { target, beta, window, minimumGroup } = config;
  const first = config.layer?.[0];
  return instrumentsOf(config).flatMap((instrument): ScoreReading[] => {
    const own = scoredRows(rows, { ...config, instrument: [instrument] }).filter((r) => (r.layer ?? first) === first);
    const models =
      instrument === 'critics'
        ? [{ noise: null, table: own }]
        : [
            { noise: 'own' as const, table: own },
            { noise: 'common' as const, table: resolvedRows(resolution, kappasIn(own), common) },
          ];
    return models.flatMap(({ noise, table }) =>
      AXES.map((axis) => {
        const estimator = instrument === 'resolved' ? 'resolved' : undefined;
        const { score, distance, p, rank, separation, reason } = stealth(table, {
          target,
          beta,
          window,
          axis,
          estimator,
          minimumSamples: minimumGroup,
        });
        return {
          instrument,
          noise,
          axis,
          score,
          distance,
          p,
          rank,
          separation,
          ...(reason === undefined ? {} : { reason }),
        };
      }),
    );
  });
}

/** In one line: a deviation that only one noise model shows, at p ≤ 0.05; null where both agree. */
export function oneModelOnly(readings: readonly ScoreReading[]): string | null {
  const of = (noise: 'own' | 'common') =>
    readings.find((r) => r.instrument === 'resolved' && r.noise === noise && r.axis === 'epochs');
  const [own, common] = [of('own'), of('common')];
  if (own?.p == null || common?.p == null || own.p <= 0.05 === common.p <= 0.05) return null;
  return `p is ${chanceText(own.p)} in units of each group’s own noise and ${chanceText(common.p)} in units of the clean classes’ noise: only one of them shows a deviation.`;
}
