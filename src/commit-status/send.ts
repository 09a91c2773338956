/** Each attempt to set a commit's status. The token is read for it, and stands in nothing that is kept. */

import type { SendResult } from "../core/notification/attempt.ts";
import type { SendStatus } from "../flow/ports/reports.ts";
import type { SecretKeeper } from "../flow/ports/secrets.ts";
import { openTarget, type TargetSettings } from "../outgoing/open-target.ts";
import { failed, type PostPorts, post } from "../outgoing/post.ts";
import { judgeStatus } from "./answer.ts";
import { statusRequest } from "./request.ts";
import { withoutToken } from "./without-token.ts";

/** What a header can have in it; what a token is. */
const TOKEN = /^[\x21-\x7e]+$/;

export function statusSender(
  ports: PostPorts & { secrets: Pick<SecretKeeper, "value">; settings: TargetSettings },
): SendStatus {
  const { secrets, settings, clock } = ports;
  return async (orgId, status) => {
    const at = clock.now();
    const without = (why: string): SendResult => failed(at, Math.max(0, clock.now() - at), why);
    /** What no other attempt makes better. */
    const over = (why: string): SendResult => ({ ...without(why), ending: "given_up" });
    try {
      const token = (await secrets.value(orgId, status.token))?.trim();
      if (token === undefined)
        return without(`there is no secret ${status.token}, which has the token; set it`);
      if (!TOKEN.test(token))
        return over(`the secret ${status.token} has characters that no token has; set it anew`);
      const request = await statusRequest(status, token);
      if ("complaint" in request) return over(request.complaint);
      const target = await openTarget(ports.fetch, settings, request.url);
      if (!(target instanceof URL)) {
        const why = `the API's URL ${target.why}`;
        return target.isPassing ? { ...without(why), isOurs: true } : over(why);
      }
      const result = await post(ports, target, request, (answer, nowMs) =>
        judgeStatus(status, answer, nowMs),
      );
      // An API that shows what it was asked with is not believed to keep it for itself.
      return { ...result, answer: result.answer === null ? null : withoutToken(result.answer, token) };
    } catch (error) {
      return { ...without((error as Error).message), isOurs: true };
    }
  };
}
