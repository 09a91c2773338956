import { sign } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import type { HookOptions, HookSource } from "../../src/core/hook/spec.ts";
import { HOOK_TIME_TOLERANCE_S } from "../../src/core/limits.ts";
import { verify } from "../../src/hooks/verify.ts";

const PLAIN: HookOptions = { signature: null, dedupe: null };
const SECRET = "It's a Secret to Everybody";
const NOW_S = 1_614_265_330;
const utf8 = new TextEncoder();

type Signed = {
  source: HookSource;
  headers: Record<string, string>;
  body: string;
  secret: string;
  atS?: number;
};

function isVerified(
  { source, headers, body, secret, atS = NOW_S }: Signed,
  { options = PLAIN, secrets = [secret] }: { options?: HookOptions; secrets?: string[] } = {},
): Promise<boolean> {
  return verify(source, options, new Headers(headers), utf8.encode(body), secrets, atS * 1000);
}

/** What the senders' own documents show, word for word. */
const SHOWN: Record<string, Signed> = {
  "GitHub's": {
    source: "github",
    headers: {
      "X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    },
    body: "Hello, World!",
    secret: SECRET,
  },
  "Bitbucket's": {
    source: "bitbucket",
    headers: { "X-Hub-Signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9" },
    body: "Hello World!",
    secret: SECRET,
  },
  "Standard Webhooks'": {
    source: "standard",
    headers: {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    body: '{"test": 2432232314}',
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  },
};

/** Signed here by somebody else's HMAC, as each sender's document says. */
async function signedBy(source: HookSource, secret: string, body: string, atS = NOW_S): Promise<Signed> {
  const hex = async (text: string) => (await sign(secret, text)).slice("sha256=".length);
  // A secret is base64 of a key, or else the key itself.
  const isBase64 = /^[\w+/=]+$/.test(secret);
  const standard = () => {
    const webhook = isBase64 ? new Webhook(secret) : new Webhook(secret, { format: "raw" });
    return {
      "webhook-id": "msg_1",
      "webhook-timestamp": String(atS),
      "webhook-signature": webhook.sign("msg_1", new Date(atS * 1000), body),
    };
  };
  const headers: Record<HookSource, () => Promise<Record<string, string>> | Record<string, string>> = {
    github: async () => ({ "x-hub-signature-256": await sign(secret, body) }),
    gitea: async () => ({ "x-gitea-signature": await hex(body) }),
    bitbucket: async () => ({ "x-hub-signature": await sign(secret, body) }),
    stripe: async () => ({ "stripe-signature": `t=${atS},v1=${await hex(`${atS}.${body}`)}` }),
    generic: async () => ({ "x-signature": await hex(body) }),
    gitlab: () => (secret.startsWith("whsec_") ? standard() : { "x-gitlab-token": secret }),
    standard,
  };
  return { source, headers: await headers[source](), body, secret, atS };
}

const SOURCES = ["github", "gitlab", "gitea", "bitbucket", "stripe", "standard", "generic"] as const;
const KEY = "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHQ=";
const OTHER = "whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVyb3Q=";
/** GitLab twice: with a token that it shows, and one that it signs with. */
const CASES: [string, HookSource, string, string][] = [
  ...SOURCES.map((source): [string, HookSource, string, string] => [source, source, KEY, OTHER]),
  ["gitlab with a secret token", "gitlab", "a token", "another"],
];

export function verifies(): void {
  describe("a delivery is verified as its sender signs it", () => {
    it.each(Object.keys(SHOWN))("%s own example is accepted", async (name) => {
      const signed = SHOWN[name] as Signed;
      expect(await isVerified(signed)).toBe(true);
      expect(await isVerified({ ...signed, body: `${signed.body} ` })).toBe(false);
    });

    it.each(CASES)("%s: what it signed is accepted, with bytes of every kind", async (_, source, secret) => {
      for (const body of ["{}", "", '{"ü":"\u{1f600}\\u0000"}', "x".repeat(70_000)]) {
        // This signer takes no empty text.
        if (body === "" && source !== "standard" && source !== "gitlab" && source !== "stripe") continue;
        expect(await isVerified(await signedBy(source, secret, body))).toBe(true);
      }
    });

    it.each(CASES)("%s: nobody else's secret is, and none at all", async (_, source, secret, other) => {
      const signed = await signedBy(source, secret, "{}");
      expect(await isVerified(signed, { secrets: [other] })).toBe(false);
      expect(await isVerified(signed, { secrets: [] })).toBe(false);
      expect(await isVerified(signed, { secrets: [""] })).toBe(false);
      expect(await isVerified(signed, { secrets: [`${secret}x`] })).toBe(false);
      expect(await isVerified({ ...signed, headers: {} })).toBe(false);
      expect(await isVerified({ ...signed, headers: {} }, { secrets: [] })).toBe(false);
    });

    it.each(SOURCES)("%s: what stands in for a secret that is not there is none", async (source) => {
      const signed = await signedBy(source, "nobody has this secret", "{}");
      expect(await isVerified(signed)).toBe(true);
      expect(await isVerified(signed, { secrets: [] })).toBe(false);
      expect(await isVerified(signed, { secrets: ["", ""] })).toBe(false);
    });

    it("of Standard Webhooks one without an id is not, whatever it signs", async () => {
      const { headers, ...signed } = await signedBy("standard", KEY, "{}");
      const time = headers["webhook-timestamp"] as string;
      const signature = new Webhook(KEY).sign("", new Date(Number(time) * 1000), "{}");
      const withoutId = { "webhook-timestamp": time, "webhook-signature": signature };
      expect(await isVerified({ ...signed, headers: withoutId })).toBe(false);
      expect(await isVerified({ ...signed, headers: { ...withoutId, "webhook-id": "" } })).toBe(false);
    });

    it.each(CASES)("%s: while a secret is changed both are", async (_, source, secret, other) => {
      const signed = await signedBy(source, secret, "{}");
      expect(await isVerified(signed, { secrets: [other, secret] })).toBe(true);
      expect(await isVerified(signed, { secrets: [secret, other] })).toBe(true);
    });

    it.each(CASES.filter(([name]) => name !== "gitlab with a secret token"))(
      "%s: a changed body, a changed, cut, longer, empty or doubled signature is not",
      async (_, source, secret) => {
        const signed = await signedBy(source, secret, '{"a":1}');
        expect(await isVerified({ ...signed, body: '{"a":2}' })).toBe(false);
        const header =
          Object.keys(signed.headers).find((each) => each.endsWith("signature")) ?? "x-hub-signature-256";
        const is = signed.headers[header] as string;
        const signature = is.slice(-44);
        const before = is.slice(0, -44);
        for (const wrong of [
          before + signature.replace(/[^=]/g, "A"),
          before + signature.slice(0, -3),
          `${before}${signature}00`,
          before + signature + signature,
          before,
          "",
          "sha256=",
        ])
          expect(
            await isVerified({ ...signed, headers: { ...signed.headers, [header]: wrong } }),
            wrong,
          ).toBe(false);
      },
    );

    it.each(["stripe", "standard", "gitlab"] as const)(
      "%s: at another time than it says it is not",
      async (source) => {
        const signed = await signedBy(source, KEY, "{}");
        for (const [atS, accepted] of [
          [NOW_S + HOOK_TIME_TOLERANCE_S, true],
          [NOW_S - HOOK_TIME_TOLERANCE_S, true],
          [NOW_S + HOOK_TIME_TOLERANCE_S + 1, false],
          [NOW_S - HOOK_TIME_TOLERANCE_S - 1, false],
        ] as const)
          expect(await isVerified({ ...signed, atS })).toBe(accepted);
        const later = (await signedBy(source, KEY, "{}", NOW_S + 1)).headers;
        const time = source === "stripe" ? "stripe-signature" : "webhook-timestamp";
        const mixed = { ...signed.headers, [time]: (later[time] as string).replace(/v1=.*/, "v1=00") };
        expect(await isVerified({ ...signed, headers: mixed })).toBe(false);
        for (const wrong of ["", "soon", "1e9", "-1", "16142653300000000"])
          expect(await isVerified({ ...signed, headers: { ...signed.headers, [time]: wrong } })).toBe(false);
      },
    );

    it("of several signatures of Standard Webhooks and Stripe one is enough, of their version", async () => {
      const standard = await signedBy("standard", KEY, "{}");
      const other = (await signedBy("standard", OTHER, "{}")).headers["webhook-signature"] as string;
      const is = standard.headers["webhook-signature"] as string;
      const withSignature = (text: string) => ({
        ...standard,
        headers: { ...standard.headers, "webhook-signature": text },
      });
      expect(await isVerified(withSignature(`${other} v1a,AAAA ${is}`))).toBe(true);
      expect(await isVerified(withSignature(is.replace("v1,", "v2,")))).toBe(false);
      const stripe = await signedBy("stripe", KEY, "{}");
      const [t, v1] = (stripe.headers["stripe-signature"] as string).split(",") as [string, string];
      const stripeWith = (text: string) => ({ ...stripe, headers: { "stripe-signature": text } });
      expect(await isVerified(stripeWith(`${t},v1=${"0".repeat(64)},${v1},v0=00`))).toBe(true);
      expect(await isVerified(stripeWith(`${t},${v1.replace("v1", "v0")}`))).toBe(false);
    });

    it("Svix' own names of the headers of Standard Webhooks will do", async () => {
      const signed = await signedBy("standard", KEY, "{}");
      const svix = Object.entries(signed.headers).map(([name, value]) => [
        name.replace("webhook", "svix"),
        value,
      ]);
      expect(await isVerified({ ...signed, headers: Object.fromEntries(svix) })).toBe(true);
    });

    it("GitLab's token is not taken for a key that signs, nor the key for a token", async () => {
      const shown: Signed = { source: "gitlab", headers: { "x-gitlab-token": KEY }, body: "{}", secret: KEY };
      expect(await isVerified(shown)).toBe(false);
      const token = "dG9rZW4=";
      const signed = await signedBy("standard", token, "{}");
      expect(await isVerified({ ...signed, source: "gitlab" })).toBe(false);
    });

    it("of a form Gitea signs the JSON in it, GitHub the form", async () => {
      const body = new URLSearchParams({ payload: '{"a":"é"}' }).toString();
      const form = { "content-type": "application/x-www-form-urlencoded" };
      const gitea = await signedBy("gitea", SECRET, '{"a":"é"}');
      expect(await isVerified({ ...gitea, body, headers: { ...gitea.headers, ...form } })).toBe(true);
      const github = await signedBy("github", SECRET, body);
      expect(await isVerified({ ...github, headers: { ...github.headers, ...form } })).toBe(true);
    });

    it.each([
      // Of RFC 2202 and RFC 4231, test case 2.
      ["sha1", "hex", "", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"],
      ["sha1", "base64", "sha1=", "7/zfauXrL6LSdBbV8YTfnCWafHk="],
      ["sha256", "hex", "v0=", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"],
      ["sha256", "base64url", "", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM"],
      ["sha256", "base64", "", "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="],
      [
        "sha512",
        "hex",
        "",
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
      ],
    ] as const)("a generic one by %s in %s after %j", async (algorithm, encoding, prefix, signature) => {
      const options: HookOptions = {
        signature: { header: "X-Shop-Hmac", algorithm, encoding, prefix },
        dedupe: null,
      };
      const signed: Signed = {
        source: "generic",
        headers: { "x-shop-hmac": prefix + signature },
        body: "what do ya want for nothing?",
        secret: "Jefe",
      };
      expect(await isVerified(signed, { options })).toBe(true);
      expect(await isVerified(signed)).toBe(false);
      const bare = { ...signed, headers: { "x-shop-hmac": signature } };
      expect(await isVerified(bare, { options })).toBe(prefix === "");
    });
  });
}
