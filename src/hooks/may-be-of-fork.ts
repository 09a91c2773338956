/**
 * Whether what a delivery tells of without a change can be a fork's: a workflow's run, a check, a status, a deployment, a pipeline. Whoever wrote
 * that need not be trusted. What surely comes from the repository itself is in this table, by event and where it takes that by what the
 * payload shows of it; all else may be a fork's, and so may events that are not known yet.
 *
 * Events in which nothing of code is told (an issue, a star, a label) are in it, too: strangers have these sent, and have brought nothing that is built.
 */

import type { Json } from "../core/hook/delivery.ts";
import { CODE_SOURCES, type HookSource } from "../core/hook/spec.ts";
import { listAt, numberAt, partAt, textAt } from "./payload.ts";

type Proof = (payload: Json) => boolean;
type Proofs = Readonly<Record<string, Proof>>;

const always: Proof = () => true;
const all = (events: string): Proofs =>
  Object.fromEntries(
    events
      .trim()
      .split(/\s+/)
      .map((event) => [event, always]),
  );

/** Which events that set off a workflow are nobody's but theirs who may write. `issue_comment`, `workflow_run` and others are anybody's. */
const OF_WRITERS = new Set([
  ...["push", "create", "delete", "release", "merge_group"],
  ...["schedule", "workflow_dispatch", "repository_dispatch"],
]);

/**
 * `head_repository` is where the code is from, for what pull requests set off (`pull_request_target`, too: actions/checkout goes by it).
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads#workflow_run
 */
const workflowRun: Proof = (payload) => {
  const event = textAt(payload, "workflow_run", "event") ?? "";
  const head = numberAt(payload, "workflow_run", "head_repository", "id");
  return (
    (OF_WRITERS.has(event) || /^pull_request(_|$)/.test(event)) &&
    head !== null &&
    head === numberAt(payload, "repository", "id")
  );
};

/**
 * A check suite of a fork has no branch and no pull requests ("#check_suite" there); of GitHub Actions' own, which has its branch's name in workflow runs
 * of forks, that is not sure. Where a pull request from a branch of the repository has the very commit it is.
 */
const check =
  (...path: string[]): Proof =>
  (payload) => {
    const suite = partAt(payload, ...path);
    const repository = numberAt(payload, "repository", "id");
    const sha = textAt(suite, "head_sha");
    const pulls = listAt(suite, "pull_requests");
    const isOwn = (pull: Json) =>
      repository !== null &&
      [numberAt(pull, "head", "repo", "id"), numberAt(pull, "base", "repo", "id")].every(
        (id) => id === repository,
      );
    if (!pulls.every(isOwn)) return false;
    if (pulls.some((pull) => sha !== null && textAt(pull, "head", "sha") === sha)) return true;
    const app = textAt(suite, "app", "slug");
    return textAt(suite, "head_branch") !== null && app !== null && app !== "github-actions";
  };

const GITHUB: Proofs = {
  ...all(`
    branch_protection_configuration branch_protection_rule create custom_property custom_property_values delete dependabot_alert
    deploy_key discussion discussion_comment fork github_app_authorization gollum installation installation_repositories
    installation_target issue_comment issue_dependencies issues label marketplace_purchase member membership merge_group meta milestone
    org_block organization package page_build personal_access_token_request ping project project_card project_column projects_v2
    projects_v2_item projects_v2_status_update public registry_package release repository repository_advisory repository_dispatch
    repository_import repository_ruleset repository_vulnerability_alert secret_scanning_alert secret_scanning_alert_location
    secret_scanning_scan security_advisory security_and_analysis sponsorship star sub_issues team team_add watch workflow_dispatch`),
  workflow_run: workflowRun,
  check_suite: check("check_suite"),
  check_run: check("check_run", "check_suite"),
  // Branches of the repository that have the commit: none has a fork's.
  status: (payload) => listAt(payload, "branches").some((branch) => textAt(branch, "name") !== null),
  code_scanning_alert: (payload) => /^refs\/(heads|tags)\//.test(textAt(payload, "ref") ?? ""),
  // Apps, and workflows of forks, make deployments of pull requests.
  deployment: workflowRun,
  deployment_status: workflowRun,
  deployment_review: workflowRun,
};

/** Pipelines of branches and tags. Those of merge requests, and what they and others set off, can be a fork's. */
const OWN_PIPELINES = new Set(["push", "web", "webide", "trigger", "schedule", "api", "pipeline", "chat"]);

/** Of an issue or a snippet, and of no commit: a fork's are found in the project, too. */
const ofNoCode: Proof = (payload) =>
  partAt(payload, "commit") === null &&
  ["issue", "snippet", "work_item", "epic"].some((what) => partAt(payload, what) !== null);

/** https://docs.gitlab.com/user/project/integrations/webhook_events/ . Jobs (`build`) and deployments do not say which pipeline they are of. */
const GITLAB: Proofs = {
  ...all(`
    release issue work_item wiki_page feature_flag milestone access_token vulnerability project_create project_destroy project_rename
    project_transfer project_update subgroup_create subgroup_destroy user_access_request_denied_for_group
    user_access_request_to_group user_add_to_group user_add_to_team user_remove_from_group user_remove_from_team
    user_update_for_group user_update_for_team`),
  note: ofNoCode,
  emoji: ofNoCode,
  pipeline: (payload) =>
    partAt(payload, "merge_request") === null &&
    OWN_PIPELINES.has(textAt(payload, "object_attributes", "source") ?? "") &&
    textAt(payload, "object_attributes", "ref")?.startsWith("refs/") !== true,
};

/** Forgejo tells more of a run of its Actions than Gitea, whose has no head repository. */
const actionRun: Proof = (payload) =>
  partAt(payload, "run", "is_fork_pull_request") === false &&
  OF_WRITERS.has(textAt(payload, "run", "trigger_event") ?? textAt(payload, "run", "event") ?? "");

/** `modules/webhook/type.go` of Gitea's source. Statuses and jobs do not say whose commit it is. */
const GITEA: Proofs = {
  ...all("create delete fork issues issue_comment release repository wiki package"),
  workflow_run: (payload) => OF_WRITERS.has(textAt(payload, "workflow_run", "event") ?? ""),
  action_run_failure: actionRun,
  action_run_recover: actionRun,
  action_run_success: actionRun,
};

/** Of Bitbucket Cloud, and of Data Center behind. Comments on commits and their statuses do not say whose these are. */
const BITBUCKET: Proofs = all(`
  repo:fork repo:updated repo:transfer repo:created repo:deleted repo:imported issue:created issue:updated issue:comment_created
  project:updated diagnostics:ping
  repo:refs_changed repo:modified repo:forked repo:secret_detected mirror:repo_synchronized project:modified`);

const PROOFS: Partial<Record<HookSource, Proofs>> = {
  github: GITHUB,
  gitlab: GITLAB,
  gitea: GITEA,
  bitbucket: BITBUCKET,
};

/** Only of senders of code, and of what no change could be made of: a change says itself whose it is. */
export function mayBeOfFork(source: HookSource, event: string, payload: Json): boolean {
  if (!CODE_SOURCES.has(source)) return false;
  const proofs = PROOFS[source] ?? {};
  return !(Object.hasOwn(proofs, event) && proofs[event]?.(payload) === true);
}
