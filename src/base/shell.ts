/** A word of a command line as a POSIX shell wants it: plain where it may be, else in single quotes. */
export const shellWord = (text: string) => (/^[\w./:@=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
