/** Files of finished rows, one line of JSON each, to which benches append. */
import { existsSync, readFileSync } from 'node:fs';

/** The rows of a file; none of a file that is not there. */
export const readRows = <Row>(file: string): Row[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];
