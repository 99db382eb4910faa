/** One argument of a POSIX shell command, in single quotes where it needs them. */
export const shellWord = (text: string) => (/^[\w./:@=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
