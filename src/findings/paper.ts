/**
 * The paper's findings, judged on finished runs of one setting. Every verdict follows from an interval over seeds and attacks
 * and from a rule that was written down before the runs were made; an attack that did not take has no say.
 */

import { isClassGroup, partOf } from '../dynamics/group-id.js';
import type { Finding } from '../report/index.js';
import { earlyFinding } from './acceleration.js';
import { lowerFinding } from './below-clean.js';
import { closeFinding } from './close-to-clean.js';
import { compressionFinding } from './compression.js';
import { badnetsFinding, lookFinding } from './imperceptible.js';
import type { Setting } from './settings.js';
import { took } from './success.js';

/** All of the paper's findings on one setting. */
export function findings(setting: Setting): Finding[] {
  const { target } = setting.attacks[0].config;
  const taken = setting.attacks.filter(took);
  const runs = taken.flatMap((a) => a.runs);
  return [
    earlyFinding(taken, 'I(X;T)'),
    earlyFinding(taken, 'I(T;Ŷ)'),
    compressionFinding(runs, 'backdoor samples', (g) => g === partOf(target, 'backdoor')),
    compressionFinding(
      setting.attacks.flatMap((a) => a.runs),
      'clean classes',
      (g) => isClassGroup(g),
    ),
    lowerFinding(setting),
    closeFinding(setting, 'backdoor'),
    closeFinding(setting, 'authors'),
    badnetsFinding(setting),
    lookFinding(setting),
  ];
}
