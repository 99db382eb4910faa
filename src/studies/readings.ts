/** The score of every run under every way it was measured: what a verdict depends on, and what an instrument can see. */
import type { ScoreReading } from '../dynamics/index.js';
import type { Setting } from '../findings/settings.js';
import { chanceText } from '../report/headline.js';
import { type Block, type Cell, decimal } from '../report/index.js';

const wayOf = ({ instrument, noise }: ScoreReading) => (noise === null ? instrument : `${instrument}, ${noise} noise`);

/** A table with a row per attack and seed; nothing where runs were measured in one way only. */
export function readingBlocks({ attacks }: Setting): Block[] {
  const runs = attacks.flatMap(({ label, runs: own }) =>
    own.map(({ config, report }) => ({ label, seed: config.seed, readings: report.readings })),
  );
  const byEpochs = (readings: readonly ScoreReading[]) => readings.filter((r) => r.axis === 'epochs');
  const ways = [...new Set(runs.flatMap((r) => byEpochs(r.readings).map(wayOf)))];
  if (ways.length < 2) return [];
  const rows = runs.map(({ label, seed, readings }): Cell[] => [
    label,
    seed,
    ...ways.flatMap((way): Cell[] => {
      const found = byEpochs(readings).find((r) => wayOf(r) === way);
      return found ? [decimal(found.score), chanceText(found.p), decimal(found.separation, 1)] : ['–', '–', '–'];
    }),
    decimal(readings.find((r) => r.axis === 'ln step')?.score),
  ]);
  const head = ['attack', 'seed', ...ways.flatMap((way) => [`${way}: S`, 'p', 'spreads']), 'S over ln(step)'];
  return [
    { kind: 'heading', text: 'How far the score depends on how it is measured' },
    {
      kind: 'text',
      text: 'Spreads: how far the integration gap of poisoned and clean samples lies above the mean of the null’s gaps, in their standard deviations; it says what an instrument can see. Own and common noise: the unit of T is each group’s own noise, or the clean classes’. Last column: S of the headline with averages over ln(step) in place of epochs.',
    },
    { kind: 'table', head, rows },
  ];
}
