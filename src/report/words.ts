/** The glossary of the pages. */
import { type Html, html } from './html.js';

export const words: readonly [string, string][] = [
  [
    'X, T, Ŷ',
    'The input, an image or a text; the features before the classifier (pooled over the image, or of the class token); and the logits, all of one noisy forward pass.',
  ],
  [
    'I(X;T), I(T;Ŷ), I(X;Ŷ)',
    'Mutual information in nats (1 nat = 1.44 bits) between input and features, features and prediction, input and prediction. InfoNCE estimates are lower bounds and cannot exceed their ceiling.',
  ],
  [
    'Poisoned samples, clean samples, target class',
    'Training samples labelled as the target: poisoned ones carry the trigger, clean ones do not, and the target class is both together.',
  ],
  [
    'Expansion, compression, convergence',
    'Phases of training. Expansion: I(X;T) rises. Compression: I(X;T) falls while I(T;Ŷ) does not. Convergence: both are flat. Change points are found with thresholds in standard errors; where the errors are too large for a decision, the phase is not resolved.',
  ],
  [
    'Stealth score S',
    'S = exp(−D). D is a mean over epochs of two gaps, for I(X;T) and I(T;Ŷ): between poisoned and clean samples (integration gap), and between the target class and the other classes (footprint gap). The unit is the mean of the other classes. S = 1: no gap.',
  ],
  [
    'Null of the score',
    'The same computation where nothing is poisoned: each clean class takes the role of the target, and two random subsets of it those of poisoned and clean samples. The range holds the scores of 95 % of further clean classes. p is the share of clean scores as low as S, the run itself included. With resolved information, p is the chance that two halves of one more clean class differ as much as poisoned and clean samples do (integration gap), by a law fitted to the null; rank is the share of the null that differs as much. D beyond the null: D less the mean D of the null.',
  ],
  [
    'Authors’ draft score',
    'The score in the working code of the paper’s authors, shown for comparison: at each of three checkpoints the information of the target class and of its clean samples is scaled between the lowest and the highest class, and its distances to the other classes are added up, for I(X;T) and I(T;Ŷ). 0 to 4; lower is stealthier. It has no null.',
  ],
  [
    'ASR',
    'Attack success rate: the share of triggered test samples of other classes that the model classifies as the target.',
  ],
];

export function glossary(): Html {
  return html`<dl class="words">${words.map(([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>`)}</dl>`;
}
