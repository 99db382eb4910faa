/** The head of a table: names of columns, words at the left and numbers at the right. */
export interface HeadColumn {
  name: string;
  /** Holds words. */
  text?: boolean;
}

export const ColumnsHead = ({ columns }: { columns: readonly HeadColumn[] }) => (
  <thead>
    <tr>
      {columns.map(({ name, text }) => (
        <th key={name} scope="col" class={text ? 't' : undefined}>
          {name}
        </th>
      ))}
    </tr>
  </thead>
);

/** Columns of words. */
export const textColumns = (names: readonly string[]): HeadColumn[] => names.map((name) => ({ name, text: true }));
