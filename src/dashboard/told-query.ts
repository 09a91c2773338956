/** What is asked of a ledger of what somebody was told. */

/** Each as somebody typed it; null for all. */
export interface ToldQuery {
  /** Of what was told, and not of what it tells of. */
  state: string | null;
  run: string | null;
  cursor: string | null;
}

export const ALL_TOLD: ToldQuery = { state: null, run: null, cursor: null };
