import { describe, expect, it } from "vitest";
import { FlyError, type FlyErrorKind } from "../../src/fly/error.ts";
import { createRefusal } from "../../src/fly/refusal.ts";

function refusal(
  status: number | null,
  reply: string,
  code: string | null = null,
  kind: FlyErrorKind = "answered",
) {
  const error = new FlyError({
    kind,
    method: "POST",
    url: "http://fly/machines",
    status,
    reply,
    code,
    requestId: null,
  });
  const result = createRefusal(error);
  return result.kind === "refused" ? result.reason : result.kind;
}

describe("a refused create", () => {
  it.each([
    [422, "insufficient resources: could not find a candidate host", "insufficient_capacity"],
    [503, "no room", "insufficient_capacity"],
    [
      412,
      "insufficient resources to create new machine with existing volume id 'x'",
      "volume_placement_capacity",
    ],
    [
      409,
      "aborted: could not reserve resource for machine: insufficient memory available to fulfill request",
      null,
    ],
    [409, "aborted: insufficient IPs available to fulfill request", null],
    [409, "aborted: no capacity", null],
    [409, "aborted: no capacity\n", null],
    [409, "aborted: insufficient resources available to fulfill request: could not reserve", null],
    [412, "deploys to this host are temporarily disabled", null],
    [400, "no capacity", null],
    [412, "failed_precondition: machine capacity hold failed: insufficient CPUs available", null],
    [403, "governor policy blocked start", null],
    [403, "your organization is over the allowed quota", null],
    [422, "your organization has reached the limit of machines of its plan", null],
  ])("is a want of capacity whatever its status: %s %s", (status, reply, code) => {
    expect(refusal(status, reply, code)).toBe("no_capacity");
  });

  it.each([
    [500, "no capacity", null, "uncertain"],
    [500, "could not find a candidate host", "insufficient_capacity", "uncertain"],
    [409, "aborted: machine update failed due to concurrent update", null, "later"],
    [422, "could not find a candidate host", "invalid_argument", "launch_refused"],
  ])("is not one where the words are another's: %s %s %s", (status, reply, code, expected) => {
    expect(refusal(status, reply, code)).toBe(expected);
  });

  it("is the Machine of an earlier ask where its name is taken", () => {
    expect(
      refusal(
        409,
        'already_exists: unique machine name violation, machine ID 1857156b526dd8 already exists with name "x"',
      ),
    ).toBe("exists");
  });

  it.each([
    [408, "deadline_exceeded"],
    [500, "internal"],
    [502, "bad gateway"],
    [504, "upstream request timeout"],
  ])("may have taken effect at %s", (status, reply) => {
    expect(refusal(status, reply)).toBe("uncertain");
  });

  it("may have taken effect where no answer came or none that can be read", () => {
    expect(refusal(null, "connection lost", null, "unanswered")).toBe("uncertain");
    expect(refusal(200, "the answer is not as documented", null, "unreadable")).toBe("uncertain");
  });

  it.each([
    [429, "rate limit exceeded"],
    [429, "rate limit exceeded while getting the manifest"],
    [409, "aborted: machine update failed due to concurrent update"],
    [412, "secrets version not there yet"],
  ])("can be repeated later at %s", (status, reply) => {
    expect(refusal(status, reply)).toBe("later");
  });

  it("can be repeated later where nobody listened", () => {
    expect(refusal(null, "connect ECONNREFUSED", null, "unreachable")).toBe("later");
  });

  it.each([
    [400, "failed to get manifest docker.io/library/nope: MANIFEST_UNKNOWN"],
    [412, "failed_precondition: MANIFEST_UNKNOWN: manifest unknown"],
    [404, "failed to get manifest registry.fly.io/private: unauthorized to access image"],
  ])("is the image's where the image can not be had, whatever its status: %s %s", (status, reply) => {
    expect(refusal(status, reply)).toBe("image_unavailable");
  });

  it("says of the rate limit, and of nothing else, that it was one too many", () => {
    const result = (status: number) =>
      createRefusal(
        new FlyError({
          kind: "answered",
          method: "POST",
          url: "http://fly/machines",
          status,
          reply: "not now",
          code: null,
          requestId: null,
        }),
      );
    expect(result(429)).toMatchObject({ kind: "later", tooMany: true });
    expect(result(412)).toMatchObject({ kind: "later", tooMany: false });
  });

  it.each([
    [400, "invalid config.guest.cpus"],
    [401, "Authenticate: token validation error"],
    [403, "token is not authorized to access this resource"],
    [422, "add a payment method"],
  ])("is final otherwise: %s %s", (status, reply) => {
    expect(refusal(status, reply)).toBe("launch_refused");
  });

  it("never takes a 500 for a want of capacity", () => {
    expect(refusal(500, "no capacity")).toBe("uncertain");
  });
});

describe("whether a repeat is safe", () => {
  const safe = (method: string, kind: FlyErrorKind, status: number | null) =>
    new FlyError({ kind, method, url: "http://fly", status, reply: "", code: null, requestId: null })
      .safeToRepeat;

  it.each<[string, FlyErrorKind, number | null]>([
    ["GET", "answered", 504],
    ["GET", "unanswered", null],
    ["DELETE", "unanswered", null],
    ["POST", "unreachable", null],
    ["POST", "answered", 429],
    ["POST", "answered", 409],
    ["POST", "answered", 422],
  ])("it is after %s, %s %s: it changes nothing, or did not take effect", (method, kind, status) => {
    expect(safe(method, kind, status)).toBe(true);
  });

  it.each<[string, FlyErrorKind, number | null]>([
    ["POST", "unanswered", null],
    ["POST", "unreadable", 200],
    ["POST", "answered", 408],
    ["POST", "answered", 500],
    ["POST", "answered", 502],
  ])("it is not after %s, %s %s: it may have taken effect", (method, kind, status) => {
    expect(safe(method, kind, status)).toBe(false);
  });

  it("is what tells an uncertain create from one that may be asked for again", () => {
    const kinds: [number | null, FlyErrorKind][] = [
      ...[400, 401, 404, 408, 409, 412, 422, 429, 500, 502, 503, 504].map(
        (status): [number, FlyErrorKind] => [status, "answered"],
      ),
      [200, "unreadable"],
      [null, "unanswered"],
      [null, "unreachable"],
    ];
    for (const [status, kind] of kinds)
      expect(refusal(status, "a fault", null, kind) === "uncertain", `${kind} ${status}`).toBe(
        !safe("POST", kind, status),
      );
  });
});
