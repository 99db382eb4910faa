/** Text files of others: CSV, JSON, YAML and lists of names. */

/** The text in `bytes`: UTF-16 where its byte-order mark says so, else UTF-8. The mark, which Excel and PowerShell write, is no part of the text. */
export function decodeText(bytes: Uint8Array): string {
  const mark = (bytes[0] << 8) | bytes[1];
  return new TextDecoder(mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : 'utf-8').decode(bytes);
}
