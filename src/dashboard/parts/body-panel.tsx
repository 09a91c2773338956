/** The body of a delivery: laid out where it is JSON, or as it came. Nothing in it is markup. */

import type { Child } from "hono/jsx";
import { isTooLongToLayOut, prettyText, rawText } from "../words/body-text.ts";
import { withParameters } from "../words/paths.ts";

interface BodyPanelProps {
  /** Of the page. */
  path: string;
  /** Null where it is no text. */
  body: string | null;
  base64: string | null;
  isRaw: boolean;
  /** The word for that. */
  rawWord: string;
  /** What there is to say of it. */
  children?: Child;
  /** Whether it had nothing in it; absent, where nothing is shown. */
  isEmpty?: boolean;
}

export function BodyPanel({ path, body, base64, isRaw, rawWord, isEmpty = true, children }: BodyPanelProps) {
  const pretty = body === null || isRaw ? null : prettyText(body);
  const shown = pretty ?? rawText(body ?? base64 ?? "");
  const isTooLong = body !== null && isTooLongToLayOut(body);
  // What is asked for as it came is not parsed to know whether it could be shown in another way.
  const hasViews = pretty !== null || (isRaw && body !== null && !isTooLong);
  const views = [
    { word: "Laid out", href: path, isShown: !isRaw },
    { word: rawWord, href: withParameters(path, { body: "raw" }), isShown: isRaw },
  ];
  return (
    <section class="card body-panel" aria-labelledby="body-title">
      <div class="toolbar">
        <h2 id="body-title">Body</h2>
        {hasViews && (
          <nav class="filters" aria-label="How the body is shown">
            {views.map(({ word, href, isShown }) => (
              <a href={href} aria-current={isShown ? "page" : undefined}>
                {word}
              </a>
            ))}
          </nav>
        )}
      </div>
      {children}
      {isTooLong && <p class="muted">It is too long to be laid out here.</p>}
      {body === null && <p class="muted">It is no text; this is its base64.</p>}
      {shown.text === "" ? (
        isEmpty && <p class="muted">It is empty.</p>
      ) : (
        <section class="text" tabindex={0} aria-labelledby="body-title">
          <pre>{shown.text}</pre>
        </section>
      )}
      {!shown.isWhole && <p class="warning">The rest is left out here; the API has all that is kept.</p>}
    </section>
  );
}
