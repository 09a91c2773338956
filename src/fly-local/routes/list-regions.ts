/** GET /v1/platform/regions: this computer is one (fly-go, flaps RegionData). Machines may name any other. */

import type { Operation } from "../app.ts";

export const listRegions: Operation = (c, { region }) =>
  c.json({
    Regions: [
      {
        code: region,
        name: "this computer",
        latitude: 0,
        longitude: 0,
        gateway_available: false,
        requires_paid_plan: false,
        deprecated: false,
      },
    ],
    Nearest: region,
  });
