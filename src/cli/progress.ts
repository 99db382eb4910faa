/** The progress line on stderr: work in progress, done and total, rate, time left. */

import { duration } from '../base/duration.js';
import type { Progress } from '../base/progress.js';

/** Seconds between lines if stderr is not a terminal: a log file of an hour gets 240 lines. */
const QUIET = 15;
/** Seconds over which the rate is averaged: long enough to be steady, short enough to follow another kind of step. */
const MEMORY = 20;
/** Reports over which it is averaged at least: of items that take long, 20 s hold one or two. */
const FEWEST = 10;
/** The same for work that is planned in seconds: a run has steps of many kinds, and each moves the work by another share. */
const WORK_MEMORY = 600;
/** Seconds for which such work is taken to be as fast as planned, before it is known. */
const PLANNED = 60;

export class ProgressLine {
  private phase = '';
  private last = 0;
  private points: { at: number; done: number }[] = [];
  private shown: number;
  private open = false;

  constructor(
    private readonly stream: NodeJS.WriteStream = process.stderr,
    private readonly now: () => number = () => performance.now() / 1000,
  ) {
    // A log file gets no line for work that ends within the first interval.
    this.shown = stream.isTTY ? Number.NEGATIVE_INFINITY : now();
  }

  update({ phase, stage, done, total, unit }: Progress) {
    const at = this.now();
    // Another kind of work has begun, or the same kind has started again: the rate starts anew.
    if (phase !== this.phase || done < this.last) this.points = [];
    this.phase = phase;
    this.last = done;
    this.points.push({ at, done });
    const work = unit === 'seconds of work';
    while (this.points.length > FEWEST && at - this.points[0].at > (work ? WORK_MEMORY : MEMORY)) this.points.shift();
    if (at - this.shown < (this.stream.isTTY ? 0.1 : QUIET)) return;
    this.shown = at;
    const [first] = this.points;
    const [gained, taken] = [done - first.done, at - first.at];
    const rate = work ? (gained + PLANNED) / (taken + PLANNED) : taken > 0 ? gained / taken : 0;
    const amount =
      total <= 1
        ? ''
        : work
          ? `  ${duration(done)} of ${duration(total)} of work`
          : `  ${count(done)}/${count(total)} ${unit}`;
    const speed =
      rate > 0 ? `  ${work ? '' : `${rateWords(rate, unit)}  `}${duration(Math.max(0, total - done) / rate)} left` : '';
    this.write(`${stage}${amount}${speed}`);
  }

  /** Prints a line that stays. */
  line(text: string) {
    this.clear();
    this.stream.write(`${text}\n`);
  }

  clear() {
    if (this.open) this.stream.write('\r\x1b[2K');
    this.open = false;
  }

  private write(text: string) {
    if (!this.stream.isTTY) {
      this.stream.write(`${text}\n`);
      return;
    }
    this.stream.write(`\r\x1b[2K${text.slice(0, (this.stream.columns || 80) - 1)}`);
    this.open = true;
  }
}

/** `1 200 images/s`, `0.5 images/s`, `2.4 sets/min`. */
function rateWords(rate: number, unit: string): string {
  if (rate < 0.1) return `${(60 * rate).toFixed(1)} ${unit}/min`;
  return `${rate >= 10 ? count(rate) : rate.toFixed(1)} ${unit}/s`;
}

const count = (n: number) => Math.round(n).toLocaleString('en-US').replaceAll(',', '\u202f');
