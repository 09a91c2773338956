import { describe, expect, it } from "vitest";
import { globComplaint, globMatcher, globsComplaint } from "../../../src/core/hook/glob.ts";

const isTaken = (globs: string[], name: string) => globMatcher(globs, { left: 1_000_000 })(name);

/** "Patterns to match branches and tags" and "Patterns to match file paths" of GitHub's documentation, line by line. */
const DOCUMENTED: [globs: string[], taken: string[], not: string[]][] = [
  [["feature/*"], ["feature/my-branch", "feature/your-branch"], ["feature/a/b", "feature", "a/feature/b"]],
  [
    ["feature/**"],
    ["feature/beta-a/my-branch", "feature/your-branch", "feature/mona/the/octocat"],
    ["feature"],
  ],
  [
    ["main", "releases/mona-the-octocat"],
    ["main", "releases/mona-the-octocat"],
    ["Main", "main2", "amain"],
  ],
  [["*"], ["main", "releases", "README.md", "server.rb"], ["all/the/branches"]],
  [["**"], ["all/the/branches", "every/tag", "all/the/files.md"], []],
  [["*feature"], ["mona-feature", "feature", "ver-10-feature"], ["features", "a/feature"]],
  [["v2*"], ["v2", "v2.0", "v2.9"], ["v1", "v2/a"]],
  [["v[12].[0-9]+.[0-9]+"], ["v1.10.1", "v2.0.0"], ["v3.0.0", "v1.1", "v1.a.0"]],
  [["[CB]at"], ["Cat", "Bat"], ["cat", "at", "CBat"]],
  [["[1-2]00"], ["100", "200"], ["300"]],
  [["*.jsx?"], ["page.js", "page.jsx"], ["page.jsxx", "a/page.js"]],
  [["*.js"], ["app.js", "index.js"], ["appxjs", "js/index.js"]],
  [["**.js"], ["index.js", "js/index.js", "src/js/app.js"], ["index.jsx"]],
  [["docs/*"], ["docs/README.md", "docs/file.txt"], ["docs/a/b.md"]],
  [["docs/**"], ["docs/README.md", "docs/mona/octocat.txt"], ["docs", "a/docs/b"]],
  [
    ["docs/**/*.md"],
    ["docs/README.md", "docs/mona/hello-world.md", "docs/a/markdown/file.md"],
    ["README.md"],
  ],
  [["**/docs/**"], ["docs/hello.md", "dir/docs/my-file.txt", "space/docs/plan/space.doc"], ["adocs/b"]],
  [["**/README.md"], ["README.md", "js/README.md"], ["aREADME.md"]],
  [["**/*src/**"], ["a/src/app.js", "my-src/code/js/app.js"], ["a/src"]],
  [["**/*-post.md"], ["my-post.md", "path/their-post.md"], ["post.md"]],
  [["**/migrate-*.sql"], ["migrate-10909.sql", "db/migrate-v1.0.sql", "db/sept/migrate-v1.sql"], []],
  [["*.md", "!README.md"], ["hello.md"], ["README.md", "docs/hello.md"]],
  [["*.md", "!README.md", "README*"], ["hello.md", "README.md", "README.doc"], []],
];

describe("globs mean what they mean in GitHub Actions", () => {
  it.each(DOCUMENTED)("%j", (globs, taken, not) => {
    expect(globsComplaint(globs)).toBeNull();
    expect(taken.filter((name) => !isTaken(globs, name))).toEqual([]);
    expect(not.filter((name) => isTaken(globs, name))).toEqual([]);
  });

  it.each([
    [
      ["\\!a", "b\\*", "c\\\\", "\\[d]x".replace("]", "\\]")],
      ["!a", "b*", "c\\", "[d]x"],
      ["a", "bb", "c"],
    ],
    [
      ["a.b", "a|b", "(a)", "^a$", "a{2}", "ü", "\u{1f600}?x"],
      ["a.b", "a|b", "(a)", "^a$", "a{2}", "ü", "x", "\u{1f600}x"],
      ["axb", "a", "aa"],
    ],
    [["v!1"], ["v!1"], ["v1"]],
    [["!a", "a"], ["a"], ["b"]],
    [["a b"], ["a b"], ["ab"]],
    [["a\n"], ["a\n"], ["a"]],
    [["**"], ["a\nb", ""], []],
  ])("%j is taken by its characters", (globs, taken, not) => {
    expect(globsComplaint(globs)).toBeNull();
    expect(taken.filter((name) => !isTaken(globs, name))).toEqual([]);
    expect(not.filter((name) => isTaken(globs, name))).toEqual([]);
  });

  it("one that can not be read says what, and where", () => {
    expect(globComplaint("")).toBe("must not be empty");
    expect(globComplaint("!")).toBe("must not be empty");
    expect(globComplaint("?a")).toBe("has a ? with nothing before it to repeat (character 1)");
    expect(globComplaint("a*+")).toBe("has a + with nothing before it to repeat (character 3)");
    expect(globComplaint("!a++")).toBe("has a + with nothing before it to repeat (character 4)");
    expect(globComplaint("v[1")).toContain("must have letters and digits in []");
    expect(globComplaint("v[]")).toContain("(character 2)");
    expect(globComplaint("v[z-a]")).toContain("ranges of them as a-z");
    expect(globComplaint("v[^a]")).toContain("(character 2)");
    expect(globComplaint("v]")).toBe("has a ] without a [ before it (character 2)");
    expect(globComplaint("a\\")).toBe("has nothing after the \\ (character 2)");
    expect(globComplaint("a".repeat(257))).toBe("has 257 characters; it can have 256");
  });

  it("a list that only excludes would take nothing, which is told", () => {
    expect(globsComplaint(["!a", "!b"])).toMatchObject({ index: 0 });
    expect(globsComplaint(["a", "b["])).toMatchObject({ index: 1 });
    expect(globsComplaint([])).toBeNull();
  });
});
