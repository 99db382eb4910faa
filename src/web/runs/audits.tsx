/** The audits in the folder, under the runs: what was audited, and what was found. */

import type { AuditSummary } from '../api.js';
import { ColumnsHead, textColumns } from '../columns-head.js';
import { Middle } from '../middle.js';
import { hrefOf } from '../route.js';
import { Scroll } from '../scroll.js';
import { hasWords } from './pages.js';

export function AuditTable({ audits }: { audits: readonly AuditSummary[] }) {
  if (audits.length === 0) return null;
  return (
    <>
      <h2>Audits</h2>
      <Scroll label="Table of audits">
        <table class="runs">
          <ColumnsHead
            columns={[
              ...textColumns(['audit', 'data set', 'verdict', 'flagged classes']),
              ...['suspicious samples', 'samples', 'seed'].map((name) => ({ name })),
            ]}
          />
          <tbody>
            {audits.map((a) => (
              <tr key={a.id} class={a.problem ? 'damaged' : undefined}>
                <td class="t name">
                  {a.problem ? (
                    <Middle text={a.id} />
                  ) : (
                    <a href={hrefOf('/audit', { id: a.id })}>
                      <Middle text={a.id} />
                    </a>
                  )}
                </td>
                <td class="t">{a.set ?? '–'}</td>
                <td class="t">{a.problem ?? a.verdict}</td>
                <td class="t wrap">{a.flagged?.join(', ') || '–'}</td>
                <td>{a.suspicious ?? '–'}</td>
                <td>{a.images ?? a.texts ?? '–'}</td>
                <td>{a.texts === undefined ? (a.seed ?? '–') : '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}

/** Whether an audit matches every word of a search. */
export const auditMatches = (a: AuditSummary, search: string) =>
  hasWords(`${a.id} ${a.set} ${a.verdict} ${a.flagged?.join(' ')} audit`, search);
