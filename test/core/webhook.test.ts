import { describe, expect, it } from "vitest";
import { newNotificationId } from "../../src/core/id.ts";
import { matchesName } from "../../src/core/webhook/name-pattern.ts";
import { readSender } from "../../src/core/webhook/sender.ts";
import { addressComplaint } from "../../src/core/webhook/target.ts";
import { targetName } from "../../src/core/webhook/target-name.ts";
import type { WebhookSpec } from "../../src/core/webhook/webhook.ts";
import { readTarget } from "../../src/outgoing/target.ts";
import { seededRandom } from "../support/seeded-random.ts";

const PUBLIC = { allowsPrivate: false };

describe("a webhook's URL is refused where it leads to what is not public, however it is spelt", () => {
  it.each([
    // Loopback, in each way that a host can be written (WHATWG URL Standard, host parsing).
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "127.000.000.001",
    "①②⑦.⓪.⓪.①",
    "１２７.0.0.1",
    "127。0。0。1",
    "%31%32%37.0.0.1",
    "0",
    "0.0.0.0",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "ｌｏｃａｌｈｏｓｔ",
    // Private, link-local, shared and reserved ones.
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "3232235777",
    "169.254.169.254",
    "0xa9fea9fe",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "168.63.129.16",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    // IPv6, and IPv4 in it.
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:0:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::a00:1]",
    "[2002:7f00:1::]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fdaa:0:1::3]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[100::1]",
    "[4000::1]",
    // Names that no public resolver has to know.
    "metadata",
    "metadata.google.internal",
    "metadata.google.internal.",
    "top1.nearest.of.app.internal",
    "app.flycast",
    "printer.local",
    "router.lan",
    "x.home.arpa",
    "x.test",
    "kubernetes",
    "kubernetes.default.svc",
    "kubernetes.default.svc.",
    "kubernetes.default.svc.cluster.local",
    "vault.service.consul",
    "a..b",
  ])("https://%s/", (host) => {
    expect(readTarget(`https://${host}/hear`, PUBLIC)).toEqual({ complaint: expect.any(String) });
    expect(readTarget(`https://${host}:8443/hear`, PUBLIC)).toEqual({ complaint: expect.any(String) });
  });

  it.each([
    "http://example.com/",
    "ftp://example.com/",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "//example.com/",
    "example.com",
    "https://",
    "https://user@example.com/",
    "https://example.com:70000/",
    "https://[fe80::1%25eth0]/",
    `https://example.com/${"a".repeat(3000)}`,
  ])("and so is %s", (url) => {
    expect(readTarget(url, PUBLIC)).toEqual({ complaint: expect.any(String) });
  });

  it.each([
    "https://example.com/",
    "https://hooks.slack.com/services/T0/B0/x",
    "https://8.8.8.8/",
    "https://[2606:4700:4700::1111]:8443/",
    "https://münchen.example.com/",
    "https://localhost.example.com/",
    "https://internal.example.com/",
  ])("%s is taken", (url) => {
    expect(readTarget(url, PUBLIC)).toEqual({ url: new URL(url) });
  });

  it("on one's own computer private ones are taken, also by http, and no others than those", () => {
    const own = { allowsPrivate: true };
    for (const url of ["http://127.0.0.1:9000/x", "http://localhost/", "https://[::1]/", "http://10.0.0.1/"])
      expect(readTarget(url, own)).toEqual({ url: new URL(url) });
    for (const url of ["ftp://127.0.0.1/", "http://a:b@127.0.0.1/", "x"])
      expect(readTarget(url, own)).toEqual({ complaint: expect.any(String) });
  });

  it("no address of 20,000 by chance passes that is in a block which is not public", () => {
    const random = seededRandom(7);
    const byte = () => Math.floor(random() * 256);
    for (let count = 0; count < 20_000; count++) {
      const [a, b, c, d] = [byte(), byte(), byte(), byte()];
      const isSpecial =
        [0, 10, 127].includes(a) ||
        a >= 224 ||
        (a === 172 && b >= 16 && b < 32) ||
        (a === 192 && b === 168) ||
        (a === 169 && b === 254) ||
        (a === 100 && b >= 64 && b < 128);
      if (isSpecial) expect(addressComplaint(`${a}.${b}.${c}.${d}`)).not.toBeNull();
    }
  });
});

