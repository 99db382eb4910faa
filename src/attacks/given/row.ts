import { UserError } from '../../base/errors.js';
import type { Row } from './types.js';

/** Sample `i` of the manifest at `path`. Throws `UserError` that names the sample and what is wrong with it. */
export function rowOf(path: string, sample: unknown, i: number): Row {
  const say = (what: string) => new UserError(`--manifest ${path}: sample ${i} ${what}`);
  if (typeof sample !== 'object' || sample === null) throw say('is no object');
  const { index, file, poisoned = false, cover = false, ...more } = sample as Record<string, unknown>;
  const place = typeof index === 'string' && /^\d+$/.test(index) ? Number(index) : index;
  if (place === undefined && typeof file !== 'string') throw say('has neither index nor file');
  if (place !== undefined && (!Number.isInteger(place) || (place as number) < 0))
    throw say(`has the index ${String(index)}; a whole number from 0 is expected`);
  const labelOf = (what: string, value: unknown) => {
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value === 'number' || typeof value === 'string') return value;
    throw say(`has ${what} that is neither a number nor a class name`);
  };
  const original = labelOf('an original label', more.originalLabel ?? more.original_label);
  const flag = (name: string, value: unknown) => {
    const [yes, no] = [
      ['1', 'true'],
      ['0', 'false', ''],
    ].map((words) => words.includes(String(value).toLowerCase()));
    if (!yes && !no) throw say(`has ${name} ${String(value)}; 0 or 1 is expected`);
    return yes;
  };
  return {
    index: place as number | undefined,
    file: typeof file === 'string' ? file : undefined,
    poisoned: flag('poisoned', poisoned),
    cover: flag('cover', cover),
    label: labelOf('a label', more.label),
    originalLabel: original,
  };
}
