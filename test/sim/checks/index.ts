/**
 * Everything that must hold after every step. What a new part of the flow promises (retries, queues, concurrency, pacing) is
 * a file beside the others, and a line here.
 */

import { attemptsWithinBounds } from "./attempts-within-bounds.ts";
import { callsArePaced } from "./calls-are-paced.ts";
import { cancelsAreHeard } from "./cancels-are-heard.ts";
import type { Check } from "./check.ts";
import { eventsFoldToTheRow } from "./events-fold-to-the-row.ts";
import { everythingEnds } from "./everything-ends.ts";
import { followersSeeItAll } from "./followers-see-it-all.ts";
import { machinesWithinBounds } from "./machines-within-bounds.ts";
import { oneFinalStatus } from "./one-final-status.ts";
import { oneMachinePerAttempt } from "./one-machine-per-attempt.ts";
import { oneRunPerKey } from "./one-run-per-key.ts";
import { outputIsTheMachines } from "./output-is-the-machines.ts";
import { releasedMeansGone } from "./released-means-gone.ts";
import { theOutcomeIsTrue } from "./the-outcome-is-true.ts";

export const CHECKS: readonly Check[] = [
  oneFinalStatus,
  eventsFoldToTheRow,
  oneMachinePerAttempt,
  attemptsWithinBounds,
  machinesWithinBounds,
  releasedMeansGone,
  outputIsTheMachines,
  theOutcomeIsTrue,
  cancelsAreHeard,
  followersSeeItAll,
  oneRunPerKey,
  callsArePaced,
  everythingEnds,
];
