/** Numbers and times as text. A missing value is an en dash. */

export { duration } from '../base/duration.js';

const none = '–';
const minus = (text: string) => text.replace('-', '−');

/** `1.234`; `digits` decimals. */
export function decimal(value: number | null | undefined, digits = 3): string {
  return value === null || value === undefined || !Number.isFinite(value) ? none : minus(value.toFixed(digits));
}

/** `99.8 %` of 0.998. */
export function percent(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined || !Number.isFinite(value)
    ? none
    : `${minus((100 * value).toFixed(digits))} %`;
}

/** `10 %` of 0.1, `0.5 %` of 0.005: as few decimals as needed, at most two. */
export function rate(value: number): string {
  return `${minus(String(Number((100 * value).toFixed(2))))} %`;
}

/** `3 epochs`, `1 epoch`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** A text in `room` characters, its last `end` ones included: what tells names apart stands at their ends, `resnet18` or `…, seed 1`. */
export const shortened = (text: string, room: number, end: number): string =>
  text.length > room ? `${text.slice(0, Math.max(1, room - end - 1))}…${text.slice(-end)}` : text;
