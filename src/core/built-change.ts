/** The Change that a run builds, whether its hook was called with it or a run before it was. */

/** What a run builds: what its hook was called with, or what the first run of its chain builds; null where no hook was called. */
export function builtChange<C>({ delivery, upstream }: Building<C>): C | null {
  return (delivery ?? upstream)?.change ?? null;
}

/** A run, as it is or as it is told of. */
interface Building<C> {
  delivery: { change: C | null } | null;
  upstream: { change: C | null } | null;
}
