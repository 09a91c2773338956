/** The routes of what stands around Machines. */

import type { Operation } from "../app.ts";
import { createApp } from "../routes/create-app.ts";
import { createBuild, finishBuild } from "../routes/create-build.ts";
import { createSnapshot } from "../routes/create-snapshot.ts";
import { createToken } from "../routes/create-token.ts";
import { createVolume } from "../routes/create-volume.ts";
import { deleteApp } from "../routes/delete-app.ts";
import { deleteSecret } from "../routes/delete-secret.ts";
import { deleteVolume } from "../routes/delete-volume.ts";
import { extendVolume } from "../routes/extend-volume.ts";
import { getApp } from "../routes/get-app.ts";
import { getDiscovery, getKeySet } from "../routes/get-discovery.ts";
import { getLogs } from "../routes/get-logs.ts";
import { getOrganization, listOrganizations } from "../routes/get-organization.ts";
import { getSecret } from "../routes/get-secret.ts";
import { getVolume } from "../routes/get-volume.ts";
import { graphql } from "../routes/graphql.ts";
import { listApps } from "../routes/list-apps.ts";
import { listRegions } from "../routes/list-regions.ts";
import { listSecrets } from "../routes/list-secrets.ts";
import { listSnapshots } from "../routes/list-snapshots.ts";
import { listVolumes } from "../routes/list-volumes.ts";
import { setSecret } from "../routes/set-secret.ts";
import { setSecrets } from "../routes/set-secrets.ts";
import { updateVolume } from "../routes/update-volume.ts";

/** Adds a route. @param name what faults and counts call the operation */
export type On = (
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  name: string,
  operation: Operation,
) => void;

export function platformOperations(on: On): void {
  on("GET", "/v1/apps", "list_apps", listApps);
  on("POST", "/v1/apps", "create_app", createApp);
  const app = "/v1/apps/:app";
  on("GET", app, "get_app", getApp);
  on("DELETE", app, "delete_app", deleteApp);

  const volumes = `${app}/volumes`;
  const volume = `${volumes}/:volume`;
  on("GET", volumes, "list_volumes", listVolumes);
  on("POST", volumes, "create_volume", createVolume);
  on("GET", volume, "get_volume", getVolume);
  on("PUT", volume, "update_volume", updateVolume);
  on("POST", volume, "update_volume", updateVolume);
  on("DELETE", volume, "delete_volume", deleteVolume);
  on("PUT", `${volume}/extend`, "extend_volume", extendVolume);
  on("GET", `${volume}/snapshots`, "list_snapshots", listSnapshots);
  on("POST", `${volume}/snapshots`, "create_snapshot", createSnapshot);

  const secrets = `${app}/secrets`;
  on("GET", secrets, "list_secrets", listSecrets);
  on("POST", secrets, "set_secrets", setSecrets);
  on("GET", `${secrets}/:name`, "get_secret", getSecret);
  on("POST", `${secrets}/:name`, "set_secret", setSecret);
  on("DELETE", `${secrets}/:name`, "delete_secret", deleteSecret);

  on("GET", "/v1/platform/regions", "list_regions", listRegions);
  on("GET", "/api/v1/apps/:app/logs", "logs", getLogs);

  // For flyctl, which asks them of the addresses in FLY_API_BASE_URL and FLY_UIEX_BASE_URL.
  on("POST", "/graphql", "graphql", graphql);
  on("GET", "/api/v1/organizations", "list_organizations", listOrganizations);
  on("GET", "/api/v1/organizations/:org", "get_organization", getOrganization);
  on("POST", "/api/v1/builds", "create_build", createBuild);
  on("POST", "/api/v1/builds/finish", "finish_build", finishBuild);

  // A client made from the first OpenAPI document calls the second path, as that has /v1 in the server and in the path.
  for (const path of ["/v1/tokens/oidc", "/v1/v1/tokens/oidc"]) on("POST", path, "create_token", createToken);
  on("GET", "/oidc/:org/.well-known/openid-configuration", "oidc_discovery", getDiscovery);
  on("GET", "/oidc/:org/.well-known/jwks", "oidc_keys", getKeySet);
}
