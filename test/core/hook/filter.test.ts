import { describe, expect, it } from "vitest";
import type { Change } from "../../../src/core/hook/change.ts";
import type { Delivery } from "../../../src/core/hook/delivery.ts";
import { judge } from "../../../src/core/hook/filter.ts";
import type { HookFilter } from "../../../src/core/hook/spec.ts";
import { aChange, aDelivery, aPullRequest, aTag } from "./a-delivery.ts";

/** "take", or why not. */
function why(filter: HookFilter, delivery: Partial<Delivery>): string {
  const judged = judge(filter, aDelivery(delivery));
  return judged.verdict === "filtered" ? judged.why : judged.verdict;
}
const ofPush = (filter: HookFilter, change: Partial<Change> = {}) =>
  why(filter, { changes: [aChange(change)] });
const ofTag = (filter: HookFilter, tag: string) => why(filter, { changes: [aTag(tag)] });
const ofPull = (filter: HookFilter, action: string, change: Change) =>
  why(filter, { event: "pull_request", action, changes: [change] });

describe("what a hook's rules say of a delivery", () => {
  it("without rules everything is taken but pings, and of code what is deleted, what a push tells of, too, and what is no change", () => {
    for (const source of ["stripe", "standard", "generic"] as const)
      expect(why({}, { source, event: "invoice.paid" })).toBe("take");
    expect(ofPush({})).toBe("take");
    expect(ofTag({}, "v1")).toBe("take");
    expect(why({}, { event: "ping", isPing: true })).toBe("ping");
    expect(ofPush({}, { kind: "delete", sha: null })).toBe("deleted");
    expect(why({}, { event: "create", changes: [aTag("v1")] })).toBe("event");
    for (const source of ["github", "gitlab", "gitea", "bitbucket"] as const) {
      expect(why({}, { source, event: "star", action: "created" })).toBe("event");
      expect(why({ if: "true" }, { source, event: "issue_comment" })).toBe("event");
      expect(why({ events: ["star"] }, { source, event: "star" })).toBe("take");
    }
  });

  it("of a tag that a push, its making and its release tell of the push is taken, and others where they are named", () => {
    const release = { event: "release", action: "published", changes: [aTag("v1")] };
    for (const filter of [{}, { tags: ["v*"] }, { events: ["tag"] }, { events: ["push"] }]) {
      expect(why(filter, { changes: [aTag("v1")] })).toBe("take");
      expect(why(filter, release)).toBe("event");
      expect(why(filter, { event: "create", changes: [aTag("v1")] })).toBe("event");
    }
    expect(why({ events: ["release.published"], tags: ["v*"] }, release)).toBe("take");
    expect(why({ events: ["release.published"], tags: ["v*"] }, { ...release, action: "created" })).toBe(
      "event",
    );
    expect(why({ events: ["release"], tags: ["x*"] }, release)).toBe("tag");
    const unnamed = (event: string) => judge({}, aDelivery({ ...release, event }));
    expect(unnamed("release")).toMatchObject({
      detail: expect.stringContaining("; name release.published in events"),
    });
    expect(unnamed("create")).toMatchObject({ detail: expect.stringContaining("; name create in events") });
    expect(why({ events: ["create"] }, { event: "create", changes: [aTag("v1")] })).toBe("take");
  });

  it("of pull requests those with new commits are taken, as by GitHub Actions, and others where they are named", () => {
    const labeled = aPullRequest({ action: "labeled", hasNewCommits: false });
    expect(ofPull({}, "opened", aPullRequest())).toBe("take");
    expect(ofPull({}, "labeled", labeled)).toBe("event");
    expect(ofPull({ events: ["pull_request"] }, "opened", aPullRequest())).toBe("take");
    expect(ofPull({ events: ["pull_request"] }, "labeled", labeled)).toBe("event");
    expect(ofPull({ events: ["pull_request.labeled"] }, "labeled", labeled)).toBe("take");
    expect(ofPull({ events: ["pull_request.*"] }, "labeled", labeled)).toBe("take");
    expect(ofPull({ events: ["pull_request.labeled"] }, "opened", aPullRequest())).toBe("event");
    const reviewed = { event: "pull_request_review", action: "submitted", changes: [labeled] };
    expect(why({ events: ["pull_request_review"] }, reviewed)).toBe("take");
    expect(why({ events: ["pull_request"] }, reviewed)).toBe("event");
    expect(why({}, reviewed)).toBe("event");
  });

  it("an event is named by its sender's name or by what has changed", () => {
    const merge = { event: "merge_request", action: "open", changes: [aPullRequest({ action: "open" })] };
    for (const events of [
      ["merge_request"],
      ["pull_request"],
      ["push", "merge_request.open"],
      ["merge_request.*"],
    ])
      expect(why({ events }, merge)).toBe("take");
    const bitbucket = { event: "pullrequest:created", changes: [aPullRequest({ action: "created" })] };
    for (const events of [["pullrequest:created"], ["pullrequest:*"], ["pull_request"]])
      expect(why({ events }, bitbucket)).toBe("take");
    expect(why({ events: ["push"] }, bitbucket)).toBe("event");
    expect(why({ events: ["tag"] }, { event: "tag_push", changes: [aTag("v1")] })).toBe("take");
    expect(why({ events: ["tag"] }, { changes: [aChange()] })).toBe("event");
    expect(why({ events: ["push"] }, { changes: [aTag("v1")] })).toBe("take");
    expect(why({ events: ["invoice.*"] }, { event: "invoice.paid" })).toBe("take");
    expect(why({ events: ["invoice.*"] }, { event: "invoices" })).toBe("event");
    expect(why({ events: ["constructor", "pull"] }, { event: "push" })).toBe("event");
    expect(why({ events: [] }, { event: "push" })).toBe("event");
  });

  it("a deletion is taken where it is named", () => {
    const change = aChange({ kind: "delete", sha: null });
    expect(why({ events: ["delete"] }, { changes: [change] })).toBe("take");
    expect(why({ events: ["push"] }, { changes: [change] })).toBe("deleted");
  });

  it("branches are those that are pushed to, or into which a pull request is to go", () => {
    expect(ofPush({ branches: ["main"] })).toBe("take");
    expect(ofPush({ branches: ["main", "!main"] })).toBe("branch");
    expect(ofPush({ branches: ["release/**"] })).toBe("branch");
    expect(ofPull({ branches: ["main"] }, "opened", aPullRequest({ headRef: "x" }))).toBe("take");
    expect(ofPull({ branches: ["x"] }, "opened", aPullRequest({ headRef: "x" }))).toBe("branch");
  });

  it("with branches alone no tag is taken, with tags alone no branch, with both either", () => {
    expect(ofTag({ branches: ["**"] }, "v1")).toBe("tag");
    expect(ofTag({ tags: ["v*"] }, "v1")).toBe("take");
    expect(ofTag({ tags: ["v*"] }, "1")).toBe("tag");
    expect(ofPush({ tags: ["v*"] })).toBe("branch");
    expect(ofPull({ tags: ["v*"] }, "opened", aPullRequest())).toBe("branch");
    expect(ofPush({ branches: ["main"], tags: ["v*"] })).toBe("take");
    expect(ofTag({ branches: ["main"], tags: ["v*"] }, "v1")).toBe("take");
  });

  it("one changed file that is taken in is enough; what is not told passes, and so does a tag", () => {
    expect(ofPush({ paths: ["src/**"] })).toBe("take");
    expect(ofPush({ paths: ["src/**", "!src/*.ts"] })).toBe("path");
    expect(ofPush({ paths: ["docs/**"] })).toBe("path");
    expect(ofPush({ paths: ["**", "!**.md"] }, { paths: ["README.md"] })).toBe("path");
    expect(ofPush({ paths: ["docs/**"] }, { paths: null })).toBe("take");
    expect(ofPush({ paths: ["docs/**"] }, { paths: [] })).toBe("path");
    expect(ofTag({ paths: ["docs/**"] }, "v1")).toBe("take");
    expect(ofPull({ paths: ["docs/**"] }, "opened", aPullRequest())).toBe("take");
  });

  it("where paths let pass what they can not judge, that is told", () => {
    const paths = ["docs/**"];
    const told = "paths did not count: the sender does not tell all files of";
    const undecided = (filter: HookFilter, change: Change) => {
      const judged = judge(filter, aDelivery({ changes: [change] }));
      return judged.verdict === "take" ? judged.undecided : judged.verdict;
    };
    expect(undecided({ paths }, aPullRequest())).toBe(`${told} a pull request`);
    expect(undecided({ paths }, aTag("v1"))).toBe(`${told} a tag`);
    expect(undecided({ paths }, aChange({ paths: null }))).toBe(`${told} this push`);
    expect([undecided({ paths: ["src/**"] }, aChange()), undecided({}, aTag("v1"))]).toEqual([null, null]);
  });

  it("with rules about changes alone what is none is not taken, unless its event is named", () => {
    for (const rules of [{ branches: ["main"] }, { tags: ["v*"] }, { paths: ["a"] }])
      expect(why(rules, { event: "issues" })).toBe("event");
    expect(why({ branches: ["main"], events: ["issues", "push"] }, { event: "issues" })).toBe("take");
  });

  it.each([
    "[skip ci]",
    "[ci skip]",
    "[no ci]",
    "[skip actions]",
    "[actions skip]",
    "[Skip CI]",
    "***NO_CI***",
  ])("a commit or a pull request's title that says %s starts nothing", (word) => {
    expect(ofPush({}, { message: `Words\n\n${word} more` })).toBe("skip_ci");
    expect(ofPull({}, "opened", aPullRequest({ title: `A ${word}` }))).toBe("skip_ci");
    expect(ofPush({}, { message: word.replace(/[ _]/, "-") })).toBe("take");
  });

  it("so does one whose last line is a trailer that says so", () => {
    expect(ofPush({}, { message: "Words\n\n\nskip-checks: true\n" })).toBe("skip_ci");
    expect(ofPush({}, { message: "Words\n\n\nskip-checks:true" })).toBe("skip_ci");
    expect(ofPush({}, { message: "Words\nskip-checks: true\nand more" })).toBe("take");
  });

  it("what an expression says counts, and one that has no value is no yes", () => {
    const delivery = { payload: { a: { b: [1, 2] } }, headers: { "x-a": "y" }, changes: [aChange()] };
    expect(why({ if: "payload.a.b.exists(x, x > 1)" }, delivery)).toBe("take");
    expect(why({ if: 'headers["x-a"] == "y" && event == "push" && action == null' }, delivery)).toBe("take");
    expect(why({ if: 'change.branch == "main" && !change.repository.is_private' }, delivery)).toBe("take");
    expect(why({ if: "payload.a.b.size() > 2" }, delivery)).toBe("if");
    expect(judge({ if: "payload.c" }, aDelivery(delivery))).toMatchObject({
      why: "if",
      detail: 'if has no value: there is no "c" (line 1, column 9)',
    });
    expect(judge({ if: "payload.a" }, aDelivery(delivery))).toMatchObject({
      detail: expect.stringContaining("neither"),
    });
    const pull = [aPullRequest({ isFork: true })];
    expect(why({ if: "!change.pull_request.is_fork" }, { event: "pull_request", changes: pull })).toBe("if");
  });

  it("deliveries that are judged at once share the steps of their globs and expressions", () => {
    const part = aDelivery({ changes: [aChange({ branch: "abcdef".repeat(10) })] });
    const branches = Array.from({ length: 50 }, (_, at) => `**a**b**c**d**e**f${at}`);
    const allowance = { left: 20_000 };
    const verdicts = (count: number, filter: HookFilter, delivery: Delivery) =>
      Array.from({ length: count }, () => judge(filter, delivery, allowance).verdict);
    // With steps enough it is taken in by the glob that is looked at last, the first; of files a glob in doubt does, and no other rule.
    const last = { branches: ["abcdef*", ...branches] };
    expect(judge(last, part)).toMatchObject({ verdict: "take" });
    expect(new Set(verdicts(20, last, part))).toEqual(new Set(["take", "filtered"]));
    expect(allowance.left).toBe(0);
    expect(judge(last, part, allowance)).toMatchObject({
      why: "branch",
      detail: expect.stringMatching(/takes too many steps to tell$/),
    });
    expect(judge({ paths: branches }, part, allowance)).toMatchObject({
      verdict: "take",
      undecided: "paths did not count: whether a changed file fits takes too many steps to tell",
    });
    expect(judge({ if: "true" }, part, allowance)).toMatchObject({
      why: "if",
      detail: "if has no value: takes too many steps for this delivery",
    });
    allowance.left = 500;
    const busy = { ...part, payload: { items: Array(30).fill(0) } };
    expect(verdicts(9, { if: "payload.items.all(a, a == 0)" }, busy).join(" ")).toMatch(/^take .* filtered$/);
  });

  it("the details say what was looked at", () => {
    const detail = (filter: HookFilter, change: Change, delivery: Partial<Delivery> = {}) =>
      (judge(filter, aDelivery({ changes: [change], ...delivery })) as { detail?: string }).detail;
    expect(detail({ events: ["tag"] }, aChange())).toBe("push is not among the events tag");
    expect(detail({ tags: ["v*"] }, aChange())).toBe("branch main: only tags are taken");
    expect(detail({ paths: ["a", "b"] }, aChange())).toBe("none of the 2 changed files fits a, b");
    expect(detail({ paths: ["a"] }, aChange({ paths: [] }))).toBe(
      "its commits change no files, and so none of paths",
    );
    const missed = "ref is missing";
    expect(judge({ branches: ["main"] }, aDelivery({ missed }))).toMatchObject({
      why: "event",
      detail: "what has changed was not understood: ref is missing",
    });
    expect(detail({}, aChange({ message: "a [CI skip]" }))).toBe("the commit says [CI skip]");
    expect(detail({}, aChange({ kind: "delete" }))).toBe("refs/heads/main was deleted");
  });
});
