/** The organization as flyctl's second API shows it (flyctl internal/uiex/organizations.go). */

import { numericId, ORGANIZATION } from "../platform/apps.ts";

export function organizationToWire(slug: string) {
  const own = slug === "personal" ? ORGANIZATION : slug;
  return {
    id: own,
    internal_numeric_id: numericId(own),
    slug: own,
    raw_slug: own,
    name: own,
    personal: own === ORGANIZATION,
    billable: true,
    billing_status: "CURRENT",
    paid_plan: true,
    remote_builder_image: "",
  };
}
