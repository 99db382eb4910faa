/** Words that do not break at their hyphens, with spaces between. */
const wordsOf = (part: string) =>
  part.split(' ').flatMap((word, k) => [k > 0 && ' ', <span key={`${k} ${word}`}>{word}</span>]);

/** Text whose parts in backticks are commands or options. */
export const Coded = ({ text }: { text: string }) => (
  <>{text.split('`').map((part, i) => (i % 2 === 1 ? <code key={part}>{wordsOf(part)}</code> : part))}</>
);
