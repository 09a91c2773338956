import { describe, expect, it } from "vitest";
import type { WireMachine } from "../../../src/fly/wire.ts";
import { readDocument } from "../../../src/fly-local/flyctl/selection.ts";
import { LIVES, machines, serve } from "../support.ts";

interface Answer {
  // biome-ignore lint/suspicious/noExplicitAny: whatever was asked for
  data: any;
  errors?: { message: string }[];
}

describe("what flyctl asks beside the Machines API", async () => {
  const fly = await serve({ isolation: "process", strictApps: true });
  await fly.call("POST", "/v1/apps", { name: "test", org_slug: "personal" });
  const machine = await fly.create(LIVES, {}, { name: "job" });
  const ask = async (query: string, variables: object = {}) =>
    (await fly.call<Answer>("POST", "/graphql", { query, variables })).body;

  it("the app, before machine run and destroy (fly-go, GetAppCompact)", async () => {
    const query = `query ($appName: String!) { appcompact:app(name: $appName) {
      id internalNumericId name hostname cnameTarget deployed network status appUrl platformVersion
      organization { id internalNumericId slug paidPlan } postgresAppRole: role { name } } }`;
    const { data, errors } = await ask(query, { appName: "test" });
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      appcompact: {
        id: "test",
        internalNumericId: expect.any(Number),
        name: "test",
        hostname: "test.localhost",
        cnameTarget: "",
        deployed: true,
        network: "default",
        status: "deployed",
        appUrl: "",
        platformVersion: "machines",
        organization: {
          id: "local",
          internalNumericId: expect.stringMatching(/^\d+$/),
          slug: "local",
          paidPlan: true,
        },
        postgresAppRole: null,
      },
    });
  });

  it("the app's network, and what an image is (GetAppNetwork, ResolveImageForApp)", async () => {
    const network = await ask("query ($appName: String!) { app(name: $appName) { network } }", {
      appName: "test",
    });
    expect(network.data).toEqual({ app: { network: "default" } });
    const query = `query ($appName: String!, $imageRef: String!) { app(name: $appName) { id
      image(ref: $imageRef) { id digest ref compressedSize: compressedSizeFull } } }`;
    const image = await ask(query, { appName: "test", imageRef: "alpine:3" });
    expect(image.data.app.image).toEqual({
      id: expect.stringMatching(/^sha256:/),
      digest: expect.stringMatching(/^sha256:/),
      ref: "alpine:3",
      compressedSize: "0",
    });
  });

  it("which app a machine is of, where none was named", async () => {
    const query = `query($machineId: String!) { gqlmachine: machine(machineId: $machineId) {
      id name app { name organization { id slug } } } }`;
    expect((await ask(query, { machineId: machine.id })).data).toEqual({
      gqlmachine: {
        id: machine.id,
        name: "job",
        app: { name: "test", organization: { id: "local", slug: "local" } },
      },
    });
    expect((await ask(query, { machineId: "none" })).errors?.[0]?.message).toContain(
      "Could not find Machine",
    );
  });

  it("an app that is not there, whose words make flyctl create it", async () => {
    const { data, errors } = await ask('{ app(name: "nowhere") { id } }');
    expect(data).toBeNull();
    expect(errors).toEqual([{ message: 'Could not find App "nowhere"', extensions: { code: "NOT_FOUND" } }]);
  });

  it("with fragments, aliases, directives and comments, as generated clients write", async () => {
    const query = `# of an app
      query GetApp ($name: String = "x", $yes: Boolean!) @cached(for: [1, 2]) {
        one: app(name: $name) { ...AppData, ... on App { machines(first: 10) { nodes { state } } } ... @include(if: $yes) { id } }
      }
      fragment AppData on App { name organization { ...OrgData } }
      fragment OrgData on Organization { slug nothing }`;
    expect((await ask(query, { name: "test", yes: true })).data).toEqual({
      one: {
        name: "test",
        organization: { slug: "local", nothing: null },
        machines: { nodes: [{ state: expect.any(String) }] },
        id: "test",
      },
    });
  });

  it.each([
    ["mutation { createApp(input: {}) { app { id } } }", 'unimplemented: the mutation "createApp"'],
    ["subscription { news }", 'unimplemented: the subscription "news"'],
    ["{ addOns { nodes { id } } }", 'unimplemented: the query "addOns"'],
    ["{ app(name: ", "the document can not be read: the document ends early"],
    ["{ app { ...Missing } }", 'there is no fragment "Missing"'],
    ["{ app { ...A } } fragment A on App { ...A }", "too deep"],
    [
      `{ app { ...F0 } } ${Array.from({ length: 40 }, (_, n) => `fragment F${n} on App { ...F${n + 1} ...F${n + 1} } `).join("")} fragment F40 on App { id }`,
      "more than 10000 fields",
    ],
    ["", "there is no operation"],
    ["{ ? }", "is not expected"],
    ["{ constructor }", 'unimplemented: the query "constructor"'],
  ])("refuses %s in words", async (query, words) => {
    const { data, errors } = await ask(query);
    expect(data).toBeNull();
    expect(errors?.[0]?.message).toContain(words);
  });

  it("secrets, the way fly-admin sets and unsets them", async () => {
    const names = async () =>
      (await fly.call<{ secrets: { name: string }[] }>("GET", "/v1/apps/test/secrets")).body.secrets.map(
        ({ name }) => name,
      );
    const set = (input: object) =>
      ask("mutation($input: SetSecretsInput!) { setSecrets(input: $input) { release { id version } } }", {
        input,
      });
    const unset = (input: object) =>
      ask("mutation($input: UnsetSecretsInput!) { unsetSecrets(input: $input) { release { id } } }", {
        input,
      });
    const secrets = [
      { key: "A", value: "1" },
      { key: "B", value: "2" },
    ];
    expect(await set({ appId: "test", secrets })).toEqual({ data: { setSecrets: { release: null } } });
    expect(await names()).toEqual(["A", "B"]);
    await set({ appId: "test", secrets: [{ key: "C", value: "3" }], replaceAll: true });
    expect(await names()).toEqual(["C"]);
    await unset({ appId: "test", keys: ["C", "D"] });
    expect(await names()).toEqual([]);
    const bad = await set({ appId: "test", secrets: [{ key: "1 2", value: "3" }] });
    expect(bad.errors?.[0]?.message).toContain('"1 2" can not name a secret');
    expect((await set({ appId: "none", secrets })).errors?.[0]?.message).toBe('Could not find App "none"');
  });

  it("refuses what is no question with 400", async () => {
    for (const body of [{}, { query: 7 }, "no json"])
      expect((await fly.call("POST", "/graphql", body)).status).toBe(400);
  });

  it("the organization and builds of its second API", async () => {
    const local = { slug: "local", raw_slug: "local", billing_status: "CURRENT", paid_plan: true };
    expect((await fly.call("GET", "/api/v1/organizations/personal")).body).toMatchObject({
      organization: local,
    });
    expect((await fly.call("GET", "/api/v1/organizations?admin=false")).body).toMatchObject({
      organizations: [local],
    });
    expect((await fly.call("POST", "/api/v1/builds", { app_name: "test" })).body).toMatchObject({ id: 0 });
    expect((await fly.call("POST", "/api/v1/builds/finish", { build_id: 0 })).status).toBe(200);
    const app = (await fly.call<{ organization: object }>("GET", "/v1/apps/test")).body;
    expect(app.organization).toMatchObject({ slug: "local", internal_numeric_id: expect.any(Number) });
    expect((await fly.call<WireMachine>("DELETE", `${machines}/${machine.id}?force=true`)).status).toBe(200);
  });
});

describe("a GraphQL document", () => {
  it("is read with the values of its arguments", () => {
    const { fields } = readDocument(
      '{ a(s: "x\\"y", n: -1.5, t: true, z: null, e: RED, l: [1], v: $v) { b } c }',
      { v: 7 },
    );
    expect(fields).toMatchObject([
      {
        name: "a",
        args: { s: 'x"y', n: -1.5, t: true, z: null, e: "RED", l: null, v: 7 },
        fields: [{ name: "b" }],
      },
      { name: "c", args: {}, fields: [] },
    ]);
  });
});
