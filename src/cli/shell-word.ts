/** Words as a shell takes them. */

const SAFE = /^[\w@%+=:,./-]+$/;

/** One word of a command line, quoted where a POSIX shell would read it otherwise. */
export function shellWord(word: string): string {
  return SAFE.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
