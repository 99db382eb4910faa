import { z } from 'zod';
import { defineTextAttack } from './define.js';

export const noTextAttack = defineTextAttack({
  name: 'none',
  summary: 'no attack: the clean set',
  source: 'control',
  threat: 'nothing',
  options: z.strictObject({}),
  trigger: () => null,
});
