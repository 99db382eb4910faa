/** No attack: the control every other one is held against. */
import { z } from 'zod';
import { defineAttack } from './define.js';

export const none = defineAttack({
  name: 'none',
  summary: 'no poison, the control',
  source: 'the training set as it is',
  threat: 'nothing: it is the control',
  options: z.strictObject({}),
  trigger: () => null,
});
