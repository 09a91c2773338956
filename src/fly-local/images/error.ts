/** An image that can not be had, or not be taken for what it says it is. */

export class ImageError extends Error {}

/** @param error what was thrown while `doing` this, such as "reading layer 2 of debian:12" */
export function asImageError(error: unknown, doing: string): ImageError {
  if (error instanceof ImageError) return error;
  return new ImageError(`${doing}: ${(error as Error).message}`, { cause: error });
}
