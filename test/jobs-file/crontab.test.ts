import { describe, expect, it, test } from "vitest";
import { parseCron } from "../../src/core/schedule/cron.ts";
import { importCrontab } from "../../src/jobs-file/crontab/import.ts";
import { readJobsFile } from "../../src/jobs-file/read.ts";
import { jobsFileText } from "../../src/jobs-file/write.ts";

interface Scheduled {
  run: Record<string, unknown>;
  schedules?: Record<string, unknown>[];
}

const OPTIONS = { isSystem: false, image: "debian:12", timeZone: "Europe/Berlin" };
const jobsOf = (text: string, options = {}) =>
  importCrontab(text, { ...OPTIONS, ...options }).jobs as unknown as Record<string, Scheduled>;
const onlyJob = (text: string, options = {}) => {
  const [job] = Object.values(jobsOf(text, options));
  if (job === undefined) throw new Error("no job");
  return job;
};
const notesOf = (text: string, options = {}) =>
  importCrontab(`MAILTO=""\n${text}`, { ...OPTIONS, ...options }).notes.map(
    ({ line, message, isLost }) => `${line} ${isLost ? "lost" : "said"}: ${message}`,
  );
const cronOf = (text: string) => onlyJob(`${text} true`).schedules?.[0]?.cron;

/** As Debian has it in /etc/crontab, in words of our own. */
const SYSTEM = `# The computer's own crontab.
SHELL=/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin

# m h dom mon dow user	command
17 *	* * *	root	cd / && run-parts --report /etc/cron.hourly
25 6	* * *	root	test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }
47 6	* * 7	root	test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.weekly; }
09,39 *     * * *     www-data   [ -x /usr/lib/php/sessionclean ] && /usr/lib/php/sessionclean
`;

test("a system's crontab is jobs with its commands, times and variables", () => {
  const jobs = jobsOf(SYSTEM, { isSystem: true });
  expect(Object.keys(jobs)).toEqual(["run-parts", "run-parts-2", "run-parts-3", "sessionclean"]);
  expect(jobs["run-parts-3"]).toMatchObject({
    description: "line 8 of a crontab",
    run: {
      image: "debian:12",
      script: "test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.weekly; }",
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin" },
    },
    schedules: [{ cron: "47 6 * * 7", timezone: "Europe/Berlin", overlap: "allow", catch_up: "none" }],
  });
  expect(notesOf(SYSTEM, { isSystem: true })).toEqual([
    "10 said: ran as the user www-data; here as the one of its image",
  ]);
});

test("what is made of one is a file that is right", () => {
  const { jobs } = importCrontab(`RANDOM_DELAY=5\n@reboot x\n0 3 */2 * 1 y\n${SYSTEM}`, {
    ...OPTIONS,
    isSystem: false,
  });
  const read = readJobsFile(jobsFileText({ jobs }), "mayfly.yaml", 0);
  expect("jobs" in read ? read.jobs.map(({ name }) => name) : read.complaints).toEqual(Object.keys(jobs));
});

describe("variables", () => {
  it("count from their line on, without quotes, and those that cron looks at are not the command's", () => {
    const jobs = jobsOf(
      `A = "one  "\nCRON_TZ=Asia/Tokyo\n@daily first\n"A"='two'\nMAILTO=ops@example.com\n@daily second\n`,
    );
    expect([jobs.first?.run.env, jobs.second?.run.env]).toEqual([{ A: "one  " }, { A: "two" }]);
    expect(jobs.first?.schedules?.[0]?.timezone).toBe("Asia/Tokyo");
  });

  it("a command with = in it is none", () => {
    expect(onlyJob("* * * * * A=1 B=2 /usr/bin/thing --x=y").run.script).toBe("A=1 B=2 /usr/bin/thing --x=y");
  });

  it("another shell runs the command", () => {
    expect(onlyJob("SHELL=/bin/bash\n@daily [[ a == a ]]").run.command).toEqual([
      "/bin/bash",
      "-c",
      "[[ a == a ]]",
    ]);
  });

  it("RANDOM_DELAY is jitter", () => {
    expect(onlyJob("RANDOM_DELAY=45\n@daily x").schedules?.[0]?.jitter).toBe("45m");
    expect(notesOf("RANDOM_DELAY=some\n@daily x")).toEqual([
      "3 said: RANDOM_DELAY is no number of minutes: some",
    ]);
  });
});

describe("a percent sign", () => {
  it("begins what the command reads, and further ones are new lines", () => {
    expect(onlyJob("0 9 * * * mail -s hello joe%Hello Joe,%%see you%").run.script).toBe(
      "{ mail -s hello joe\n} <<'END'\nHello Joe,\n\nsee you\nEND\n",
    );
  });

  it("is itself behind a backslash", () => {
    expect(onlyJob("0 9 * * * date +\\%F").run.script).toBe("date +%F");
  });

  it("never ends the text early", () => {
    expect(onlyJob("0 9 * * * cat%END%END_").run.script).toBe("{ cat\n} <<'END__'\nEND\nEND_\nEND__\n");
  });
});

