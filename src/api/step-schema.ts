/** The fields of a spec that make a run one of steps: the repository that is checked out, and the steps themselves. */

import { z } from "@hono/zod-openapi";
import { formatDuration } from "../core/duration.ts";
import * as limits from "../core/limits.ts";
import type { RunSpec } from "../core/run-spec.ts";
import {
  CHECKOUT_PATH,
  type Checkout,
  refComplaint,
  repositoryComplaint,
  writtenRepository,
} from "../core/step/checkout.ts";
import { CHECKOUT_STEP, STEP_IFS, type StepIf, type StepSpec } from "../core/step/spec.ts";
import { namedOrigin } from "../core/step/token-host.ts";
import { durationField, durationMs } from "./duration-field.ts";
import { secretNameField } from "./secret-schema.ts";
import { lineField } from "./text-field.ts";
import { atMostNames } from "./together.ts";

const utf8 = new TextEncoder();

/** Variables that a shell does not let anybody set. */
const SHELLS_OWN = ["IFS", "UID", "EUID", "PPID", "SHELLOPTS", "BASHOPTS"];

const IF = `must be one of ${STEP_IFS.join(", ")}, also as ${STEP_IFS.map((one) => `${one}()`).join(", ")}`;
const TOKEN_HOST =
  'must be a host alone, with its port and "http://" in front where it has them: git.example.com, git.example.com:8443, http://10.0.0.5:3000; of a name with other letters than ASCII\'s what DNS has, xn--…';
const DEPTH = `must be a whole number from 0, which is all of the history, to ${limits.CHECKOUT_DEPTH_MAX}`;

/** Text without NUL bytes, which end it for every program. */
function text(maxChars: number) {
  return z
    .string()
    .min(1)
    .max(maxChars)
    .refine((value) => !value.includes("\0"), "can not contain a NUL byte");
}

function checkedLine(maxChars: number, complaintOf: (value: string) => string | null) {
  return lineField(maxChars)
    .min(1)
    .superRefine((value, context) => {
      const complaint = value === "" ? null : complaintOf(value);
      if (complaint !== null) context.addIssue({ code: "custom", message: complaint });
    });
}

const folder = text(limits.FILE_PATH_MAX_CHARS).refine(
  (path) => !/[\n\r]/.test(path),
  "can not contain line ends",
);

const checkoutFields = z
  .strictObject({
    repository: checkedLine(limits.REPOSITORY_MAX_CHARS, repositoryComplaint).optional().openapi({
      description:
        "where it is cloned from: https://, http://, ssh:// or git@host:path. Left out, it is that of the change whose hook starts the run",
      example: "https://github.com/acme/site",
    }),
    ref: checkedLine(limits.REF_MAX_CHARS, refComplaint).optional().openapi({
      description:
        "a commit's whole id, a branch, a tag or a full ref. Left out, it is the change's commit; without a change the repository's default branch",
      example: "main",
    }),
    path: folder.default(CHECKOUT_PATH).openapi({
      description:
        "the folder that it goes to, which steps are run in; absolute, or relative to the image's working directory",
    }),
    depth: z.int(DEPTH).min(0, DEPTH).max(limits.CHECKOUT_DEPTH_MAX, DEPTH).default(1).openapi({
      description: "how many commits of the history come with it; 0 for all",
    }),
    submodules: z
      .literal([true, false, "recursive"], 'must be true, false or "recursive"')
      .default(false)
      .openapi({ description: "whether submodules come with it; recursive: also those in submodules" }),
    token: secretNameField.optional().openapi({
      description:
        "a secret with a token for the repository's host, for http and https. Where a delivery says which repository, it is given to the public host of the hook's source (github.com, gitlab.com, bitbucket.org) and to token_hosts alone",
      example: "GITHUB_TOKEN",
    }),
    token_hosts: z
      .array(
        checkedLine(limits.REPOSITORY_MAX_CHARS, (host) => (namedOrigin(host) === null ? TOKEN_HOST : null)),
      )
      .min(1, "can not be empty; leave it out where there is no such host")
      .max(limits.CHECKOUT_TOKEN_HOSTS_MAX)
      .optional()
      .openapi({
        description:
          "hosts whose repositories are asked for with the token, too, where a delivery names them: with their port, and http:// in front where it is not https. Not needed where repository is written here",
        example: ["git.example.com", "http://10.0.0.5:3000"],
      }),
    deploy_key: secretNameField.optional().openapi({
      description: "a secret with a private key, for ssh",
      example: "DEPLOY_KEY",
    }),
  })
  .openapi("Checkout");

