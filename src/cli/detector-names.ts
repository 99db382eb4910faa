/** Detectors by name, as commands take them. */
import { unknownWord } from '../base/errors.js';
import { detectors } from '../detectors/index.js';

/** Abbreviations of all detectors. */
export const DETECTORS = detectors.map((d) => d.name);

/** Abbreviations as the field writes them, from comma-separated words in any case; `all` stands for all. Throws `UserError`. */
export function detectorNames(text: string): string[] {
  if (text.toLowerCase() === 'all') return DETECTORS;
  return text.split(',').map((word) => {
    const found = DETECTORS.find((name) => name.toLowerCase() === word.trim().toLowerCase());
    if (found === undefined) throw unknownWord('detector', word, [...DETECTORS, 'all']);
    return found;
  });
}
