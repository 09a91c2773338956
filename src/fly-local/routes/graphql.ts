/** POST /graphql: what flyctl asks beside the Machines API. */

import type { Operation } from "../app.ts";
import { invalid } from "../error.ts";
import { answerGraphql } from "../flyctl/graphql.ts";
import { bodyOf } from "../request.ts";

export const graphql: Operation = async (c, parts) => {
  const { query, variables } = await bodyOf(c);
  if (typeof query !== "string") throw invalid("query: a GraphQL document is expected");
  const given = typeof variables === "object" && variables !== null ? variables : {};
  return c.json(answerGraphql(query, given as Record<string, unknown>, parts));
};
