/** What runs were made with, for the head of a page that shows several. */
import { count, rate } from './format.js';
import { className } from './groups.js';
import type { RunReport } from './types.js';

/** One text for all runs where it is the same, else each run's with its name. */
function each(reports: readonly RunReport[], of: (report: RunReport) => string): string {
  const words = reports.map(of);
  if (new Set(words).size === 1) return words[0];
  return reports.map((r, i) => `${words[i]} (${r.attack})`).join(', ');
}

const number = (value: unknown) => (typeof value === 'number' ? String(value) : '–');

/**
 * Data, samples, rate, model, training, γ, seeds and instrument of runs that are shown together; `seeds`: all seeds behind the reports, where
 * these are one of several.
 */
export function settingsWords(reports: readonly RunReport[], seeds?: readonly number[]): string {
  const poisoned = reports.filter((r) => r.poisoned);
  const parts = [
    `Data: ${each(reports, (r) => `${r.dataset}${r.images ? `, ${r.images.train} training and ${r.images.test} test ${r.samples ?? 'images'}` : ''}`)}`,
    `target ${each(reports, (r) => className(r.target, r))}`,
    poisoned.length > 0 && `poison rate ${each(poisoned, (r) => (r.poisonRate === null ? '–' : rate(r.poisonRate)))}`,
    `model ${each(reports, (r) => r.model)}`,
    each(
      reports,
      ({ config: c }) =>
        `${count(Number(c.epochs), 'epoch')} of batches of ${number(c.batchSize)}, ${c.optimizer} with learning rate ${number(c.lr)} (${c.schedule})`,
    ),
    `γ ${each(reports, (r) => number(r.config.noise))}`,
    seeds ? `seeds ${seeds.join(', ')}` : `seed ${each(reports, (r) => number(r.config.seed))}`,
    `measured by ${each(reports, measuredBy)}`,
  ];
  return `${parts.filter(Boolean).join('; ')}.`;
}

/** Instrument, samples of a group, and draws. */
function measuredBy({ basis, information, config, stealth }: RunReport): string {
  const name = basis === 'resolved' ? 'resolved information' : `${config.critic} critics`;
  const row = information.find((r) => r.quantity === 'I(X;T)');
  const groups = row ? ` on groups of ${row.samples} samples with ${count(row.draws, 'noise draw')}` : '';
  return `${name}${groups}${stealth?.null ? `, against ${count(stealth.null.draws, 'draw')} of the null` : ''}`;
}
