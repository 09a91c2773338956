/** The promises of the Machines API, held against the local server and, where the environment names a token and an app, Fly. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Api } from "./api.ts";
import type { Contract } from "./contract.ts";
import { Made } from "./made.ts";
import { type OperationId, operations } from "./operations.ts";
import { appPromises } from "./promises/apps.ts";
import { errorPromises } from "./promises/errors.ts";
import { eventPromises } from "./promises/events.ts";
import { execPromises } from "./promises/exec.ts";
import { leasePromises } from "./promises/leases.ts";
import { listPromises } from "./promises/lists.ts";
import { machinePromises } from "./promises/machines.ts";
import { metadataPromises } from "./promises/metadata.ts";
import { secretPromises } from "./promises/secrets.ts";
import { statePromises } from "./promises/states.ts";
import { volumePromises } from "./promises/volumes.ts";
import { waitPromises } from "./promises/waits.ts";
import { flyTarget, HOW_TO_ASK_FLY, localTarget } from "./target.ts";

const stateDir = mkdtempSync(join(tmpdir(), "machines-contract-"));
const fly = flyTarget(process.env);
const targets = [await localTarget({ stateDir }), ...(fly === null ? [] : [fly])];
const against = targets.map(({ name, detail }) => `${name} (${detail})`).join(" and ");
console.log(
  `The Machines API: promises of ${against}${fly === null ? `\nNot asked: Fly. ${HOW_TO_ASK_FLY}` : ""}`,
);

afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

/** Asked of nobody from outside: Fly gives this token to Machines alone (test/fly-local/platform/identity.test.ts). */
const FROM_INSIDE: OperationId[] = ["Machines_get_OIDC_token"];
const OF_CGROUPS: OperationId[] = ["Machines_set_memory", "Machines_reclaim_memory"];
const OF_AN_ORGANIZATION: OperationId[] = ["Apps_list", "Apps_create", "Apps_delete", "Machines_org_list"];

for (const target of targets)
  describe(`the Machines API of ${target.name}`, { timeout: target.timeoutMs }, () => {
    const api = new Api(target);
    const contract: Contract = { target, api, made: new Made(api, target) };
    beforeAll(() => (target.isReal ? contract.made.findLeftovers() : undefined), target.timeoutMs);
    afterAll(async () => {
      try {
        await contract.made.destroyAll();
      } finally {
        await target.close();
      }
      if (api.unknownFields.size > 0)
        console.log(`fields that the schemas do not have:\n  ${[...api.unknownFields].sort().join("\n  ")}`);
    }, 2 * target.timeoutMs);

    appPromises(contract);
    machinePromises(contract);
    statePromises(contract);
    waitPromises(contract);
    execPromises(contract);
    eventPromises(contract);
    leasePromises(contract);
    metadataPromises(contract);
    volumePromises(contract);
    secretPromises(contract);
    listPromises(contract);
    errorPromises(contract);

    it("was asked every operation that it can be asked here", () => {
      const left = [
        ...FROM_INSIDE,
        ...(target.organization === null ? OF_AN_ORGANIZATION : []),
        ...(target.holdsToSize ? [] : OF_CGROUPS),
      ];
      const asked = (Object.keys(operations) as OperationId[]).filter((id) => !left.includes(id));
      expect(asked.filter((id) => !api.called.has(id))).toEqual([]);
    });
  });
