/** A job's name from the command that it runs, as one would call it. */

/** Less than a job can have (`JOB_NAME_MAX_CHARS`): room for what makes it unique. */
const NAME_MAX_CHARS = 40;
/** Programs that only run the one behind them. */
const WRAPPERS = new Set(
  "sudo nice ionice nohup env time timeout flock chronic setsid exec command sh bash dash zsh ksh python python2 python3 perl ruby php node java".split(
    " ",
  ),
);
/** Commands that only prepare for the one that is meant. */
const PREPARES = new Set("cd test [ [[ export set umask sleep true false : source . if".split(" "));

/** The command's name in a job's letters; "job" where it has none of its own. */
export function nameOfCommand(command: string): string {
  const steps = command.slice(0, 1000).split(/&&|\|\||[;|&\n(){}]/);
  const programs = steps.map(programOf).filter((program) => program !== null);
  return slug(programs[0] ?? "") || "job";
}

/** Names of which none is given twice: a number stands behind those that come again. */
export class Names {
  readonly #given = new Set<string>();
  /** The last number behind each. */
  readonly #numbers = new Map<string, number>();

  unique(name: string): string {
    let unique = name;
    while (this.#given.has(unique)) {
      const number = (this.#numbers.get(name) ?? 1) + 1;
      this.#numbers.set(name, number);
      unique = `${name}-${number}`;
    }
    this.#given.add(unique);
    return unique;
  }
}

function programOf(step: string): string | null {
  const words = step
    .trim()
    .split(/\s+/)
    .map((word) => word.replaceAll(/["'`$]/g, ""));
  const meant = words.find((word) => !isBeside(word));
  if (meant === undefined || PREPARES.has(words[0] ?? "")) return null;
  return baseName(meant) || null;
}

/** Variables, options, numbers, redirections and wrappers. */
function isBeside(word: string): boolean {
  return (
    /^(?:$|-|\+|\w+=|\d+\w?$|[<>!])/.test(word) ||
    word.startsWith("/dev/") ||
    isLock(word) ||
    WRAPPERS.has(baseName(word))
  );
}

/** The file that flock(1) locks. */
function isLock(word: string): boolean {
  return /\.(?:lock|pid)$/.test(word);
}

function baseName(path: string): string {
  return path.replace(/\/+$/, "").split("/").at(-1) ?? "";
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/\.(?:sh|bash|py|pl|rb|php|js|mjs|ts|jar)$/, "")
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, NAME_MAX_CHARS)
    .replace(/[^a-z0-9]+$/, "");
}