it("ids of notifications of one moment are in the order in which they were made", () => {
  const random = new Uint8Array(16).fill(31);
  random[0] = 7;
  const first = newNotificationId(1000, random, "");
  const ids = [first];
  for (let made = 0; made < 40; made++) ids.push(newNotificationId(1000, random, ids.at(-1) ?? ""));
  expect(ids).toEqual([...new Set(ids)].toSorted());
  expect(ids.every((id) => /^msg_[0-9a-hjkmnp-tv-z]{26}$/.test(id))).toBe(true);
  expect(newNotificationId(1001, random, first)).toBe(newNotificationId(1001, random, ""));
  const last = `${first.slice(0, -16)}${"z".repeat(16)}`;
  expect(newNotificationId(1000, random, last)).toBe(first);
});

it.each([
  ["ci@x.example", { name: null, address: "ci@x.example" }],
  ["CI <ci@x.example>", { name: "CI", address: "ci@x.example" }],
  ["Zoë's build-bot no. 2<ci@x.example>", { name: "Zoë's build-bot no. 2", address: "ci@x.example" }],
  ["<ci@x.example>", null],
  ["CI", null],
  ["CI <>", null],
  ["CI <a@b.c> <d@e.f>", null],
  ["a@b.c, CI <d@e.f>", null],
  ["CI\r\nBcc: eve <a@b.c>", null],
  ["CI <a@b.c\n>", null],
  ["CI <a@b.c>\n", null],
  [`${"x".repeat(101)} <a@b.c>`, null],
])("%j as the sender of an e-mail is read as %j", (text, sender) => {
  expect(readSender(text)).toEqual(sender);
});

it("a webhook is named to others by what lets nobody in", () => {
  const named = (of: Partial<WebhookSpec>) =>
    targetName({
      kind: "standard",
      url: "https://x.example/token?key=1",
      email: null,
      description: null,
      ...of,
    });
  expect(named({})).toBe("x.example");
  expect(named({ description: "the chat" })).toBe("x.example (the chat)");
  expect(named({ kind: "slack", url: "https://hooks.slack.com/…wxyz" })).toBe(
    "https://hooks.slack.com/…wxyz",
  );
  const to = ["a@x.example", "b@x.example", "c@x.example", "d@x.example"];
  const email = { provider: "resend" as const, from: "m@x.example", to, secret: "KEY" };
  expect(named({ kind: "email", email })).toBe("a@x.example, b@x.example, c@x.example and 1 more");
});

describe("a pattern of names", () => {
  it.each([
    ["deploy", "deploy", true],
    ["deploy", "deploys", false],
    ["deploy-*", "deploy-", true],
    ["deploy-*", "deploy", false],
    ["*", "", true],
    ["*-a-*", "x-a-y", true],
    ["*-a-*", "x-b-y", false],
    ["a*b*c", "aXbXbXc", true],
    ["a*b*c", "aXbXbX", false],
    ["**a", "bba", true],
  ])("%s and %s: %s", (pattern, name, fits) => {
    expect(matchesName(pattern, name)).toBe(fits);
  });

  it("takes no longer for being evil", () => {
    const began = performance.now();
    expect(matchesName(`${"*a".repeat(30)}b`, "a".repeat(63))).toBe(false);
    for (let times = 0; times < 1000; times++) matchesName(`${"*a".repeat(30)}*b`, "a".repeat(63));
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it("says the same as a regular expression of it", () => {
    const random = seededRandom(3);
    const text = (letters: string, most: number) =>
      Array.from(
        { length: Math.floor(random() * most) },
        () => letters[Math.floor(random() * letters.length)],
      ).join("");
    for (let count = 0; count < 5000; count++) {
      const [pattern, name] = [text("ab*", 7), text("ab", 9)];
      const expected = new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(name);
      expect([pattern, name, matchesName(pattern, name)]).toEqual([pattern, name, expected]);
    }
  });
});
