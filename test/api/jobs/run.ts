/** A run's spec that is right. */
export const RUN = { image: "debian:12", command: ["true"] };
