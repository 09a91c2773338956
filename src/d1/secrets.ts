/** The store of secrets on D1: encrypted bytes, and what is told of them. */

import { and, asc, desc, eq, gt, inArray, isNull, lt, lte, or, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { SealedSecret, SecretStore } from "../flow/ports/secrets.ts";
import { isTakenKey } from "./conflict.ts";
import { secrets, sweepCursors } from "./schema.ts";
import { valuesOf } from "./values-of.ts";

/** A store of secrets on a D1 database that has the migrations. */
export function d1Secrets(database: D1Database): SecretStore {
  const db = drizzle(database);
  return {
    async put(orgId, secret) {
      try {
        await db.batch([
          db.insert(secrets).values({ orgId, ...secret, ...bytesToRow(secret) }),
          db
            .update(secrets)
            .set({ retiredAt: secret.setAt })
            .where(and(isInForce(orgId, secret.name), lt(secrets.version, secret.version))),
        ]);
        return true;
      } catch (error) {
        if (isTakenKey(error)) return false;
        throw error;
      }
    },

    list: (orgId) =>
      db
        .select({
          name: secrets.name,
          version: secrets.version,
          redacted: secrets.redacted,
          createdAt: secrets.createdAt,
          setAt: secrets.setAt,
        })
        .from(secrets)
        .where(and(eq(secrets.orgId, orgId), isNull(secrets.retiredAt)))
        .orderBy(asc(secrets.name)),

    async latest(orgId, name) {
      const row = await db
        .select()
        .from(secrets)
        .where(and(eq(secrets.orgId, orgId), eq(secrets.name, name)))
        .orderBy(desc(secrets.version))
        .limit(1)
        .get();
      return row ? sealedFromRow(row) : null;
    },

    sizes: (orgId, names) =>
      db
        .select({ name: secrets.name, size: secrets.size })
        .from(secrets)
        .where(and(isOneOf(orgId, names), isNull(secrets.retiredAt))),

    async inForce(orgId, names, from, to) {
      const then = and(gt(secrets.retiredAt, from), lte(secrets.setAt, to));
      const rows = await db
        .select()
        .from(secrets)
        .where(and(isOneOf(orgId, names), or(isNull(secrets.retiredAt), then)));
      return rows.map(sealedFromRow);
    },

    async retire(orgId, name, at) {
      const rows = await db
        .update(secrets)
        .set({ retiredAt: at })
        .where(isInForce(orgId, name))
        .returning({ name: secrets.name });
      return rows.length > 0;
    },

    async forgetRetired(before) {
      await db.delete(secrets).where(lt(secrets.retiredAt, before));
    },

    async nextUnderKeys(keyIds, limit, at) {
      const kept = await db.select().from(sweepCursors).where(eq(sweepCursors.over, "secrets")).get();
      const brokeOffAt = kept?.cursor ?? "";
      const rows = await db
        .select()
        .from(secrets)
        .where(
          and(inArray(secrets.keyId, valuesOf(keyIds)), brokeOffAt === "" ? undefined : isAfter(brokeOffAt)),
        )
        .orderBy(asc(secrets.orgId), asc(secrets.name), asc(secrets.version))
        .limit(limit);
      const last = rows.length < limit ? undefined : rows.at(-1);
      const cursor = last === undefined ? "" : JSON.stringify([last.orgId, last.name, last.version]);
      const row = { over: "secrets", cursor, at };
      if (cursor !== brokeOffAt)
        await db.insert(sweepCursors).values(row).onConflictDoUpdate({ target: sweepCursors.over, set: row });
      return rows.map((row) => ({ orgId: row.orgId, secret: sealedFromRow(row) }));
    },

    async reseal(orgId, before, after) {
      await db
        .update(secrets)
        .set({ keyId: after.keyId, ...bytesToRow(after) })
        .where(
          and(
            eq(secrets.orgId, orgId),
            eq(secrets.name, before.name),
            eq(secrets.version, before.version),
            eq(secrets.keyId, before.keyId),
          ),
        );
    },
  };
}

/** @param cursor organization, name and version, as JSON */
function isAfter(cursor: string): SQL {
  const [orgId, name, version] = JSON.parse(cursor) as [string, string, number];
  return sql`(${secrets.orgId}, ${secrets.name}, ${secrets.version}) > (${orgId}, ${name}, ${version})`;
}

function isOneOf(orgId: string, names: string[]): SQL | undefined {
  return and(eq(secrets.orgId, orgId), inArray(secrets.name, valuesOf([...new Set(names)])));
}

function isInForce(orgId: string, name: string): SQL | undefined {
  return and(eq(secrets.orgId, orgId), eq(secrets.name, name), isNull(secrets.retiredAt));
}

function bytesToRow({ iv, ciphertext }: SealedSecret) {
  return { iv: Buffer.from(iv), ciphertext: Buffer.from(ciphertext) };
}

/** A version from its row. */
export function sealedFromRow(row: typeof secrets.$inferSelect): SealedSecret {
  const { orgId: _orgId, iv, ciphertext, ...same } = row;
  return { ...same, iv: new Uint8Array(iv), ciphertext: new Uint8Array(ciphertext) };
}
