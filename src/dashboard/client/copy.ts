/** Buttons that copy a text (`[data-copy]`) or what stands in a field (`[data-copy-of]`, by its id): shown where the browser lets a page do that. */

/** Says so for as long as it takes to read. */
const SAID_MS = 2000;

export function offerCopies(): void {
  if (navigator.clipboard === undefined) return;
  document.documentElement.classList.add("can-copy");
  document.addEventListener("click", ({ target }) => {
    const button =
      target instanceof Element ? target.closest<HTMLElement>("[data-copy], [data-copy-of]") : null;
    if (button !== null) void copy(button);
  });
}

async function copy(button: HTMLElement): Promise<void> {
  const { copy: text, copyOf: id = "" } = button.dataset;
  const field = document.getElementById(id);
  const copied = text ?? (field instanceof HTMLInputElement ? field.value : "");
  const said = await navigator.clipboard.writeText(copied).then(
    () => "Copied",
    () => "Not copied",
  );
  button.textContent = said;
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = said;
  setTimeout(() => {
    button.textContent = "Copy";
  }, SAID_MS);
}
