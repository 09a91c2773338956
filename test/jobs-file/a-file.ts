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
    build: {
      run: {
        image: "node:24",
        checkout: { repository: "https://git.example/a/b", ref: "main", depth: 5, token: "TOKEN" },
        steps: [
          { name: "test", run: "npm ci\nnpm test\n", timeout: "5m", env: { CI: "1" } },
          { name: "tell", run: "./tell", if: "always()", working_directory: "tools" },
        ],
      },
      hooks: [
        {
          source: "github",
          secret: ["A", "B"],
          events: ["push"],
          branches: ["release/**", "!release/old"],
          paths: ["src/**"],
          if: "payload.ref != 'refs/heads/x'",
          map: { env: { WHO: "payload.pusher.name" } },
        },
        {
          name: "shop",
          source: "generic",
          secret: "C",
          signature: { header: "X-Signature", encoding: "base64" },
          dedupe: { header: "X-Id" },
        },
      ],
    },
    report: { run: { image: "alpine", script: "echo hi\n" } },
  },
};
