/** Blocks of a study's report, as the dashboard shows them: headings, paragraphs and tables. */
import { type Cell, cellText, isNumeric } from '../report/cells.js';
import type { Block } from '../report/study.js';
import { ColumnsHead } from './columns-head.js';
import { Scroll } from './scroll.js';

export const Blocks = ({ blocks }: { blocks: readonly Block[] }) => (
  <>
    {blocks.map((block) =>
      block.kind === 'heading' ? (
        <h2 key={block.text}>{block.text}</h2>
      ) : block.kind === 'text' ? (
        <p class="note" key={block.text}>
          {block.text}
        </p>
      ) : block.kind === 'table' ? (
        <BlockTable key={block.head.join()} head={block.head} rows={block.rows} />
      ) : null,
    )}
  </>
);

function BlockTable({ head, rows }: { head: readonly string[]; rows: readonly Cell[][] }) {
  const kinds = head.map((_, i) => (isNumeric(rows, i) ? undefined : 't'));
  return (
    <Scroll label={head.join(', ')}>
      <table>
        <ColumnsHead columns={head.map((name, i) => ({ name, text: kinds[i] === 't' }))} />
        <tbody>
          {rows.map((row) => (
            <tr key={row.map(cellText).join()}>
              {head.map((name, i) => (
                <td key={name} class={kinds[i]}>
                  {cellText(row[i])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
