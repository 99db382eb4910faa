/** What stays on one line: `95 %`, `p = 0.03`, `S 0.75`. */
const TOGETHER = /(\b\d[\d.,]* %|\bp [=≤<] [\de.-]*\d|\bS \d\.\d+)/;

/** Words that do not break at their hyphens, with spaces between. */
const wordsOf = (part: string) =>
  part.split(' ').flatMap((word, k) => [k > 0 && ' ', <span key={`${k} ${word}`}>{word}</span>]);

/** Text whose numbers stay with their units and names. */
const prose = (text: string) =>
  text.split(TOGETHER).map((part, i) =>
    i % 2 === 1 ? (
      <span key={`${i} ${part}`} class="together">
        {part}
      </span>
    ) : (
      part
    ),
  );

/** Text whose parts in backticks are commands or options. */
export const Coded = ({ text }: { text: string }) => (
  <>{text.split('`').map((part, i) => (i % 2 === 1 ? <code key={part}>{wordsOf(part)}</code> : prose(part)))}</>
);
