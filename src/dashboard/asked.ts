/** A page of a ledger as somebody asked for it: what is wrong with that is shown at its field. */

import { AppError, type Complaint } from "../core/error.ts";

export interface Asked<List> {
  list: List;
  complaints: readonly Complaint[];
}

/** @param none what is shown where it can not be asked for like that */
export async function asked<List>(ask: () => Promise<List>, none: () => Promise<List>): Promise<Asked<List>> {
  try {
    return { list: await ask(), complaints: [] };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "invalid_input") throw error;
    return { list: await none(), complaints: error.complaints };
  }
}
