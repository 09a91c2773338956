/** Names for what a server makes on the computer, which tell the next server whether it is left over. */

const NAME = /^mayfly-(\d+)-\d+$/;
let made = 0;

/** A name that nothing else of a living server has. */
export function freshName(): string {
  return `mayfly-${process.pid}-${++made}`;
}

/** Whether this was made by a server that is gone. */
export function isLeftover(name: string): boolean {
  const pid = NAME.exec(name)?.[1];
  return pid !== undefined && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    // One of this process's own number is from another start of the computer.
    return pid === process.pid ? made > 0 : process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
