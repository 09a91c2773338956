import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { ConfigError, type Env, readConfig } from "../../src/worker/env.ts";

const read = (change: Partial<Env>) => readConfig({ ...env, ...change });

describe("what is set for webhooks", () => {
  it("is public targets alone, no look-ups and no links unless it says otherwise", () => {
    const { WEBHOOK_PRIVATE_TARGETS: _a, DNS_OVER_HTTPS_URL: _b, PUBLIC_URL: _c, ...unset } = env;
    const nothing = { allowsPrivate: false, dnsOverHttpsUrl: null, publicUrl: null };
    expect(readConfig(unset as Env).webhooks).toEqual(nothing);
    const all = {
      WEBHOOK_PRIVATE_TARGETS: "allow",
      DNS_OVER_HTTPS_URL: "https://dns.example/resolve",
      PUBLIC_URL: "https://mayfly.example/",
    };
    expect(read(all).webhooks).toEqual({
      allowsPrivate: true,
      dnsOverHttpsUrl: "https://dns.example/resolve",
      publicUrl: "https://mayfly.example",
    });
  });

  it.each<[Partial<Env>, string]>([
    [{ WEBHOOK_PRIVATE_TARGETS: "yes" }, 'WEBHOOK_PRIVATE_TARGETS is "yes"; possible are "allow"'],
    [{ DNS_OVER_HTTPS_URL: "1.1.1.1" }, 'DNS_OVER_HTTPS_URL is "1.1.1.1", which is no http or https URL'],
    [{ PUBLIC_URL: "mayfly.example" }, 'PUBLIC_URL is "mayfly.example", which is no http or https URL'],
  ])("is refused with a sentence where it is wrong: %o", (change, message) => {
    expect(() => read(change)).toThrow(message);
  });
});

describe("the apps and their pace", () => {
  it("are read as they are written, in order", () => {
    expect(read({ FLY_APPS: " runs-1, runs-2 ,runs-3", LAUNCHES_PER_SECOND: "0.5" }).launches).toEqual({
      apps: ["runs-1", "runs-2", "runs-3"],
      perSecond: 0.5,
    });
  });

  it("have one app and Fly's pace as a deployment begins with", () => {
    const { LAUNCHES_PER_SECOND: _, ...unset } = env;
    expect(readConfig(unset as Env).launches).toEqual({ apps: ["mayfly-runs"], perSecond: 1 });
    expect(read({ LAUNCHES_PER_SECOND: "0" }).launches.perSecond).toBe(0);
  });

  const many = Array.from({ length: 21 }, (_, index) => `app-${index}`).join(",");
  it.each<[Partial<Env>, string]>([
    [{ FLY_APPS: "" }, "FLY_APPS is not set"],
    [{ FLY_APPS: "a,,b" }, 'FLY_APPS names "", which is no name of an app'],
    [{ FLY_APPS: "a,B_c" }, 'FLY_APPS names "B_c", which is no name of an app'],
    [{ FLY_APPS: "a/../b" }, "lowercase letters, digits and dashes"],
    [{ FLY_APPS: "a,b,a" }, 'FLY_APPS names "a" twice'],
    [{ FLY_APPS: many }, "FLY_APPS names 21 apps; possible are 20"],
    [{ FLY_APP: "mine" }, 'FLY_APP is not read any more: put "mine" first in FLY_APPS'],
    [{ LAUNCHES_PER_SECOND: "" }, 'LAUNCHES_PER_SECOND is ""'],
    [{ LAUNCHES_PER_SECOND: "fast" }, 'LAUNCHES_PER_SECOND is "fast"; possible are 0'],
    [{ LAUNCHES_PER_SECOND: "-1" }, 'LAUNCHES_PER_SECOND is "-1"'],
    [{ LAUNCHES_PER_SECOND: "0.01" }, "0.1 to 10"],
    [{ LAUNCHES_PER_SECOND: "11" }, "0.1 to 10"],
  ])("are refused with a sentence where they are wrong: %o", (change, message) => {
    expect(() => read(change)).toThrow(ConfigError);
    expect(() => read(change)).toThrow(message);
  });
});