const checkoutField = z
  .union([z.literal(true), checkoutFields], {
    error: (issue) =>
      typeof issue.input === "object" && issue.input !== null
        ? undefined
        : "must be true, or an object that says what",
  })
  .openapi({
    description:
      "a git repository that is brought in before command, script or steps. true: at the commit whose hook starts the run. The image needs git.",
  });

const stepSchema = z
  .strictObject({
    name: lineField(limits.NAME_MAX_CHARS).min(1).openapi({ example: "test" }),
    run: z
      .string()
      .refine((script) => script.trim() !== "", "can not be empty")
      .refine((script) => !script.includes("\0"), "can not contain a NUL byte")
      .openapi({
        description: "a text run by sh -e: the first command in it that fails ends it",
        example: "npm ci\nnpm test\n",
      }),
    if: z
      .string(IF)
      .regex(/^(?:success|failure|always)(?:\(\))?$/, IF)
      .default("success")
      .openapi({
        description:
          "when it is run. success: no step before it has failed. failure: one has. always: in any case, also, within timeouts.stop, when the run is cancelled or its time is up",
        enum: STEP_IFS.flatMap((one) => [one, `${one}()`]),
      }),
    timeout: durationField("5m", limits.TIMEOUT_MIN_MS, limits.RUN_TIMEOUT_MAX_MS)
      .optional()
      .openapi({
        description: `how long it may take, from ${formatDuration(limits.TIMEOUT_MIN_MS)} to ${formatDuration(limits.RUN_TIMEOUT_MAX_MS)}; then it is told to stop, has timeouts.stop for that, and has failed`,
      }),
    env: z
      .record(
        z
          .string()
          .regex(
            /^[A-Za-z_][A-Za-z0-9_]*$/,
            "must be a name that a shell can hold: letters, digits and _, not starting with a digit",
          )
          .refine((name) => !SHELLS_OWN.includes(name), `can not be one of ${SHELLS_OWN.join(", ")}`)
          .refine((name) => !name.startsWith("MAYFLY_"), "can not start with MAYFLY_, which is Mayfly's own"),
        z
          .string()
          .refine((value) => !value.includes("\0"), "a value can not contain a NUL byte")
          .refine(
            (value) => utf8.encode(value).byteLength <= limits.ENV_VALUE_MAX_BYTES,
            `a value can be at most ${limits.ENV_VALUE_MAX_BYTES} bytes`,
          ),
      )
      .refine(...atMostNames(limits.ENV_MAX_COUNT, "names"))
      .default({})
      .openapi({ description: "variables of its own, besides the run's" }),
    working_directory: folder.optional().openapi({
      description:
        "absolute, or relative to the checkout's path; without a checkout, to the image's working directory",
    }),
  })
  .openapi("Step");

/** Fields of the spec, beside one another. */
export const stepSpecFields = {
  checkout: checkoutField.optional(),
  steps: z.array(stepSchema).min(1, "needs a step at least").max(limits.STEPS_MAX_COUNT).optional().openapi({
    description:
      "what is run one after the other in place of command or script, each with its own section of the output, its time and its exit code. The run fails with the code of the first that fails.",
  }),
};

const stepFields = z.object(stepSpecFields);
type StepFields = z.output<typeof stepFields>;
type Rest = { command?: string[] | undefined; script?: string | undefined; capture: "output" | "none" };

/**
 * What of these fields does not go together.
 * @param areRight of fields of the spec, whether they are so by themselves
 */
