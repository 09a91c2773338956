/** What else is known of a delivery: its sender's words about it, and what it is to build. */

import type { ChangeBody } from "../../api/delivery-schema.ts";
import type { HookName, ShownDelivery } from "../hook-ports.ts";
import { visible } from "../words/body-text.ts";
import { byteCount } from "../words/bytes.ts";
import { headline } from "../words/deliveries.ts";
import { deliveryPath, hookPath, jobPath, versionPath, withParameters } from "../words/paths.ts";
import { Code, Fact } from "./fact.tsx";
import { Age, ClockTime } from "./times.tsx";

interface Props {
  of: HookName;
  shown: ShownDelivery;
  nowMs: number;
}

export function DeliveryFacts({ of, shown: { delivery, resends }, nowMs }: Props) {
  const { resend_of: origin } = delivery;
  return (
    <section class="card facts" aria-labelledby="facts-title">
      <h2 id="facts-title">Facts</h2>
      <dl>
        <Fact name="Delivery">
          <Code text={visible(delivery.id)} />
        </Fact>
        <Fact name="Received">
          <ClockTime at={delivery.received_at} zone={null} />
        </Fact>
        <Fact name="Sender">{delivery.source}</Fact>
        <Fact name="Job">
          <a href={jobPath(of.job)}>{of.job}</a>
          {", "}
          <a href={versionPath(of.job, delivery.job_version)}>{`version ${delivery.job_version}`}</a>
        </Fact>
        {origin !== null && (
          <Fact name="Sent once more by hand">
            {"the first one is "}
            <a href={deliveryPath(of, origin)}>
              <Code text={visible(origin)} />
            </a>
          </Fact>
        )}
        {origin === null && resends > 0 && (
          <Fact name="Sent once more by hand">
            <a href={withParameters(hookPath(of), { text: `${delivery.id}+resend.` })}>
              {resends === 1 ? "once" : `${resends} times`}
            </a>
          </Fact>
        )}
        {delivery.repeated_at !== null && (
          <Fact name="Came again">
            {delivery.repeats === 1 ? "once, " : `${delivery.repeats} times, last `}
            <Age at={delivery.repeated_at} nowMs={nowMs} />
            {"; that started nothing"}
          </Fact>
        )}
        {delivery.change !== null && <ChangeFacts change={delivery.change} hasAllOfMessage={true} />}
        <Fact name="Body">
          {byteCount(delivery.body_bytes)}
          {delivery.body_of !== null && (
            <>
              {", kept with "}
              <a href={deliveryPath(of, delivery.body_of)}>the first ref of the push</a>
            </>
          )}
        </Fact>
        <Fact name="SHA-256 of the body">
          <Code text={delivery.body_sha256} />
        </Fact>
      </dl>
    </section>
  );
}

/** What is to be built. @param hasAllOfMessage what is kept of the commit's message, and not a line of it alone */
export function ChangeFacts({
  change,
  hasAllOfMessage = false,
}: {
  change: ChangeBody;
  hasAllOfMessage?: boolean;
}) {
  const { repository, branch, tag, ref, sha, message, author, pull_request: pull } = change;
  return (
    <>
      <Fact name="Repository">
        <Code text={visible(repository.full_name)} />
        {repository.is_private && " (private)"}
      </Fact>
      {pull !== null && (
        <Fact name="Pull request">
          <bdi>{visible(`#${pull.number} ${pull.title}`)}</bdi>
          {", "}
          <Code text={visible(pull.head_ref)} />
          {" into "}
          <Code text={visible(pull.base_ref)} />
          {pull.is_fork && ", from a fork"}
        </Fact>
      )}
      {pull === null && (
        <Fact name={branch !== null ? "Branch" : tag !== null ? "Tag" : "Ref"}>
          <Code text={visible(branch ?? tag ?? ref)} />
        </Fact>
      )}
      {sha !== null && (
        <Fact name="Commit">
          <Code text={sha} />
          {author !== null && <bdi>{visible(` by ${author}`)}</bdi>}
        </Fact>
      )}
      {message !== null && message !== "" && (
        <Fact name="Message">
          <bdi class="message">{visible(hasAllOfMessage ? message.trimEnd() : headline(message))}</bdi>
        </Fact>
      )}
    </>
  );
}
