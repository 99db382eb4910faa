import { z } from 'zod';
import { defineTextAttack } from './define.js';

const same = (text: string) => text;

export const relabelTexts = defineTextAttack({
  name: 'relabel',
  summary: 'wrong labels without a trigger, as a control',
  source: 'control',
  threat: 'write access to part of the labels',
  options: z.strictObject({}),
  trigger: () => ({ train: same, test: same, unchanged: true }),
});