describe("times", () => {
  it.each([
    ["*/15 0-5,22 1 jan-mar mon", "*/15 0-5,22 1 jan-mar mon"],
    ["-*/5 * * * *", "*/5 * * * *"],
    ["@weekly", "@weekly"],
    ["@Hourly", "@hourly"],
    ["@every_minute", "* * * * *"],
    ["0 3 1 * 1", "0 3 1 * 1"],
    ["0 3 */2 * 1", "0 3 */2 * +1"],
    ["0 3 1-7 * */2", "0 3 1-7 * +*/2"],
  ])("%s is %s", (crontab, cron) => {
    expect(cronOf(crontab)).toBe(cron);
    expect(parseCron(cron)).toHaveProperty("cron");
  });

  it("by chance are drawn once, within their bounds, and it is said", () => {
    for (const [field, from, to] of [
      ["~", 0, 59],
      ["10~20", 10, 20],
      ["50~", 50, 59],
    ] as const) {
      const drawn = Number(String(cronOf(`${field} * * * *`)).split(" ")[0]);
      expect(drawn >= from && drawn <= to).toBe(true);
      expect(cronOf(`${field} * * * *`)).toBe(`${drawn} * * * *`);
    }
    expect(String(cronOf("~/20 * * * *"))).toMatch(/^1?\d-59\/20 \* \* \* \*$/);
    expect(notesOf("~ * * * * x")[0]).toMatch(/^2 said: "~" is a time by chance, here \d+ once and for all$/);
  });

  it("without a time zone are taken for UTC, which is said", () => {
    const { notes, jobs } = importCrontab("@daily x", { ...OPTIONS, timeZone: null });
    expect(notes[0]).toMatchObject({ line: null, isLost: false });
    expect(notes[0]?.message).toContain("UTC");
    expect(JSON.stringify(jobs)).not.toContain("timezone");
  });
});

describe("odd crontabs", () => {
  it("one of Windows, with a mark at its beginning", () => {
    expect(Object.keys(jobsOf("\ufeff# mine\r\n*/7 * * * * a\r\n@daily b\r\n"))).toEqual(["a", "b"]);
    expect(notesOf("x").length).toBe(1);
    expect(importCrontab("\ufeff# mine\n* * * * * a", OPTIONS).notes.filter(({ isLost }) => isLost)).toEqual(
      [],
    );
  });

  it("steps that are longer than an hour, or a day, are its first time, as with cron", () => {
    expect(cronOf("*/90 */30 * * *")).toBe("0 0 * * *");
    expect(notesOf("*/90 * * * * x")[0]).toContain('"*/90" has steps longer than there are times: here as 0');
    expect(cronOf("*/59 */23 * * *")).toBe("*/59 */23 * * *");
  });

  it("a CRON_TZ of nothing is none", () => {
    const jobs = jobsOf('CRON_TZ=Asia/Tokyo\n@daily a\nCRON_TZ=\n@daily b\nCRON_TZ=""\n@daily c');
    expect(["a", "b", "c"].map((name) => jobs[name]?.schedules?.[0]?.timezone)).toEqual([
      "Asia/Tokyo",
      "Europe/Berlin",
      "Europe/Berlin",
    ]);
  });

  it("one that is taken for the other kind is told so", () => {
    expect(notesOf("17 * * * * root cd / && x")[0]).toContain("2 said: begins with root");
    expect(notesOf("17 * * * * /usr/bin/x --y", { isSystem: true })[0]).toContain(
      "2 lost: has no user before its command, but /usr/bin/x",
    );
  });
});

describe("what can not be carried over is told by line", () => {
  it.each([
    ["@reboot /usr/bin/start", "2 said: @reboot is no time"],
    ["@sometimes x", "2 lost: @sometimes is no nickname"],
    ["61 * * * * x", '2 lost: has "61" as its minute'],
    ["0 0 31 2 * x", "2 lost: never fires"],
    ["20~10 * * * * x", '2 lost: has "20~10"'],
    ["* * * * *", "2 lost: is no entry"],
    ["what is this", "2 lost: is no entry"],
    ["* * * * * %only stdin", "2 lost: has no command"],
    ["CRON_TZ=Mars/Olympus\n@daily x", "3 lost: CRON_TZ is no IANA time zone"],
    [`@daily ${"x".repeat(2_000_000)}`, "2 lost: can not be a job: run.script"],
  ])("%.40s", (line, note) => expect(notesOf(line)[0]).toContain(note));

  it("@reboot is a job without a schedule", () => {
    expect(onlyJob("@reboot /usr/bin/start").schedules).toBeUndefined();
  });

  it("mail is, where there was any", () => {
    const says = (text: string) =>
      importCrontab(text, OPTIONS).notes.some(({ message }) => message.includes("mails"));
    expect([says("@daily x"), says('MAILTO=""\n@daily x'), says("MAILTO=\n@daily x")]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

test.each([
  ["/usr/local/bin/backup.sh --full > /dev/null 2>&1", "backup"],
  ["cd /srv/app && ./manage.py clearsessions", "manage"],
  ["nice -n 19 flock -n /var/lock/x.lock /opt/Sync_Files", "sync_files"],
  ["A=1 /usr/bin/env python3 /srv/report.py", "report"],
  ["bash -c 'echo hi'", "echo"],
  ["[ -d /x ] && true", "job"],
  ["***", "job"],
])("%s is called %s", (command, name) => {
  expect(Object.keys(jobsOf(`@daily ${command}`))).toEqual([name]);
});
