/** What a trigger changed in a text, word by word. */

/** A piece of a text, with the spaces behind it. */
export interface TextChange {
  text: string;
  kind: 'same' | 'added' | 'removed';
}

/** Words beyond which two texts are not compared word by word: the table of the comparison grows with their product. */
const MOST = 2000;

/** The words of both texts in one row: those that only `after` has are added, those that only `before` has are removed (longest common subsequence). */
export function changesOf(before: string, after: string): TextChange[] {
  const [a, b] = [before, after].map((text) => text.match(/\S+\s*|^\s+/g) ?? []);
  if (a.length > MOST || b.length > MOST)
    return before === after
      ? [{ text: after, kind: 'same' }]
      : [
          { text: before, kind: 'removed' },
          { text: after, kind: 'added' },
        ];
  const same = (i: number, j: number) => a[i].trimEnd() === b[j].trimEnd();
  // lengths[i][j]: longest common subsequence of the words from i and from j on.
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i][j] = same(i, j) ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
  const out: TextChange[] = [];
  const add = (text: string, kind: TextChange['kind']) => {
    const last = out.at(-1);
    if (last?.kind === kind) last.text += text;
    else out.push({ text, kind });
  };
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && same(i, j)) {
      add(b[j], 'same');
      i++;
      j++;
    } else if (j < b.length && (i === a.length || lengths[i][j + 1] >= lengths[i + 1][j])) add(b[j++], 'added');
    else add(a[i++], 'removed');
  }
  return out;
}
