/** The comparisons and studies in the folder, under the runs: what each says first, and a link to its page. */
import type { ReportSummary } from '../api.js';
import { ColumnsHead } from '../columns-head.js';
import { Middle } from '../middle.js';
import { Scroll } from '../scroll.js';
import { pageHref, pageName } from './pages.js';

export function ReportTable({ reports }: { reports: readonly ReportSummary[] }) {
  if (reports.length === 0) return null;
  return (
    <>
      <h2>Comparisons and studies</h2>
      <Scroll label="Table of comparisons and studies">
        <table class="runs">
          <ColumnsHead
            columns={[
              { name: 'page', text: true },
              { name: 'kind', text: true },
              { name: 'runs' },
              { name: 'verdict', text: true },
            ]}
          />
          <tbody>
            {reports.map((r) => (
              <tr key={`${r.id}/${r.page}`} class={r.problem ? 'damaged' : undefined}>
                <td class="t">
                  <a href={pageHref(r)}>
                    <Middle text={pageName(r)} />
                  </a>
                </td>
                <td class="t">{r.kind ?? '–'}</td>
                <td>{r.runs ?? '–'}</td>
                <td class="t said">{r.problem ?? r.verdict ?? '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}
