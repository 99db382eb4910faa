/** Runs in the order of their stealth score, with the measures of stealth in input space beside it. */

import { decimal } from '../../report/format.js';
import { chanceText } from '../../report/headline.js';
import { placeIn } from '../../report/place.js';
import type { RunView } from '../api.js';
import { hrefOf } from '../route.js';
import { Scroll } from '../scroll.js';

interface Column {
  head: string;
  value(run: RunView): string;
}

const NUMBERS: Column[] = [
  { head: 'clean accuracy', value: (r) => decimal(r.epochs.at(-1)?.testAccuracy) },
  { head: 'ASR', value: (r) => decimal(r.epochs.at(-1)?.asr) },
  { head: 'S', value: (r) => decimal(r.stealth?.score) },
  {
    head: 'clean classes',
    value: ({ stealth }) => (stealth?.null ? `${decimal(stealth.null.low, 2)}–${decimal(stealth.null.high, 2)}` : '–'),
  },
  {
    head: 'S is',
    value: ({ stealth }) =>
      stealth?.null && stealth.score !== null ? placeIn(stealth.score, [stealth.null.low, stealth.null.high]) : '–',
  },
  { head: 'p', value: (r) => chanceText(r.stealth?.p) },
  { head: 'PSNR, dB', value: (r) => decimal(r.perception['PSNR (dB)'], 1) },
  { head: 'SSIM', value: (r) => decimal(r.perception.SSIM) },
];

export function RankTable({ runs }: { runs: readonly RunView[] }) {
  const ranked = [...runs].sort((a, b) => (b.stealth?.score ?? -1) - (a.stealth?.score ?? -1));
  return (
    <Scroll label="Ranks">
      <table>
        <thead>
          <tr>
            <th scope="col">rank</th>
            <th scope="col" class="t">
              run
            </th>
            <th scope="col" class="t">
              attack
            </th>
            {NUMBERS.map((c) => (
              <th key={c.head} scope="col">
                {c.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ranked.map((r, i) => (
            <tr key={r.id}>
              <td>{r.stealth?.score == null ? '–' : i + 1}</td>
              <td class="t">
                <a href={hrefOf('/run', { id: r.id })}>{r.id}</a>
              </td>
              <td class="t">{r.attack}</td>
              {NUMBERS.map((c) => (
                <td key={c.head}>{c.value(r)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
