import type { SentDelivery } from "../world/senders.ts";
import type { World } from "../world/world.ts";
import type { Check } from "./check.ts";

interface Row {
  hook: string;
  id: string;
  body: Uint8Array;
  /** The row that has it; null for its own. */
  body_of: string | null;
  body_bytes: number;
  received_at: number;
  body_sha256: string;
}

export const bodiesAreWhole: Check = {
  name: "a delivery's row has its body, and where that is long all of it is kept, unless it could not be",
  begin: (world) => ({
    atEnd() {
      const { switchboard, deliveries } = world;
      const rows = switchboard?.stored.rows<Row>("SELECT * FROM deliveries") ?? [];
      for (const row of rows) {
        const sent = deliveries.find(
          ({ source, refs }) => source === row.hook && refs.some(({ id }) => id === row.id),
        );
        const holder = rows.find(({ hook, id }) => hook === row.hook && id === (row.body_of ?? row.id));
        const wrong = sent && wrongOf(world, { ...row, body: holder?.body ?? new Uint8Array() }, sent);
        if (wrong) return `the row of ${row.id} ${wrong}`;
      }
      return null;
    },
  }),
};

function wrongOf({ switchboard, chance }: World, row: Row, { body }: SentDelivery): string | null {
  if (row.body_bytes !== body.byteLength)
    return `tells of ${row.body_bytes} bytes, and it had ${body.byteLength}`;
  const isStart = Buffer.from(row.body).equals(Buffer.from(body).subarray(0, row.body.byteLength));
  if (!isStart) return "has another body";
  if (row.body.byteLength === body.byteLength) return null;
  const kept = [...(switchboard?.bodies.values() ?? [])].find(
    ({ place }) =>
      place.name === row.hook && place.receivedAt === row.received_at && place.bodySha256 === row.body_sha256,
  )?.body;
  // Where it could not be put the row tells that it is cut short.
  const couldNot = chance.faults.some((fault) =>
    /^put (?:fails|made twice)|(?:before|after) put/.test(fault),
  );
  if (!kept) return couldNot ? null : "is cut short, and the rest of its body is nowhere";
  return Buffer.from(kept).equals(Buffer.from(body)) ? null : "has another body beside it";
}
