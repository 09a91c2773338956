/** Buttons that copy a text (`[data-copy]`): shown where the browser lets a page do that. */

/** Says so for as long as it takes to read. */
const SAID_MS = 2000;

export function offerCopies(): void {
  if (navigator.clipboard === undefined) return;
  document.documentElement.classList.add("can-copy");
  document.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLElement>("[data-copy]") : null;
    if (button !== null) void copy(button);
  });
}

async function copy(button: HTMLElement): Promise<void> {
  const said = await navigator.clipboard.writeText(button.dataset.copy ?? "").then(
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
