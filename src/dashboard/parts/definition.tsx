/** A version of a job as its owner would write it. */

import { definitionText } from "../words/job-definition.ts";

type Props = { title: string; definition: Parameters<typeof definitionText>[0] };

export function Definition({ title, definition }: Props) {
  const { text, isWhole } = definitionText(definition);
  return (
    <section class="card definition" aria-labelledby="definition-title">
      <h2 id="definition-title">{title}</h2>
      <section class="text" tabindex={0} aria-labelledby="definition-title">
        <pre>{text}</pre>
      </section>
      {!isWhole && (
        <p class="warning">
          The rest is left out here; <code>npx mayfly jobs show</code> shows all of it.
        </p>
      )}
    </section>
  );
}
