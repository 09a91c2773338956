/** The pages' script: keeps what is live up to date. Without it everything can be read, only not as it happens. */

import { startClock } from "./clock.ts";
import { offerCopies } from "./copy.ts";
import { followList } from "./list.ts";
import { followRun } from "./run.ts";

startClock();
followList();
followRun();
offerCopies();
