/** The findings of several settings side by side: verdicts, and the effects behind them with their power. */
import { type Block, EFFECT_HEAD, effectRows, type Finding } from '../report/index.js';
import type { Setting } from './settings.js';

/** A setting with its findings. */
export interface Judged {
  setting: Setting;
  found: Finding[];
}

/** Two tables: a row a claim and a column a setting; and a row an effect, those of one claim together. */
export function sideBySide(all: readonly Judged[]): Block[] {
  const models = new Set(all.map(({ setting }) => setting.attacks[0].config.model));
  const titles = all.map(({ setting: { dataset, attacks } }) =>
    models.size > 1 && !/, model /.test(dataset) ? `${dataset}, model ${attacks[0].config.model}` : dataset,
  );
  const claims = [...new Set(all.flatMap(({ found }) => found.map((f) => f.claim)))];
  // What the effect is of goes last: it is long, and the same for all settings.
  const [finding, what, ...numbers] = EFFECT_HEAD;
  return [
    {
      kind: 'table',
      head: ['finding', ...titles],
      rows: claims.map((claim) => [
        claim,
        ...all.map(({ found }) => found.find((f) => f.claim === claim)?.verdict ?? null),
      ]),
    },
    {
      kind: 'table',
      head: [finding, 'on', ...numbers, what],
      rows: claims.flatMap((claim) =>
        all.flatMap(({ found }, i) =>
          effectRows(found.filter((f) => f.claim === claim)).map(([, of, ...cells]) => [
            claim,
            titles[i],
            ...cells,
            of,
          ]),
        ),
      ),
    },
  ];
}
