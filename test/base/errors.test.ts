import { expect, it } from 'vitest';
import { nearest } from '../../src/base/errors.js';

it.each([
  ['gpu', ['cpu', 'webgpu', 'cuda', 'auto'], 'webgpu'],
  ['resnet', ['preact-resnet18', 'resnet18'], 'resnet18'],
  ['Badnet', ['none', 'badnets'], 'badnets'],
  ['cude', ['cpu', 'cuda'], 'cuda'],
  ['xy', ['proxy-attack', 'blend'], undefined],
  ['elephant', ['cpu', 'cuda'], undefined],
])('the word nearest to %s of %j is %s', (word, words, expected) => {
  expect(nearest(word, words)).toBe(expected);
});
