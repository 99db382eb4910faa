/** The experiments. A new one is one file beside this and one line below. */
import { attacksStudy } from './attacks.js';
import type { Study } from './types.js';

export const studies: readonly Study[] = [attacksStudy];

export type { AttackChoice, Study, StudyOptions } from './types.js';
