/**
 * The paper's findings, judged on finished runs of one setting. Every verdict follows from an interval over seeds and attacks
 * and from a rule that was written down before the runs were made. An attack that does not succeed is left out.
 */
import type { Finding } from '../report/index.js';
import { earlyAccelerationOf } from './acceleration.js';
import { blendBelowClean } from './below-clean.js';
import type { Claim } from './claim.js';
import { adaptiveBlendCloseToClean } from './close-to-clean.js';
import { cleanClassesCompress, poisonedSamplesCompress } from './compression.js';
import { readTexts } from './input-measures.js';
import { inputSpaceSaysNothing } from './input-space.js';
import { badnetsIsStealthier, rareWordsAreStealthier } from './plain-trigger.js';
import type { Setting } from './settings.js';

/** What is asked of images and of texts. */
const TRAINING: readonly Claim[] = [
  earlyAccelerationOf('I(X;T)'),
  earlyAccelerationOf('I(T;Ŷ)'),
  poisonedSamplesCompress,
  cleanClassesCompress,
];
const OF_IMAGES: readonly Claim[] = [
  ...TRAINING,
  blendBelowClean,
  adaptiveBlendCloseToClean('backdoor'),
  adaptiveBlendCloseToClean('authors'),
  badnetsIsStealthier,
  inputSpaceSaysNothing,
];
const OF_TEXTS: readonly Claim[] = [...TRAINING, rareWordsAreStealthier, inputSpaceSaysNothing];

/** The paper's findings, judged by a setting's runs; `not run` where what they are about was not run. Of texts, those that carry over. */
export const findings = (setting: Setting): Finding[] =>
  (readTexts(setting.attacks) ? OF_TEXTS : OF_IMAGES).map(({ claim, missing, judge }) => {
    const lacking = missing(setting);
    return lacking === null
      ? { claim, ...judge(setting) }
      : { claim, verdict: 'not run', evidence: `${lacking} was not run.`, effects: [] };
  });
