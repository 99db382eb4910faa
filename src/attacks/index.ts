/** The attacks. A new one is one file beside this and one line below. */
import { findNamed } from '../base/errors.js';
import { adaptiveBlend } from './adaptive-blend.js';
import { adaptivePatch } from './adaptive-patch.js';
import { badnets } from './badnets.js';
import { blend } from './blend.js';
import { bpp } from './bpp.js';
import { ftrojan } from './ftrojan.js';
import { labelConsistent } from './label-consistent.js';
import { learned } from './learned.js';
import { lowFrequency } from './low-frequency.js';
import { none } from './none.js';
import { patch } from './patch.js';
import { refool } from './refool.js';
import { relabel } from './relabel.js';
import { sig } from './sig.js';
import type { Attack } from './types.js';
import { wanet } from './wanet.js';

/** All attacks, in the order of `--help`. */
export const attacks: readonly Attack[] = [
  none,
  badnets,
  blend,
  wanet,
  labelConsistent,
  adaptiveBlend,
  sig,
  ftrojan,
  lowFrequency,
  bpp,
  adaptivePatch,
  refool,
  patch,
  learned,
  relabel,
];

/** The attack of that name. Throws `UserError` with the nearest name if there is none. */
export function findAttack(name: string): Attack {
  return findNamed('attack', name, attacks);
}

export { type ExportFormat, exportFormats, exportSet } from './export.js';
export { GIVEN, type GivenOptions, type GivenSet, givenSet } from './given/index.js';
export { type AdversarialImages, attackTest, floats, poison, triggerTest, victims } from './poison.js';
export * from './types.js';
