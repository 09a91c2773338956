/** Pages ask for what may not be there, and say so themselves. */

import { AppError } from "../core/error.ts";

export async function orNull<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") return null;
    throw error;
  }
}

export async function isDone(done: Promise<unknown>): Promise<boolean> {
  return (await orNull(done.then(() => true))) ?? false;
}
