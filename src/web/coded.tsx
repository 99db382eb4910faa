/** Text whose parts in backticks are commands or options. */
export const Coded = ({ text }: { text: string }) => (
  <>{text.split('`').map((part, i) => (i % 2 === 1 ? <code key={part}>{part}</code> : part))}</>
);
