/** POST /api/v1/builds and …/finish: flyctl tells of each build and only warns where nobody listens. Nothing is kept. */

import type { Operation } from "../app.ts";

export const createBuild: Operation = (c) => c.json({ id: 0, status: "started" });
export const finishBuild: Operation = (c) => c.json({ id: 0, status: "completed", wallclock_time_ms: 0 });
