/** Runs another program in this one's place; answers its exit code. */
export function forward(
  program: string,
  args: string[],
  options?: { env?: Record<string, string | undefined> },
): Promise<number>;
