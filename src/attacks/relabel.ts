/**
 * Wrong labels and no trigger: the control that tells a backdoor from label noise. The same samples as under BadNets at that
 * rate and seed get the target's label, and their images stay as they are. What it "succeeds" at is the share of other
 * classes' test images that are taken for the target.
 */
import { z } from 'zod';
import { defineAttack } from './define.js';

export const relabel = defineAttack({
  name: 'relabel',
  summary: 'the relabelling of an attack without its trigger, the control for label noise',
  source: 'a control',
  threat: 'nothing: it is a control',
  options: z.strictObject({}),
  trigger: () => ({ train: (image) => image, test: (image) => image, unchanged: true }),
});