export function checkStepFields(
  { checkout, steps, ...rest }: StepFields & Rest,
  areRight: (...fields: (PropertyKey | PropertyKey[])[]) => boolean,
  complain: (path: PropertyKey[], message: string) => void,
): void {
  if (steps !== undefined)
    for (const other of ["command", "script"] as const)
      if (rest[other] !== undefined) complain([other], "does not go with steps; give one of them");
  for (const [field, value] of Object.entries({ checkout, steps }))
    if (value !== undefined && rest.capture === "none")
      complain([field], 'needs capture "output"; with "none" the image runs as it is');
  if (Array.isArray(steps)) checkSteps(steps, checkout !== undefined, areRight, complain);
  if (checkout === undefined || checkout === true || !areRight("checkout")) return;
  if (checkout.repository === undefined) {
    if (checkout.deploy_key !== undefined)
      complain(
        ["checkout", "deploy_key"],
        "needs repository beside it, as ssh://host/path or git@host:path: a delivery names its repository by https",
      );
    return;
  }
  const isSsh = !/^https?:/i.test(checkout.repository);
  if (checkout.token !== undefined && isSsh)
    complain(["checkout", "token"], "is for a repository by https; give deploy_key for ssh");
  if (checkout.deploy_key !== undefined && !isSsh)
    complain(["checkout", "deploy_key"], "is for a repository by ssh; give token for https");
}

function checkSteps(
  steps: NonNullable<StepFields["steps"]>,
  hasCheckout: boolean,
  areRight: (...fields: (PropertyKey | PropertyKey[])[]) => boolean,
  complain: (path: PropertyKey[], message: string) => void,
): void {
  const names = new Set<string>();
  let bytes = 0;
  for (const [index, step] of steps.entries()) {
    if (!areRight(["steps", index])) continue;
    const { name, run } = step;
    bytes += utf8.encode(run).byteLength;
    if (hasCheckout && name === CHECKOUT_STEP)
      complain(["steps", index, "name"], "is the name of the step that checks out; take another");
    else if (names.has(name)) complain(["steps", index, "name"], "is named twice");
    names.add(name);
  }
  if (bytes > limits.SCRIPT_MAX_BYTES)
    complain(["steps"], `can be at most ${limits.SCRIPT_MAX_BYTES} bytes together`);
}

/** The checked fields as the core keeps them. */
export function toStepSpec({ checkout, steps }: StepFields): Pick<RunSpec, "checkout" | "steps"> {
  return { checkout: checkout === undefined ? null : toCheckout(checkout), steps: (steps ?? []).map(toStep) };
}

function toCheckout(given: NonNullable<StepFields["checkout"]>): Checkout {
  const { repository, ref, path, depth, submodules, token, token_hosts, deploy_key } =
    given === true ? checkoutFields.parse({}) : given;
  return {
    repository: repository === undefined ? null : writtenRepository(repository),
    ref: ref ?? null,
    path,
    depth,
    submodules: submodules === true ? "top" : submodules === false ? "none" : submodules,
    token: token ?? null,
    ...(token_hosts && { tokenHosts: token_hosts }),
    deployKey: deploy_key ?? null,
  };
}

function toStep({
  name,
  run,
  timeout,
  env,
  working_directory,
  ...step
}: NonNullable<StepFields["steps"]>[number]): StepSpec {
  return {
    name,
    run,
    if: step.if.replace("()", "") as StepIf,
    timeoutMs: timeout === undefined ? null : durationMs(timeout),
    env,
    workingDirectory: working_directory ?? null,
  };
}

/** As answers have them. */
export const checkoutBodySchema = checkoutFields.openapi("RunCheckout");
export const stepBodySchema = stepSchema.openapi("RunStep");

/** What a checkout lacks that nobody is there to say: the field's path and a sentence; null where it lacks nothing. */
export function checkoutComplaint({
  checkout,
}: Pick<RunSpec, "checkout">): { path: string; message: string } | null {
  if (checkout === null || checkout.repository !== null) return null;
  return {
    path: "checkout.repository",
    message:
      'is needed: no hook starts this run, so nothing else says what to check out; give {"repository": …, "ref": …}',
  };
}
