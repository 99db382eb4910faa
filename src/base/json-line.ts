/** Numbers that Python's `json` writes and JSON does not know. */
const NOT_JSON = /(?<=[:[,]\s*)(?:NaN|-?Infinity)(?=\s*[,\]}])/g;

/** A line of JSON; NaN and infinities, which other programs write into logs, are null. Throws `SyntaxError`. */
export function parseJsonLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return JSON.parse(line.replace(NOT_JSON, 'null'));
  }
}
