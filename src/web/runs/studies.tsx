/** The studies in the folder by their jobs: waiting, running and where, done, failed, and the time that is left. */
import { count, duration } from '../../report/format.js';
import type { StudySummary } from '../api.js';
import { ColumnsHead } from '../columns-head.js';
import { Middle } from '../middle.js';
import { Scroll } from '../scroll.js';
import { hasWords } from './pages.js';

export function StudyTable({ studies }: { studies: readonly StudySummary[] }) {
  if (studies.length === 0) return null;
  return (
    <>
      <h2>Jobs of studies</h2>
      <Scroll label="Table of the jobs of studies">
        <table class="runs">
          <ColumnsHead
            columns={[
              { name: 'folder', text: true },
              { name: 'study', text: true },
              ...['waiting', 'running', 'done', 'failed', 'time left'].map((name) => ({ name })),
              { name: 'running on', text: true },
            ]}
          />
          <tbody>
            {studies.map((s) => (
              <tr key={`${s.id} ${s.study}`} class={s.problem ? 'damaged' : undefined}>
                <td class="t">
                  <Middle text={s.id} />
                </td>
                <td class="t">{s.problem ?? s.study}</td>
                <td>{s.jobs?.waiting ?? '–'}</td>
                <td>{s.jobs?.running ?? '–'}</td>
                <td>{s.jobs?.done ?? '–'}</td>
                <td title={s.failed?.join('\n')}>{s.jobs?.failed ?? '–'}</td>
                <td>{s.secondsLeft == null ? '–' : duration(s.secondsLeft)}</td>
                <td class="t">{s.places?.map((p) => `${p.host}: ${count(p.jobs, 'job')}`).join(', ') || '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}

/** Whether a study matches every word of a search. */
export const studyMatches = (s: StudySummary, search: string) =>
  hasWords([s.id, s.study, ...(s.places ?? []).map((p) => p.host)].join(' '), search);
