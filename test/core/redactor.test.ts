import { describe, expect, it } from "vitest";
import { type ReadTail, readFrom, redactNext } from "../../src/core/redacted-stream.ts";
import { REDACTION_REACH, redactAll, redactorOf } from "../../src/core/redactor.ts";
import { growth } from "../support/growth.ts";
import { seededRandom } from "../support/seeded-random.ts";

const SECRET = "p@ss/word+ 4~tree\"'";
const PEM = `-----BEGIN PRIVATE KEY-----\n${Array.from({ length: 12 }, (_, line) => Buffer.from(`line ${line} of the key, and more`).toString("base64")).join("\n")}\n-----END PRIVATE KEY-----\n`;

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text));
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
const redacted = (values: string[], text: string) => textOf(redactorOf(values)(bytesOf(text)).bytes);
const stars = (length: number) => "*".repeat(length);

describe("a secret in output is masked, byte for byte,", () => {
  const FORMS: [string, string][] = [
    ["as it is", SECRET],
    ["in base64", Buffer.from(SECRET).toString("base64").replace(/=+$/, "")],
    ["in base64 for URLs", Buffer.from(SECRET).toString("base64url")],
    ["in base64 with a line feed", Buffer.from(`${SECRET}\n`).toString("base64").replace(/=+$/, "")],
    ["encoded as a URI's component", encodeURIComponent(SECRET)],
    ["encoded byte by byte", Buffer.from(SECRET).toString("hex").replace(/../g, "%$&")],
    ["encoded as a URI", encodeURI(SECRET)],
    ["encoded with small hex", encodeURIComponent(SECRET).replace(/%../g, (code) => code.toLowerCase())],
    ["encoded as a form", new URLSearchParams({ k: SECRET }).toString().slice(2)],
    ["as a JSON string", JSON.stringify(SECRET).slice(1, -1)],
    [
      "as PHP writes JSON",
      JSON.stringify(SECRET)
        .slice(1, -1)
        .replaceAll("/", "\\/")
        .replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
    ],
    [
      "as Go writes JSON",
      JSON.stringify(SECRET)
        .slice(1, -1)
        .replaceAll("<", "\\u003c")
        .replaceAll(">", "\\u003e")
        .replaceAll("&", "\\u0026"),
    ],
    ["in hex", Buffer.from(SECRET).toString("hex")],
    ["in large hex", Buffer.from(SECRET).toString("hex").toUpperCase()],
  ];
  it.each(FORMS)("%s", (_form, form) => {
    expect(redacted(["another one", SECRET], `before ${form}\n after`)).toBe(
      `before ${stars(form.length)}\n after`,
    );
  });

  it("in base64 wherever in a longer text it stands, but for the characters that it shares with it", () => {
    for (const before of ["", "a", "ab", "abc", "user:", "Bearer "]) {
      const text = Buffer.from(`${before}${SECRET}${before}`).toString("base64");
      const out = redacted([SECRET], text);
      const kept = [...out].filter((char) => char !== "*").length;
      expect(kept - Math.ceil((2 * before.length * 8) / 6), before).toBeLessThanOrEqual(4);
    }
  });

  it("over the lines that base64 and xxd break it into", () => {
    const secret = "k".repeat(100) + SECRET;
    for (const encoding of ["base64", "hex"] as const)
      for (const width of [4, 7, 60, 76])
        for (const feed of ["\n", "\r\n"]) {
          const text = Buffer.from(secret).toString(encoding).replace(/=+$/, "");
          const lines = text.replace(new RegExp(`.{${width}}(?=.)`, "g"), `$&${feed}`);
          expect(redacted([secret], lines), `${encoding} ${width}`).toBe(lines.replace(/[^\r\n]/g, "*"));
        }
  });

  it("where it stands more than once, beside another, and overlaps itself", () => {
    expect(redacted(["abcabc", "second"], "abcabcabc-secondsecond")).toBe(`${stars(9)}-${stars(12)}`);
  });

  it("line by line where it has several, and in parts where it is long", () => {
    const indented = PEM.split("\n")
      .map((line) => `    ${line}`)
      .join("\n");
    const shown = redacted([PEM], indented).replaceAll("\n", "").replaceAll(" ", "").replaceAll("*", "");
    expect(shown).toBe("");
    const long = seededText(seededRandom(3), 1000);
    expect(redacted([long], `${long.slice(0, 640)} and no more`)).toBe(`${stars(640)} and no more`);
  });

  it("without the line feed that it came with", () => {
    expect(redacted(["from-a-file\n"], "x from-a-file y")).toBe(`x ${stars(11)} y`);
  });

  it("but not where it is too short to be told from other text", () => {
    expect(redacted(["abcde"], "abcde")).toBe("abcde");
    expect(redacted(["abcdef"], "abcdef")).toBe(stars(6));
  });

  it("and where nobody knows it, all is", () => {
    expect(textOf(redactAll(bytesOf("a line\nand another")).bytes)).toBe(`${stars(6)}\n${stars(11)}`);
  });
});

