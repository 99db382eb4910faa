/** The glossary of the reports, folded. */

import { words } from '../../report/words.js';

export function Words() {
  return (
    <details>
      <summary>Words</summary>
      <dl class="words">
        {words.map(([word, meaning]) => [<dt key={word}>{word}</dt>, <dd key={meaning}>{meaning}</dd>])}
      </dl>
    </details>
  );
}
