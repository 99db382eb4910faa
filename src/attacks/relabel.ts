/**
 * Wrong labels without a trigger: the control that separates a backdoor from label noise. The same samples as under BadNets with that
 * rate and seed get the target label; all images stay as they are. Its ASR is the share of other classes' test images that the network
 * assigns to the target.
 */
import { z } from 'zod';
import { defineAttack } from './define.js';

export const relabel = defineAttack({
  name: 'relabel',
  summary: 'labels changed as by an attack, without a trigger (control for label noise)',
  source: 'a control',
  threat: 'write access to labels (control)',
  options: z.strictObject({}),
  trigger: () => ({ train: (image) => image, test: (image) => image, unchanged: true }),
});
