/** One word of a shell's, whatever text it is: the only thing that a single quote can not hold is itself. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
