/** A text that others are to be told letter by letter, with a button that copies it where there is a script. */
export function Copied({ text, name }: { text: string; name: string }) {
  return (
    <span class="copied">
      <code>{text}</code>
      <button type="button" class="plain copy" data-copy={text} aria-label={`Copy ${name}`}>
        Copy
      </button>
    </span>
  );
}
