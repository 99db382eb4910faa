/** Runs in the order of their stealth score, with the measures of stealth in input space beside it; runs that still train stand last. */

import { answerOf } from '../../dynamics/answer.js';
import { decimal } from '../../report/format.js';
import { chanceText } from '../../report/headline.js';
import { placeIn } from '../../report/place.js';
import type { RunView } from '../api.js';
import { ColumnsHead, textColumns } from '../columns-head.js';
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
  { head: 'answer', value: (r) => (r.stealth ? answerOf(r.stealth) : 'not judged') },
  { head: 'PSNR, dB', value: (r) => decimal(r.perception['PSNR (dB)'], 1) },
  { head: 'SSIM', value: (r) => decimal(r.perception.SSIM) },
];

interface Props {
  runs: readonly RunView[];
  /** Runs that have not ended, and how far they are: their scores change with every epoch, so they have no rank. */
  training: ReadonlyMap<string, string>;
  /** What the list calls each run. */
  names: ReadonlyMap<string, string>;
}

/** Whether S lies among clean classes although p is small, which needs a word: they judge different parts. */
const isApart = ({ stealth }: RunView) =>
  stealth?.null != null &&
  stealth.score !== null &&
  placeIn(stealth.score, [stealth.null.low, stealth.null.high]) === 'inside' &&
  answerOf(stealth) === 'differs';

export function RankTable({ runs, training, names }: Props) {
  const rankable = (r: RunView) => !training.has(r.id) && r.stealth?.score != null;
  const key = (r: RunView) => (rankable(r) ? r.stealth!.score! : -1);
  const ranked = [...runs].sort((a, b) => key(b) - key(a));
  return (
    <>
      <Scroll label="Ranks">
        <table>
          <ColumnsHead
            columns={[{ name: 'rank' }, ...textColumns(['run', 'attack']), ...NUMBERS.map((c) => ({ name: c.head }))]}
          />
          <tbody>
            {ranked.map((r, i) => (
              <tr key={r.id}>
                <td>{rankable(r) ? i + 1 : '–'}</td>
                <td class="t">
                  <a href={hrefOf('/run', { id: r.id })}>{names.get(r.id) ?? r.id}</a>
                  {training.has(r.id) && <small> {training.get(r.id)}: no rank yet</small>}
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
      {runs.some(isApart) && (
        <p class="note">
          p judges the difference between poisoned and clean samples alone. S also counts how unlike the other classes
          the whole target class is, which varies from class to class: S can lie inside their range where p is small.
        </p>
      )}
    </>
  );
}