/** Reads a stream in pieces as drivers do; now and then one forgets everything but what is stored. */
function streamed(values: string[], stream: Uint8Array, random: () => number): Uint8Array {
  const redact = redactorOf(values);
  const stored: number[] = [];
  let tail: ReadTail | null = null;
  let at = 0;
  while (at < stream.length) {
    at = Math.min(stream.length, at + Math.floor(random() * (random() < 0.5 ? 4 : 200)));
    if (random() < 0.2) tail = null;
    // A read can bring less than there is.
    let from = readFrom(tail, stored.length);
    let to = from + Math.floor(random() * (at + 1 - from));
    if (at === stream.length) to = stream.length;
    const next = redactNext(redact, tail, stored.length, stream.slice(from, to), to === stream.length);
    stored.push(...next.bytes);
    tail = next.tail;
    from = readFrom(tail, stored.length);
    expect(from - stored.length, "held back").toBeLessThan(REDACTION_REACH);
    expect(tail.bytes.length).toBeLessThan(3 * REDACTION_REACH);
  }
  return Uint8Array.from(stored);
}

function seededText(
  random: () => number,
  length: number,
  alphabet = "abcdefghijklmnopqrstuvwxyz0123456789+/=",
): string {
  return Array.from({ length }, () => alphabet.charAt(Math.floor(random() * alphabet.length))).join("");
}

describe("a redacted stream", () => {
  it("comes to the same bytes however it is cut, and whoever goes on with it", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed);
      // Of few letters, so that secrets overlap themselves and each other.
      const letters = random() < 0.5 ? "ab" : "abcdef+/\n";
      const values = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
        seededText(random, 6 + Math.floor(random() * (random() < 0.2 ? 300 : 20)), letters),
      );
      const pieces = Array.from({ length: 30 }, () => {
        const value = values[Math.floor(random() * values.length)] as string;
        const kind = Math.floor(random() * 7);
        if (kind === 0) return value;
        if (kind === 1) return Buffer.from(value).toString("base64").replace(/.{20}/g, "$&\n");
        if (kind === 2) return encodeURIComponent(value);
        if (kind === 3) return value.slice(0, Math.floor(random() * value.length));
        if (kind === 4) return Buffer.from(value).toString("hex").replace(/.{8}/g, "$&\r\n");
        if (kind === 5) return "\n".repeat(Math.floor(random() * 4));
        return seededText(random, Math.floor(random() * 40), letters);
      });
      const stream = bytesOf(pieces.join(""));
      const whole = redactorOf(values)(stream).bytes;
      expect(textOf(streamed(values, stream, random)), `seed ${seed}`).toBe(textOf(whole));
    }
  });

  it("holds back nothing that can not become a secret", () => {
    const redact = redactorOf(["topsecret"]);
    const next = redactNext(redact, null, 0, bytesOf("plain text to"), false);
    expect(textOf(next.bytes)).toBe("plain text ");
    expect(textOf(redactNext(redact, next.tail, 11, bytesOf("morrow"), false).bytes)).toBe("tomorrow");
  });

  it("does not go on over empty lines, however many there are", () => {
    const redact = redactorOf(["topsecret"]);
    const feeds = "\n".repeat(1000);
    const { bytes, decided } = redact(bytesOf(`${Buffer.from("topse").toString("base64")}${feeds}`));
    expect([decided, textOf(bytes)]).toEqual([1008, `dG9wc2U=${feeds}`]);
  });

  it("tells all of it at the end", () => {
    const redact = redactorOf(["topsecret"]);
    const next = redactNext(redact, null, 0, bytesOf("topsec"), false);
    expect(next.bytes).toHaveLength(0);
    expect(textOf(redactNext(redact, next.tail, 0, new Uint8Array(), true).bytes)).toBe("topsec");
  });

  it("takes time by how much there is and not by its square, however twenty secrets and it look", () => {
    const random = seededRandom(7);
    const values = Array.from({ length: 20 }, (_, index) =>
      index % 5 === 0 ? seededText(random, 3000) : seededText(random, 40),
    );
    const redact = redactorOf([...values, "a".repeat(10_000)]);
    for (const text of [seededText(random, 1 << 20), "a".repeat(1 << 20)]) {
      const stream = bytesOf(text);
      // 1 where it grows as its input does, 32 where it grows as the square of it.
      expect(growth((size) => redact(stream.subarray(0, size)), 1 << 15, 32)).toBeLessThan(10);
    }
  });
});
