/** The Delivery that a run was submitted for, as far as the run needs to know of it. */

import type { HookReport } from "../commit-status/report.ts";
import { DELIVERY_TEXT_MAX_CHARS } from "../limits.ts";
import { cutText } from "../utf8.ts";
import type { Change } from "./change.ts";
import type { Delivery } from "./delivery.ts";
import type { HookSource } from "./spec.ts";

/** A change without the names of its files, of which there can be thousands; its texts, which anybody can write, are cut where they are long. */
export type RunChange = Omit<Change, "paths">;

export interface RunDelivery {
  /** The hook's name, in the run's job. */
  hook: string;
  /** With the hook it is the key of the ledger. */
  id: string;
  source: HookSource;
  event: string;
  /** What it is to build; null where the delivery is not about code. */
  change: RunChange | null;
  /** True where the delivery is about a pull request, and `change` does not tell of it. */
  isOfPullRequest?: true;
  /** True where there is no change, and what the delivery is about can be a fork's. */
  mayBeOfFork?: true;
  /** True where the job's secrets were left out, since the change is, or may be, from a fork: whoever wrote it need not be trusted. */
  isWithoutSecrets: boolean;
  /** How its commit is told of it; absent where it is not. */
  report?: HookReport;
}

/** What a run is for, by what a delivery told: of what follows it, too. */
export interface ToldChange<C extends Pick<Change, "pullRequest"> = Pick<Change, "pullRequest">> {
  change: C | null;
  /** Whether the delivery is about a pull request, be that understood or not. */
  isOfPullRequest?: boolean;
  /** Whether it is about what can be a fork's: a check, a pipeline. */
  mayBeOfFork?: boolean;
}

/**
 * True for what a stranger can have written, or had done: a command that builds it, or acts on it, must not see secrets. A pull
 * request of which nobody can tell whose it is may be a fork's.
 */
export function isOfStranger({ change, isOfPullRequest = false, mayBeOfFork = false }: ToldChange): boolean {
  const pullRequest = change?.pullRequest ?? null;
  return pullRequest === null ? isOfPullRequest || mayBeOfFork : pullRequest.isFork;
}

/** What is kept of a delivery that can be about a stranger's work, of which its change does not tell. */
export function untoldStranger({ change, isOfPullRequest, mayBeOfFork }: ToldChange): {
  isOfPullRequest?: true;
  mayBeOfFork?: true;
} {
  if ((change?.pullRequest ?? null) !== null) return {};
  return {
    ...(isOfPullRequest === true && { isOfPullRequest: true }),
    ...(mayBeOfFork === true && { mayBeOfFork: true }),
  };
}

/** What is kept of a change beside its delivery's body. */
export function keptChange(change: Change): RunChange {
  const { paths: _paths, ...kept } = change;
  const { message, author, pullRequest } = kept;
  return {
    ...kept,
    message: message === null ? null : cut(message),
    author: author === null ? null : cut(author),
    pullRequest: pullRequest && {
      ...pullRequest,
      action: cut(pullRequest.action),
      title: cut(pullRequest.title),
    },
  };
}

/** What a hook's run has of its delivery. */
export function runDelivery(
  hook: { name: string; source: HookSource; report?: HookReport },
  delivery: Pick<Delivery, "deliveryId" | "event" | "isOfPullRequest" | "mayBeOfFork">,
  change: Change | null,
  isWithoutSecrets: boolean,
): RunDelivery {
  return {
    hook: hook.name,
    id: delivery.deliveryId,
    source: hook.source,
    event: delivery.event,
    change: change && keptChange(change),
    ...untoldStranger({ ...delivery, change }),
    isWithoutSecrets,
    ...(hook.report && change !== null && change.sha !== null && { report: hook.report }),
  };
}

/** For a run of something else than what the hook starts: what that comes to says nothing of the commit under the hook's name. */
export function withoutReport({ report: _report, ...delivery }: RunDelivery): RunDelivery {
  return delivery;
}

/** What a hook's run finds in its command's environment besides what every run of a job does. What the sender did not tell is not there. */
export function deliveryEnvironment({ id, event, change }: RunDelivery): Record<string, string> {
  return { MAYFLY_DELIVERY: plain(id), MAYFLY_EVENT: plain(event), ...changeEnvironment(change) };
}

/** What it finds there of a change. */
export function changeEnvironment(change: RunChange | null): Record<string, string> {
  const told: Record<string, string | null | undefined> = {
    MAYFLY_COMMIT: change?.sha,
    MAYFLY_REF: change?.ref,
    MAYFLY_BRANCH: change?.branch,
    MAYFLY_TAG: change?.tag,
    MAYFLY_REPOSITORY: change?.repository.fullName,
    MAYFLY_PULL_REQUEST: change?.pullRequest ? String(change.pullRequest.number) : null,
  };
  return Object.fromEntries(
    Object.entries(told).flatMap(([name, value]) =>
      value === null || value === undefined ? [] : [[name, plain(value)]],
    ),
  );
}

/** A NUL would end a variable, and the command's environment with it. */
function plain(value: string): string {
  return cut(value.replaceAll("\0", ""));
}

function cut(text: string): string {
  return cutText(text, DELIVERY_TEXT_MAX_CHARS);
}
