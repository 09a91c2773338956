/** Web Crypto takes real time: while one of its calls is under way, a world of virtual time stands still. */

let underWay = 0;

export function isCryptoAtWork(): boolean {
  return underWay > 0;
}

/** Has the calls of this process counted from now on. */
export function countCryptoCalls(): void {
  if (isCounting) return;
  isCounting = true;
  for (const name of ["digest", "importKey", "sign"] as const) {
    const real = crypto.subtle[name].bind(crypto.subtle) as (...args: unknown[]) => Promise<unknown>;
    Object.defineProperty(crypto.subtle, name, {
      configurable: true,
      value: async (...args: unknown[]) => {
        underWay += 1;
        try {
          return await real(...args);
        } finally {
          underWay -= 1;
        }
      },
    });
  }
}

let isCounting = false;
