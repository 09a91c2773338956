/** A name and what it is, in a list of facts. */

import type { Child } from "hono/jsx";
import { visible } from "../words/body-text.ts";

export function Fact({ name, children }: { name: string; children?: Child }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Code({ text }: { text: string }) {
  return (
    <code>
      <bdi>{visible(text)}</bdi>
    </code>
  );
}
