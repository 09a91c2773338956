import { describe, expect, it } from "vitest";
import { controllerPlace, unifiedPlace } from "../../../src/fly-local/processes/limits/cgroup-places.ts";
import { type CgroupFiles, cgroupV2 } from "../../../src/fly-local/processes/limits/cgroup-v2.ts";

/** Groups by directory: their files, whether they can be written, and which controllers they refuse to pass on. */
type Groups = Record<string, Record<string, string> & { isReadOnly?: string; refuses?: string }>;

function choose(groups: Groups, directory: string) {
  const asked: string[] = [];
  const files: CgroupFiles = {
    read: (at, name) => groups[at]?.[name] ?? null,
    isWritable: (at) => groups[at] !== undefined && groups[at].isReadOnly === undefined,
    passOn: (at, controller) => {
      asked.push(`${controller} in ${at}`);
      return !groups[at]?.refuses?.includes(controller);
    },
  };
  const found = [...cgroupV2({ directory, mountPoint: "/cg" }, files)];
  return {
    asked,
    found: found.map(({ parents, enforcement }) => `${parents}: ${enforcement.kinds.join(" ")}`),
  };
}

const ALL = "cpuset cpu io memory pids";

describe("the group in which machines get theirs (cgroup v2)", () => {
  it("is the server's own where that can pass controllers on", () => {
    const groups = { "/cg/own": { "cgroup.controllers": ALL, "memory.max": "1000000" }, "/cg": {} };
    expect(choose(groups, "/cg/own")).toEqual({
      asked: ["memory in /cg/own", "cpu in /cg/own", "pids in /cg/own"],
      found: ["/cg/own: memory cpus pids"],
    });
  });

  it("is one above that passes memory on where the own one can not, which is asked for nothing more", () => {
    const groups = {
      "/cg/slice/own": { "cgroup.controllers": ALL, "memory.max": "max", refuses: "memory" },
      "/cg/slice": {
        "cgroup.controllers": ALL,
        "cgroup.subtree_control": "memory pids",
        "cpu.max": "max 100000",
      },
      "/cg": { "cgroup.subtree_control": ALL },
    };
    expect(choose(groups, "/cg/slice/own")).toEqual({
      asked: ["memory in /cg/slice/own"],
      found: ["/cg/slice: memory pids", "/cg: memory cpus pids"],
    });
  });

  it("is never one that lets machines out of limits that the server has", () => {
    const groups = {
      "/cg/own": { "cgroup.controllers": ALL, "memory.max": "1000000", refuses: "memory" },
      "/cg": { "cgroup.subtree_control": ALL },
    };
    expect(choose(groups, "/cg/own").found).toEqual([]);
    const cpu = {
      ...groups,
      "/cg/own": { ...groups["/cg/own"], "memory.max": "max", "cpu.max": "50000 100000" },
    };
    expect(choose(cpu, "/cg/own").found).toEqual([]);
  });

  it("is none where nothing can be written", () => {
    const groups = {
      "/cg/own": { "cgroup.controllers": ALL, isReadOnly: "yes" },
      "/cg": { "cgroup.subtree_control": ALL, isReadOnly: "yes" },
    };
    expect(choose(groups, "/cg/own")).toEqual({ asked: [], found: [] });
  });
});

describe("where a process stands in the hierarchies", () => {
  const MOUNTINFO = `
30 24 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
31 24 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
32 24 0:28 /docker/abc /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
`;
  const MEMBERSHIP = "5:cpu,cpuacct:/docker/abc/inner\n4:memory:/some/group\n0::/user.slice/a:b\n";

  it("is told for each version and controller, below what is mounted", () => {
    expect(unifiedPlace(MOUNTINFO, MEMBERSHIP)).toEqual({
      directory: "/sys/fs/cgroup/unified/user.slice/a:b",
      mountPoint: "/sys/fs/cgroup/unified",
    });
    expect(controllerPlace(MOUNTINFO, MEMBERSHIP, "memory")?.directory).toBe(
      "/sys/fs/cgroup/memory/some/group",
    );
    expect(controllerPlace(MOUNTINFO, MEMBERSHIP, "cpu")?.directory).toBe("/sys/fs/cgroup/cpu,cpuacct/inner");
    expect(controllerPlace(MOUNTINFO, MEMBERSHIP, "pids")).toBeNull();
    expect(controllerPlace(MOUNTINFO, "5:cpu,cpuacct:/elsewhere\n", "cpu")).toBeNull();
  });
});
