/** The words a reader of the page needs. */
import { type Html, html } from './html.js';

const words: [string, string][] = [
  [
    'X, T, Ŷ',
    'The input image, the pooled features of the last convolutional stage, and the logits, all of one noisy forward pass.',
  ],
  [
    'I(X;T), I(T;Ŷ), I(X;Ŷ)',
    'Mutual information in nats (1 nat = 1.44 bits): how much the features keep of the image, the prediction of the features, the prediction of the image. InfoNCE estimates are lower bounds and cannot exceed their ceiling.',
  ],
  [
    'Backdoor, clean, target class',
    'Among training samples labelled as the target: those that carry the trigger, those untouched, and both together.',
  ],
  [
    'Expansion, compression, convergence',
    'I(X;T) rises; it falls while I(T;Ŷ) holds; both are flat. Found by change points with thresholds in standard errors; what the errors cannot support is called not resolved.',
  ],
  [
    'Stealth score S',
    'exp(−D). D averages over epochs how far backdoor lies from clean samples (integration gap) and the target class from the other classes (footprint gap), for I(X;T) and I(T;Ŷ), in units of the other classes’ mean. S = 1: cannot be told apart.',
  ],
  [
    'Null of the score',
    'The same computation where nothing is poisoned: each clean class plays the target, random halves of it play backdoor and clean. The range is where 95 % of further clean classes would fall; p is the share of clean scores as low as S, the run itself counted.',
  ],
  ['ASR', 'Attack success rate: triggered test images of other classes that are classified as the target.'],
];

export function glossary(): Html {
  return html`<dl class="words">${words.map(([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>`)}</dl>`;
}
