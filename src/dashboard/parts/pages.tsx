/** The way through a list in pages; nothing where it has one alone. */
export function Pages({
  first,
  next,
}: {
  first: string | null;
  next: { href: string; word: string } | null;
}) {
  if (first === null && next === null) return null;
  return (
    <nav class="pages" aria-label="Pages">
      {first !== null && <a href={first}>First page</a>}
      {next !== null && (
        <a rel="next" href={next.href}>
          {next.word}
        </a>
      )}
    </nav>
  );
}
