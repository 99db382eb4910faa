/** No attack: the control with which every attack is compared. */
import { z } from 'zod';
import { defineAttack } from './define.js';

export const none = defineAttack({
  name: 'none',
  summary: 'no poisoned samples (control)',
  source: 'the training set as it is',
  threat: 'nothing (control)',
  options: z.strictObject({}),
  trigger: () => null,
});
