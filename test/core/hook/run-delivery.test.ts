import { expect, it } from "vitest";
import { upstreamOf } from "../../../src/core/chain/upstream.ts";
import type { Change } from "../../../src/core/hook/change.ts";
import {
  deliveryEnvironment,
  isOfStranger,
  type RunDelivery,
  runDelivery,
} from "../../../src/core/hook/run-delivery.ts";
import { acceptRun } from "../../../src/core/lifecycle.ts";
import { DELIVERY_TEXT_MAX_CHARS } from "../../../src/core/limits.ts";
import { planAttempt } from "../../../src/core/plan.ts";
import { aRunId, aSpec, T0 } from "../../support/a-run.ts";

const CHANGE: Change = {
  kind: "push",
  repository: { url: "https://github.com/octocat/hello.git", fullName: "octocat/hello", isPrivate: false },
  ref: "refs/heads/main",
  branch: "main",
  tag: null,
  sha: "c0ffee",
  before: null,
  message: "x".repeat(5000),
  paths: ["README.md"],
  author: "octocat",
  pullRequest: null,
};
const PULL = {
  number: 7,
  action: "opened",
  hasNewCommits: true,
  title: "t",
  headRef: "patch",
  baseRef: "main",
  isFork: true,
  headRepository: null,
};

const ofPush = (change: Change | null = CHANGE): RunDelivery =>
  runDelivery({ name: "github", source: "github" }, { deliveryId: "d1", event: "push" }, change, false);

it("a run has of its delivery what it is to build, without the files, and its message within a bound", () => {
  expect(ofPush()).toEqual({
    hook: "github",
    id: "d1",
    source: "github",
    event: "push",
    isWithoutSecrets: false,
    change: { ...CHANGE, paths: undefined, message: "x".repeat(DELIVERY_TEXT_MAX_CHARS) },
  });
  expect(ofPush().change).not.toHaveProperty("paths");
  const pullRequest = { ...PULL, title: "t".repeat(2_500_000), action: "a".repeat(5000) };
  const kept = ofPush({ ...CHANGE, author: "\u{1f600}".repeat(5000), pullRequest }).change;
  expect(JSON.stringify(kept).length).toBeLessThan(5 * DELIVERY_TEXT_MAX_CHARS);
  expect(kept).toMatchObject({ pullRequest: { ...PULL, title: "t".repeat(1024), action: "a".repeat(1024) } });
});

it.each<[string, RunDelivery, Record<string, string>]>([
  ["a push", ofPush(), { MAYFLY_COMMIT: "c0ffee", MAYFLY_REF: "refs/heads/main", MAYFLY_BRANCH: "main" }],
  [
    "a tag",
    ofPush({ ...CHANGE, kind: "tag", ref: "refs/tags/v1", branch: null, tag: "v1" }),
    { MAYFLY_COMMIT: "c0ffee", MAYFLY_REF: "refs/tags/v1", MAYFLY_TAG: "v1" },
  ],
  [
    "a pull request",
    ofPush({ ...CHANGE, kind: "pull_request", ref: "refs/pull/7/head", branch: null, pullRequest: PULL }),
    { MAYFLY_COMMIT: "c0ffee", MAYFLY_REF: "refs/pull/7/head", MAYFLY_PULL_REQUEST: "7" },
  ],
])("the command is told of %s what the sender told, and no more", (_, delivery, told) => {
  expect(deliveryEnvironment(delivery)).toEqual({
    MAYFLY_DELIVERY: "d1",
    MAYFLY_EVENT: "push",
    MAYFLY_REPOSITORY: "octocat/hello",
    ...told,
  });
});

it("the command is told no more of a delivery that is not about code, and no NUL gets into its environment", () => {
  expect(deliveryEnvironment({ ...ofPush(null), event: "invoice\0.paid" })).toEqual({
    MAYFLY_DELIVERY: "d1",
    MAYFLY_EVENT: "invoice.paid",
  });
});

it("a machine has it in its environment, beside the job's", () => {
  const job = { name: "j", version: 1, input: "{}" };
  const accepted = {
    type: "accepted" as const,
    at: T0,
    spec: aSpec(),
    originId: null,
    job,
    delivery: ofPush(),
  };
  const { machineConfig } = planAttempt(acceptRun(aRunId(), "default", accepted), null, T0);
  expect(machineConfig.env).toMatchObject({
    MAYFLY_JOB: "j",
    MAYFLY_COMMIT: "c0ffee",
    MAYFLY_DELIVERY: "d1",
  });
});

it("what a fork brings is a stranger's, and what is pushed is not", () => {
  expect(isOfStranger({ change: { pullRequest: PULL } })).toBe(true);
  expect(isOfStranger({ change: { pullRequest: { ...PULL, isFork: false } } })).toBe(false);
  expect([isOfStranger({ change: CHANGE }), isOfStranger({ change: null })]).toEqual([false, false]);
});

it.each(["isOfPullRequest", "mayBeOfFork"] as const)(
  "what no change tells of is a stranger's where it is known by %s, for all that follows it, too",
  (mark) => {
    const marked = { [mark]: true as const };
    expect(isOfStranger({ change: null, ...marked })).toBe(true);
    const own = { ...CHANGE, pullRequest: { ...PULL, isFork: false } };
    expect(isOfStranger({ change: own, ...marked })).toBe(false);
    const run = (change: Change | null) =>
      runDelivery(
        { name: "h", source: "github" },
        { deliveryId: "d", event: "note", ...marked },
        change,
        true,
      );
    expect(run(own)).not.toHaveProperty(mark);
    const ended = { id: "a", job: "j", status: "succeeded" as const, reason: null, exit: null };
    const next = upstreamOf({ ...ended, delivery: run(null), upstream: null });
    const far = upstreamOf({ ...ended, delivery: null, upstream: next });
    expect([run(null), next, far].map(isOfStranger)).toEqual([true, true, true]);
  },
);
