/** The form's words for what the command line calls by its flags. */

/** Label of a field, by the flag of its option: `--train-limit` → `train limit`. */
export const labelOf = (flag: string) => flag.slice(2).replaceAll('-', ' ');

/** A message of the command line with the labels of the form; commands, in backticks, stay. */
export const inForm = (message: string) =>
  message
    .split('`')
    .map((part, i) =>
      i % 2 === 1
        ? `\`${part}\``
        : part.replace('--attack-option ', 'parameter ').replace(/--[a-z]+(?:-[a-z]+)*/g, labelOf),
    )
    .join('');
