/** mayfly validate, diff, apply and jobs export, against the API itself. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PROJECT_LABEL } from "../../src/jobs-file/project.ts";
import { type FakeIo, fakeIo } from "./support/fake-io.ts";
import { type JobsApi, jobsApi } from "./support/jobs-api.ts";
import { mayfly } from "./support/run-cli.ts";

let api: JobsApi;
let cwd: string;
beforeEach(async () => {
  api = await jobsApi();
  cwd = mkdtempSync(join(tmpdir(), "mayfly-jobs-file-"));
});
afterEach(async () => {
  await api.close();
  rmSync(cwd, { recursive: true });
});

const RUN = { image: "debian:12", command: ["true"] };
const FILE = `jobs:
  deploy:
    description: Deploys
    run: { image: "debian:12", script: ./deploy }
  report:
    run:
      image: debian:12
      command: [make, report]
      env: { LEVEL: "1" }
`;

const REPORT_ALONE = `jobs:\n${FILE.slice(FILE.indexOf("  report:"))}`;

const file = (text: string, name = "mayfly.yaml") => writeFileSync(join(cwd, name), text);
const cli = (args: string[], changes: Partial<Omit<FakeIo, "stdin">> & { stdin?: string } = {}) =>
  mayfly(args, null, fakeIo({ cwd, env: { MAYFLY_URL: api.url, MAYFLY_TOKEN: "t0ken" }, ...changes }));
const offline = (args: string[], stdin = "") => mayfly(args, null, fakeIo({ cwd, stdin }));
const inForce = async (name: string) => {
  const known = await api.jobs.find("default", name);
  return known?.job.deletedAt === null ? { version: known.job.version, ...known.definition } : null;
};
/** A terminal at which this is typed once the question is there. */
function terminal(typed: string): FakeIo {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const io = fakeIo({ cwd, env: { MAYFLY_URL: api.url, MAYFLY_TOKEN: "t0ken" } });
  io.stdin = stdin;
  const write = io.stderr.write.bind(io.stderr);
  io.stderr.write = ((...args: Parameters<typeof write>) => {
    if (String(args[0]).includes("[y/N]")) stdin.write(typed);
    return write(...args);
  }) as typeof io.stderr.write;
  return io;
}

describe("validate", () => {
  test("says where and what is wrong, all of it, without a Mayfly", async () => {
    file(`jobs:
  deploy:
    run:
      image: "debian 12"
      script: ./deploy
      env:
        PORT: 8080
      timeouts: { run: soon }
  Report:
    run: { image: debian:12, comand: [true] }
`);
    const { exitCode, stdout, stderr } = await offline(["validate"]);
    expect([exitCode, stdout]).toEqual([1, ""]);
    const places = stderr.split("\n").map((line) => line.split(": ").slice(0, 2).join(" "));
    expect(places).toEqual([
      "mayfly.yaml:4:14 jobs.deploy.run.image",
      "mayfly.yaml:7:15 jobs.deploy.run.env.PORT",
      "mayfly.yaml:8:24 jobs.deploy.run.timeouts.run",
      "mayfly.yaml:9:3 jobs.Report",
      "mayfly.yaml:10:5 jobs.Report.run.command",
      "mayfly.yaml:10:30 jobs.Report.run.comand",
      "mayfly these 6 are wrong",
      "",
    ]);
    expect(stderr).toContain("must be text, not 8080; quotes make it text");
  });

  test("takes files, folders of files and stdin together, and refuses a job that is in two", async () => {
    mkdirSync(join(cwd, "jobs"));
    file(FILE, "jobs/a.yaml");
    file("jobs: { other: { run: { image: debian, script: x } } }", "jobs/b.yml");
    file("no jobs", "jobs/README.md");
    expect(await offline(["validate", "jobs"])).toMatchObject({
      exitCode: 0,
      stdout: "2 files, 3 jobs: all right\n",
    });
    const twice = await offline(
      ["validate", "jobs", "-"],
      "jobs: { deploy: { run: { image: debian, script: x } } }",
    );
    expect(twice).toMatchObject({ exitCode: 1 });
    expect(twice.stderr).toContain("stdin:1:1: jobs.deploy: is defined in jobs/a.yaml:2, too");
  });

  test("notes with a line what is never due again, and takes it all the same", async () => {
    file(`jobs:
  once:
    run: { image: debian:12, command: ["true"] }
    schedules:
      - at: [2020-01-01T00:00:00Z, 2021-01-01T00:00:00Z]
      - every: 1h
        ends: 2020-01-01T00:00:00Z
`);
    const { exitCode, stdout, stderr } = await offline(["validate"]);
    expect([exitCode, stdout]).toEqual([0, "1 file, 1 job: all right\n"]);
    const notes =
      "mayfly.yaml:5:9: note: jobs.once.schedules.0.at: has only times that are past: the schedule is never due again\n" +
      "mayfly.yaml:7:15: note: jobs.once.schedules.1.ends: is past: the schedule is never due again\n";
    expect(stderr).toBe(notes);
    expect(await cli(["apply", "--yes"])).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining(notes),
    });
  });

  test("tells of more than anybody reads how much more there is", async () => {
    file(`jobs:\n  a:\n    run: { image: x, command: [${Array(70).fill(5).join()}] }\n`);
    const { stderr } = await offline(["validate"]);
    expect(stderr.split("\n").slice(-4)).toEqual([
      expect.stringContaining("jobs.a.run.command.49"),
      "and 20 more",
      "mayfly: these 70 are wrong",
      "",
    ]);
  });

  test("takes --dir before and behind its name, as diff and apply do, and looks at nothing there", async () => {
    file(FILE);
    for (const args of [
      ["validate", "--dir", "nowhere"],
      ["--dir", "nowhere", "validate"],
    ])
      expect(await offline(args)).toMatchObject({ exitCode: 0, stdout: "1 file, 2 jobs: all right\n" });
  });

  test.each([
    [[], "there is no mayfly.yaml here"],
    [["nowhere.yaml"], "nowhere.yaml: there is no such file"],
  ])("%j without such a file ends with 2", async (args, named) => {
    const { exitCode, stderr } = await offline(["validate", ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(named);
  });
});

