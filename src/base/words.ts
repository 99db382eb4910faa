/** Words of a text. */

/** Letters, digits and the marks on them; any other character but a space stands alone, invisible ones included. */
const WORD = /[\p{L}\p{N}\p{M}'’]+|[^\s]/gu;

/** The lower-cased words and other characters of a text, in Unicode's composed form. Linear in the length of the text. */
export const wordsOf = (text: string): string[] => text.normalize('NFC').toLowerCase().match(WORD) ?? [];
