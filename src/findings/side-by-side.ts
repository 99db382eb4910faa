/** The findings of several settings in one table. */
import { type Cell, type Effect, type Finding, intervalText, inUnit } from '../report/index.js';
import type { Setting } from './settings.js';

/** `−45.6 % (95 % −68.7 % to −5.5 %; visible from 52.4 %)` */
function effectText(e: Effect): string {
  const known = e.interval === null ? '' : `95 % ${intervalText(e)}; visible from ${inUnit(e.unit, e.seen)}`;
  return `${inUnit(e.unit, e.effect)}${known ? ` (${known})` : ''}`;
}

const cellOf = (finding: Finding | undefined): Cell =>
  finding ? [finding.verdict, ...finding.effects.map(effectText)].join('; ') : null;

export interface Judged {
  setting: Setting;
  found: Finding[];
}

/** A row a claim, a column a setting: the verdict, and every effect with its interval and the smallest that was visible. */
export function sideBySide(all: readonly Judged[]): { head: string[]; rows: Cell[][] } {
  const models = new Set(all.map(({ setting }) => setting.attacks[0].config.model));
  const title = ({ dataset, attacks }: Setting) =>
    models.size > 1 ? `${dataset} (${attacks[0].config.model})` : dataset;
  const claims = [...new Set(all.flatMap(({ found }) => found.map((f) => f.claim)))];
  return {
    head: ['finding', ...all.map(({ setting }) => title(setting))],
    rows: claims.map((claim) => [claim, ...all.map(({ found }) => cellOf(found.find((f) => f.claim === claim)))]),
  };
}
