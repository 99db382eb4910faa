/** Words of a text. */

/** Letters, digits and the marks on them; any other character but a space stands alone, invisible ones included. */
const WORD = /[\p{L}\p{N}\p{M}'’]+|[^\s]/gu;

/** Marks on one letter beyond those that Unicode's stream-safe format allows (UAX 15): composing sorts them, in a time that grows with their square. */
const PILED = /(\p{M}{30})\p{M}+/gu;

/** The lower-cased words and other characters of a text, in Unicode's composed form. Linear in the length of the text. */
export const wordsOf = (text: string): string[] =>
  text.replace(PILED, '$1').normalize('NFC').toLowerCase().match(WORD) ?? [];
