/** A button that asks first: it is folded away behind what it is about to do. */

import type { Child } from "hono/jsx";

interface ConfirmedProps {
  id: string;
  /** What opens it, "Delete…". */
  summary: string;
  action: string;
  /** What the button says. */
  word: string;
  /** Sent along. */
  fields?: Record<string, string>;
  /** What it does. */
  children?: Child;
}

export function Confirmed({ id, summary, action, word, fields = {}, children }: ConfirmedProps) {
  return (
    <details class="confirmed" id={id}>
      <summary>{summary}</summary>
      <form method="post" action={action} class="stack">
        {Object.entries(fields).map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <p>{children}</p>
        <button class="danger" type="submit">
          {word}
        </button>
      </form>
    </details>
  );
}