describe("diff", () => {
  test("tells each path that an apply would change, and ends with 3", async () => {
    await api.put("report", {
      run: { image: "debian:12", command: ["make", "report"], env: { LEVEL: "2" } },
    });
    file(FILE);
    const { exitCode, stdout, stderr } = await cli(["diff"]);
    expect([exitCode, api.changes]).toEqual([3, []]);
    expect(stdout).toBe(`+ deploy: is new
~ report: version 1 changes
    - run.env.LEVEL: "2"
    + run.env.LEVEL: "1"
`);
    expect(stderr).toContain("1 new, 1 changed");
  });

  test("defaults that are spelt out and the order of fields are no difference", async () => {
    await api.put("report", {
      run: {
        env: { LEVEL: "1" },
        command: ["make", "report"],
        image: "debian:12",
        timeouts: { run: "15m" },
        priority: 0,
      },
    });
    file(REPORT_ALONE);
    expect(await cli(["diff"])).toMatchObject({ exitCode: 0, stdout: "" });
  });

  test("--json is the plan", async () => {
    file(FILE);
    const { stdout } = await cli(["diff", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject([
      { job: "deploy", action: "create" },
      { job: "report", action: "create" },
    ]);
  });
});

describe("apply", () => {
  test("makes what is new, changes what differs, leaves the rest, and a second time does nothing", async () => {
    file(FILE);
    expect(await cli(["apply", "--yes"])).toMatchObject({ exitCode: 0 });
    file(FILE.replace('"1"', '"2"'));
    const { exitCode, stderr } = await cli(["apply", "--yes"]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain("1 changed, 1 as it is");
    expect(await inForce("report")).toMatchObject({ version: 2, run: { env: { LEVEL: "2" } } });
    expect(await inForce("deploy")).toMatchObject({ version: 1, labels: { [PROJECT_LABEL]: "default" } });
    api.changes.length = 0;
    expect(await cli(["apply", "--yes"])).toMatchObject({ exitCode: 0, stdout: "" });
    expect(api.changes).toEqual([]);
  });

  test("asks at a terminal, and does nothing for a no", async () => {
    file(FILE);
    expect(await mayfly(["apply"], null, terminal("n\n"))).toMatchObject({ exitCode: 1 });
    expect(api.changes).toEqual([]);
    expect(await mayfly(["apply"], null, terminal("y\n"))).toMatchObject({ exitCode: 0 });
    expect(api.changes).toHaveLength(2);
  });

  test("without a terminal and --yes it changes nothing and ends with 2", async () => {
    file(FILE);
    const { exitCode, stderr } = await cli(["apply"]);
    expect([exitCode, api.changes]).toEqual([2, []]);
    expect(stderr).toContain("--yes");
  });

  test("--dry-run shows the plan and ends like diff", async () => {
    file(FILE);
    expect(await cli(["apply", "--dry-run"])).toMatchObject({
      exitCode: 3,
      stdout: "+ deploy: is new\n+ report: is new\n",
    });
    expect(api.changes).toEqual([]);
  });

  test("a file with something wrong changes nothing", async () => {
    file(`${FILE}  third: { run: {} }\n`);
    expect(await cli(["apply", "--yes"])).toMatchObject({ exitCode: 1 });
    expect(api.changes).toEqual([]);
  });

  test("--prune deletes what applies of the project made, and neither another's nor what was put by hand", async () => {
    file(FILE);
    await cli(["apply", "--yes"]);
    file("project: website\njobs: { build: { run: { image: debian, script: x } } }", "other.yaml");
    await cli(["apply", "--yes", "other.yaml"]);
    await api.put("by-hand", { run: RUN });
    file(REPORT_ALONE);
    expect((await cli(["diff"])).exitCode).toBe(0);
    const { stdout } = await cli(["apply", "--yes", "--prune"]);
    expect(stdout).toBe("- deploy: version 1 is deleted\n");
    expect(await inForce("deploy")).toBeNull();
    for (const name of ["report", "build", "by-hand"]) expect(await inForce(name)).not.toBeNull();
  });

  test("a job of another project is taken over in plain sight", async () => {
    file(`project: website\n${FILE}`);
    await cli(["apply", "--yes"]);
    file(FILE);
    const { stdout } = await cli(["diff"]);
    expect(stdout).toContain(`- labels.${PROJECT_LABEL}: "website"`);
  });

  test.each(["deploy", "report"])(
    "what somebody changes between the plan and its turn stays (%s)",
    async (name) => {
      await api.put("deploy", { run: RUN });
      file(FILE);
      let isDone = false;
      api.before = async (call) => {
        if (isDone || !call.startsWith("PUT")) return;
        isDone = true;
        await api.put(name, { run: { ...RUN, env: { BY: "hand" } } });
      };
      const { exitCode, stderr } = await cli(["apply", "--yes"]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`${name} was changed by somebody`);
      expect(await inForce(name)).toMatchObject({ run: { env: { BY: "hand" } } });
    },
  );

  test("a lost answer is no change by somebody else", async () => {
    file(FILE);
    let lost = 0;
    api.loses = (call) => call.startsWith("PUT") && ++lost === 1;
    expect(await cli(["apply", "--yes"])).toMatchObject({ exitCode: 0 });
    expect(await inForce("deploy")).toMatchObject({ version: 1 });
  });

  test("so is that of a delete", async () => {
    file(FILE);
    await cli(["apply", "--yes"]);
    file("jobs: {}");
    let lost = 0;
    api.loses = (call) => call.startsWith("DELETE") && ++lost === 1;
    expect(await cli(["apply", "--yes", "--prune"])).toMatchObject({ exitCode: 0 });
    expect(await inForce("deploy")).toBeNull();
  });

  test("the project's label in a file is refused", async () => {
    file(FILE.replace("description: Deploys", `labels: { ${PROJECT_LABEL}: other }`));
    const { stderr } = await offline(["validate"]);
    expect(stderr).toContain("project at the top of the file says which it is");
  });
});

test("a crontab is imported and applied, and exported it changes nothing", async () => {
  const crontab = "RANDOM_DELAY=5\n*/5 * * * * /opt/poll.sh %x\n@reboot /opt/begin\n61 * * * * never\n";
  const imported = await offline(["import", "crontab", "-", "--timezone", "Europe/Berlin"], crontab);
  expect(imported.exitCode).toBe(1);
  expect(imported.stderr).toContain('mayfly: line 4: has "61" as its minute');
  file(imported.stdout);
  expect(await cli(["apply", "--yes"])).toMatchObject({ exitCode: 0 });
  expect(await inForce("poll")).toMatchObject({
    schedules: [
      { cron: "*/5 * * * *", timezone: "Europe/Berlin", overlap: "allow", catch_up: "none", jitter: "5m" },
    ],
  });
  file((await cli(["jobs", "export"])).stdout);
  expect(await cli(["diff", "--prune"])).toMatchObject({ exitCode: 0, stdout: "" });
});

test("import crontab writes over no file", async () => {
  file("mine", "there.yaml");
  const { exitCode, stderr } = await offline(
    ["import", "crontab", "-", "--output", "there.yaml"],
    "@daily x\n",
  );
  expect(exitCode).toBe(2);
  expect(stderr).toContain("it is there already");
});

describe("jobs export", () => {
  test("is a file that changes nothing", async () => {
    file(FILE);
    await cli(["apply", "--yes"]);
    await api.put("by-hand", {
      labels: { team: "data" },
      run: {
        image: "debian:12",
        script: "set -e\n# a comment: not YAML's\n\techo 'x'  \n",
        env: { NO: "no", N: "1e3", E: "" },
      },
      input_schema: { type: "object", properties: { "a b": { enum: [null, 1.5, "yes"] } } },
    });
    const { stdout } = await cli(["jobs", "export"]);
    expect(stdout).toContain(`$schema=${api.url}/mayfly.schema.json`);
    file(stdout);
    const { exitCode, stderr } = await cli(["diff", "--prune"]);
    expect([exitCode, stderr]).toEqual([0, "mayfly: 3 as they are\n"]);
  });

  test("names those that it is to have, and says which is not there", async () => {
    file(FILE);
    await cli(["apply", "--yes"]);
    expect((await cli(["jobs", "export", "report"])).stdout).not.toContain("deploy");
    expect(await cli(["jobs", "export", "nothing"])).toMatchObject({ exitCode: 1, stdout: "" });
  });

  test("of several projects one is named", async () => {
    file(FILE);
    await cli(["apply", "--yes"]);
    file("project: website\njobs: { build: { run: { image: debian, script: x } } }");
    await cli(["apply", "--yes"]);
    expect(await cli(["jobs", "export"])).toMatchObject({ exitCode: 2, stdout: "" });
    const { stdout } = await cli(["jobs", "export", "--project", "website"]);
    expect(stdout).toContain("project: website");
    file(stdout);
    expect((await cli(["diff", "--prune"])).exitCode).toBe(0);
  });
});

test("jobs that start after each other apply in any order, and a name that is nowhere is noted", async () => {
  file(`jobs:
  a-last:
    on: [{ job: build, outcome: finished }, { job: bild }]
    run: { image: "debian:12", script: tell }
  build:
    on:
      - job: there
    run: { image: "debian:12", script: make }
`);
  await api.put("there", { run: RUN });
  expect((await offline(["validate"])).exitCode).toBe(0);
  const { exitCode, stderr } = await cli(["apply", "--yes"]);
  expect(exitCode).toBe(0);
  expect(stderr.match(/\S+ note: .*/g)).toEqual([
    "mayfly.yaml:3:52: note: jobs.a-last.on.1.job: there is no job bild, here or in force: nothing starts this one after it",
  ]);
  expect(await inForce("build")).toMatchObject({ on: [{ job: "there" }] });
  expect((await cli(["diff"])).exitCode).toBe(0);
  const exported = (await cli(["jobs", "export"])).stdout;
  file(exported);
  expect(exported).toContain("job: bild");
  expect((await cli(["diff"])).exitCode).toBe(0);
});

test("a circle is noted once, by validate of those in the files, and by apply also through jobs in force", async () => {
  file(`jobs:
  a:
    on: [{ job: c }]
    run: { image: "debian:12", script: tell }
  b:
    on: [{ job: a }]
    run: { image: "debian:12", script: tell }
  c:
    on: [{ job: b }]
    run: { image: "debian:12", script: tell }
  d:
    on: [{ job: c }, { job: far }]
    run: { image: "debian:12", script: tell }
`);
  await api.put("far", { run: RUN, on: [{ job: "near" }] });
  await api.put("near", { run: RUN, on: [{ job: "d", outcome: "failed" }] });
  const notes = ({ stderr }: { stderr: string }) => stderr.match(/\S+ note: .*in a circle: [^;]*/g);
  const inFiles =
    "mayfly.yaml:3:17: note: jobs.a.on.0.job: these jobs start after each other in a circle: a → b → c → a";
  expect(notes(await offline(["validate"]))).toEqual([inFiles]);
  expect(notes(await cli(["diff"]))).toEqual([
    inFiles,
    "mayfly.yaml:12:29: note: jobs.d.on.1.job: these jobs start after each other in a circle: d → near → far → d",
  ]);
});
