/** The studies. A new one is one file beside this and one line below. */

import { architectureStudy } from './architecture.js';
import { attacksStudy } from './attacks.js';
import { betaStudy } from './beta.js';
import { detectionStudy } from './detection/study.js';
import { noiseStudy } from './noise.js';
import { nullStudy } from './null.js';
import { poisonRateStudy } from './poison-rate.js';
import { sweepStudy } from './sweep.js';
import type { Study } from './types.js';

export const studies: readonly Study[] = [
  attacksStudy,
  betaStudy,
  nullStudy,
  noiseStudy,
  poisonRateStudy,
  architectureStudy,
  sweepStudy,
  detectionStudy,
];

export type { AttackChoice, DetectionOptions, Study, StudyOptions, Sweep } from './types.js';
