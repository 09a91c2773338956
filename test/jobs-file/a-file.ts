/** A file's value with something in every corner of it. */
export const A_FILE = {
  project: "website",
  jobs: {
    deploy: {
      description: "Deploys",
      labels: { team: "data" },
      run: {
        image: "debian:12",
        command: ["sh", "-c", "true"],
        env: { A: "1" },
        secrets: { KEY: "KEY" },
        files: [{ path: "/a", content: "x", mode: "0755" }],
        machine: { size: "performance-2x" },
        regions: ["ams", "eu"],
        timeouts: { run: "2h" },
        retry: { attempts: 3, backoff: { initial: "2s" }, rules: [{ exit_codes: [75], do: "stop" }] },
        tags: { env: "prod" },
        concurrency: { key: "{job}-{input.a}-{tags.env}", limit: 2 },
        priority: 3,
        delay: "1m",
      },
      schedules: [
        { cron: "30 2 * * *", timezone: "Europe/Berlin", overlap: "queue", input: { a: 1 } },
        {
          name: "often",
          every: "15m",
          jitter: "30s",
          catch_up: { mode: "all", window: "6h" },
          input: { a: "a" },
        },
        { at: ["2030-01-01T00:00:00Z"], input: { a: 1 } },
      ],
      input_schema: { type: "object", properties: { a: { enum: [1, "a"] } }, required: ["a"] },
    },
    report: { run: { image: "alpine", script: "echo hi\n" } },
  },
};
