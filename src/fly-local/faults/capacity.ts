/** How Fly says that it has no room: statuses, codes and texts as observed, which clients tell apart by all three (fly-go flaps_error_test). */

export interface Shape {
  readonly status: number;
  readonly body: { readonly error: string; readonly status?: string };
}

/** By what is full. */
export const CAPACITY_SHAPES = {
  /** No host of the region has room. */
  region: {
    status: 422,
    body: {
      error: "insufficient resources available to fulfill request: could not find a candidate host",
      status: "insufficient_capacity",
    },
  },
  region_unavailable: {
    status: 503,
    body: { error: "could not find a candidate host", status: "insufficient_capacity" },
  },
  /** The host that has the volume. */
  volume: {
    status: 412,
    body: {
      error: "insufficient resources to create new machine with existing volume id 'vol_local'",
      status: "volume_placement_capacity",
    },
  },
  cpus: {
    status: 409,
    body: {
      error:
        "aborted: could not reserve resource for machine: insufficient CPUs available to fulfill request",
    },
  },
  memory: {
    status: 409,
    body: {
      error:
        "aborted: could not reserve resource for machine: insufficient memory available to fulfill request",
    },
  },
  resources: {
    status: 409,
    body: { error: "aborted: insufficient resources available to fulfill request: no host has room" },
  },
  ips: { status: 409, body: { error: "aborted: insufficient IPs available to fulfill request" } },
  plain: { status: 409, body: { error: "aborted: no capacity" } },
  /** Of a start: the host of a stopped Machine may be full, too. */
  governor: { status: 409, body: { error: "aborted: governor policy blocked start" } },
  deploys_disabled: {
    status: 409,
    body: { error: "aborted: deploys to this host are temporarily disabled" },
  },
  /** Of a volume. */
  volume_create: { status: 400, body: { error: "no capacity" } },
  volume_hold: {
    status: 422,
    body: {
      error:
        "failed_precondition: machine capacity hold failed: insufficient CPUs available to fulfill request",
    },
  },
  /** What the organization may have. */
  plan: { status: 422, body: { error: "your organization has reached the limit of machines of its plan" } },
  quota: { status: 403, body: { error: "your organization is over the allowed quota" } },
} satisfies Record<string, Shape>;

export type CapacityShape = keyof typeof CAPACITY_SHAPES;
export const CAPACITY_SHAPE_NAMES = Object.keys(CAPACITY_SHAPES) as [CapacityShape, ...CapacityShape[]];
