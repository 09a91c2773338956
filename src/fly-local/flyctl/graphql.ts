/**
 * As much of Fly's GraphQL API as flyctl asks for on its way to machine run, destroy, status and logs (fly-go resource_apps.go,
 * flyctl gql/): apps, Machines, the organization, and what image a name means. Everything else is refused by name.
 */

import type { ApiParts } from "../app.ts";
import { ApiError } from "../error.ts";
import { imageRef } from "../machines/image.ts";
import type { Machine } from "../machines/machine.ts";
import { type App, numericId, ORGANIZATION } from "../platform/apps.ts";
import { checkSecret } from "../platform/secrets.ts";
import { type Resolved, type Resolver, readDocument, selected } from "./selection.ts";

interface Answer {
  data: Record<string, unknown> | null;
  errors?: { message: string; extensions?: { code: string } }[];
}

/** Answers a document. What goes wrong is in the answer, as GraphQL has it. */
export function answerGraphql(
  query: string,
  variables: Readonly<Record<string, unknown>>,
  parts: ApiParts,
): Answer {
  try {
    const { kind, fields } = readDocument(query, variables);
    const root = kind === "query" ? queries(parts) : kind === "mutation" ? mutations(parts) : {};
    const unknown = fields.find(({ name }) => !Object.hasOwn(root, name));
    if (unknown !== undefined)
      return refused(`unimplemented: the ${kind} "${unknown.name}" is not part of this local server`);
    return { data: selected(root, fields) as Record<string, unknown> };
  } catch (error) {
    // The text that flyctl makes an app on is the one that the Machines API has, too.
    if (error instanceof ApiError)
      return refused(error.message, error.status === 404 ? "NOT_FOUND" : undefined);
    if (error instanceof SyntaxError) return refused(`the document can not be read: ${error.message}`);
    throw error;
  }
}

function refused(message: string, code?: string): Answer {
  return { data: null, errors: [{ message, ...(code !== undefined && { extensions: { code } }) }] };
}

function queries(parts: ApiParts): { readonly [name: string]: Resolver } {
  const { apps } = parts.platform;
  const slugOf = (value: unknown) => (value === "personal" ? ORGANIZATION : String(value ?? ORGANIZATION));
  return {
    app: ({ name }) => appOf(apps.get(String(name)), parts),
    apps: () => ({
      nodes: apps.list(ORGANIZATION).map((app) => appOf(app, parts)),
      pageInfo: { hasNextPage: false, endCursor: "" },
    }),
    appNameAvailable: ({ name }) => !apps.list(ORGANIZATION).some((app) => app.name === name),
    machine: ({ machineId, id }) => {
      const wanted = machineId ?? id;
      const machine = parts.host.registry.undestroyed(null).find((each) => each.id === wanted);
      if (machine === undefined) throw new ApiError(404, `Could not find Machine "${wanted}"`);
      return machineOf(machine, parts);
    },
    organization: ({ slug }) => organizationOf(slugOf(slug)),
    personalOrganization: () => organizationOf(ORGANIZATION),
    organizations: () => ({ nodes: [organizationOf(ORGANIZATION)] }),
    viewer: () => ({
      id: "local",
      email: "local@localhost",
      personalOrganization: organizationOf(ORGANIZATION),
    }),
    platform: () => ({
      requestRegion: parts.region,
      regions: [
        {
          code: parts.region,
          name: "this computer",
          latitude: 0,
          longitude: 0,
          gatewayAvailable: false,
          requiresPaidPlan: false,
        },
      ],
    }),
    latestImageDetails: ({ image }) => {
      const { registry, repository, tag, digest } = imageRef(String(image));
      return { registry, repository, tag, digest, version: null };
    },
  };
}

/** Secrets, which npm fly-admin sets this way (supabase/fly-admin, src/lib/secret.ts). There are no releases here. */
function mutations({ platform }: ApiParts): { readonly [name: string]: Resolver } {
  const set = (given: unknown, valuesOf: (input: Record<string, unknown>) => [string, unknown][]) => {
    const input = (given ?? {}) as Record<string, unknown>;
    const app = String(input.appId);
    platform.apps.get(app);
    const values = new Map(valuesOf(input));
    for (const [name, value] of values) if (value !== null) checkSecret(name, value);
    platform.apps.use(app);
    platform.secrets.set(app, values as Map<string, string | null>);
    return { release: null };
  };
  const held = (app: unknown) => platform.secrets.list(String(app)).map(({ name }) => name);
  return {
    setSecrets: ({ input }) =>
      set(input, ({ appId, secrets, replaceAll }) => [
        ...(replaceAll === true ? held(appId) : []).map((name): [string, null] => [name, null]),
        ...listOf(secrets).map((each): [string, unknown] => [String(each.key), each.value ?? ""]),
      ]),
    unsetSecrets: ({ input }) =>
      set(input, ({ keys }) => (Array.isArray(keys) ? keys : []).map((key) => [String(key), null])),
  };
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map((each) => (each ?? {}) as Record<string, unknown>) : [];
}

function appOf(app: App, parts: ApiParts): Resolved {
  const machines = parts.host.registry.undestroyed(app.name);
  return {
    id: app.name,
    internalNumericId: numericId(app.name),
    name: app.name,
    hostname: `${app.name}.localhost`,
    cnameTarget: "",
    deployed: machines.length > 0,
    status: machines.length > 0 ? "deployed" : "pending",
    network: app.network,
    appUrl: "",
    platformVersion: "machines",
    organization: organizationOf(app.organization),
    role: null,
    image: ({ ref }) => imageOf(String(ref)),
    machines: () => ({ nodes: machines.map((machine) => machineOf(machine, parts)) }),
    ipAddresses: { nodes: [] },
    currentRelease: null,
    currentReleaseUnprocessed: null,
  };
}

function machineOf(machine: Machine, parts: ApiParts): Resolved {
  return {
    id: machine.id,
    name: machine.name,
    state: machine.state,
    region: machine.region,
    instanceId: machine.instanceId,
    createdAt: new Date(machine.createdAt).toISOString(),
    app: () => appOf(parts.platform.apps.get(machine.app), parts),
  };
}

/** @param slug of an organization, all of which are the user's own */
function organizationOf(slug: string): { readonly [name: string]: Resolver } {
  return {
    id: slug,
    internalNumericId: String(numericId(slug)),
    slug,
    rawSlug: slug,
    name: slug,
    type: "PERSONAL",
    paidPlan: true,
    billable: true,
    viewerRole: "admin",
  };
}

/** Names are taken as they are: whether there is such an image shows when a Machine is made of it. */
function imageOf(ref: string): Resolved {
  const { digest } = imageRef(ref);
  return { id: digest, ref, digest, compressedSize: "0", compressedSizeFull: "0" };
}
