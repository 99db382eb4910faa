/** Does the stealth score predict how detectable an attack is? Attacks × rates × data sets × seeds, each run judged by published detectors. */

import type { RunConfig } from '../../config/options.js';
import { detectors } from '../../detectors/index.js';
import { grid } from '../grid.js';
import type { AttackChoice, Study, StudyOptions } from '../types.js';
import { detectionRow } from './row.js';

/** Attacks that succeed on some thousand images; without a rate of their own they have every rate of the study. */
const ATTACKS: AttackChoice[] = [
  { attack: 'none' },
  { attack: 'badnets' },
  { attack: 'blend' },
  ...[0.05, 0.1].map((rate) => ({ attack: 'blend', rate, attackOption: ['alpha=0.15'] })),
  ...[0.1, 0.3].map((rate) => ({ attack: 'adaptive-blend', rate, attackOption: ['alpha=0.3', 'testAlpha=0.4'] })),
  ...[0.1, 0.3].map((rate) => ({ attack: 'low-frequency', rate, attackOption: ['strength=0.2'] })),
  ...[0.1, 0.4].map((rate) => ({ attack: 'bpp', rate, attackOption: ['levels=4'] })),
  ...[0.1, 0.3].map((rate) => ({ attack: 'wanet', rate, attackOption: ['s=1'] })),
  // Of the target class.
  ...[0.2, 0.5].map((rate) => ({ attack: 'sig', rate })),
];

export const detectionStudy: Study = {
  name: 'detection',
  summary: 'attacks × rates × data sets, each run judged by published detectors: does stealth predict detection?',
  detects: true,
  fromRows: 'detectors',
  defaults: {
    attacks: ATTACKS,
    rates: [0.01, 0.02, 0.05, 0.1],
    seeds: [0, 1, 2],
    detection: { names: detectors.filter((d) => d.reads !== 'texts').map((d) => d.name), again: [] },
  },
  // A hundredth of 3 000 images is a group of 30.
  runs: {
    model: 'resnet10',
    width: 8,
    trainLimit: 3000,
    minimumGroup: 30,
    noise: 0.1,
  },
  plan: (o: StudyOptions): RunConfig[] => grid({ ...o, base: { ...detectionStudy.runs, ...o.base } }),
  row: detectionRow,
  report: async (outcome) => (await import('./report.js')).detectionReport(outcome),
};
