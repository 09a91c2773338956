/**
 * Everything that must hold after every step. What a new part of the flow promises (queues, concurrency, pacing) is
 * a file beside the others, and a line here.
 */

import { attemptsWithinBounds } from "./attempts-within-bounds.ts";
import { bodiesAreWhole } from "./bodies-are-whole.ts";
import { callsArePaced } from "./calls-are-paced.ts";
import { cancelsAreHeard } from "./cancels-are-heard.ts";
import { chainsGoOnOnce } from "./chains-go-on-once.ts";
import type { Check } from "./check.ts";
import { commandsHaveTheirSecrets } from "./commands-have-their-secrets.ts";
import { commitsShowTheNewest } from "./commits-show-the-newest.ts";
import { deliveriesAreTakenOnce } from "./deliveries-are-taken-once.ts";
import { dueTimesAreTold } from "./due-times-are-told.ts";
import { dueTimesTakenBack } from "./due-times-taken-back.ts";
import { eventsFoldToTheRow } from "./events-fold-to-the-row.ts";
import { everythingEnds } from "./everything-ends.ts";
import { firingsStartInTime } from "./firings-start-in-time.ts";
import { followersSeeItAll } from "./followers-see-it-all.ts";
import { groupCancelsReachAll } from "./group-cancels-reach-all.ts";
import { imageTimesAreTheMachines } from "./image-times-are-the-machines.ts";
import { launchesArePaced } from "./launches-are-paced.ts";
import { launchesAreUsed } from "./launches-are-used.ts";
import { launchesGoByRank } from "./launches-go-by-rank.ts";
import { limitsAreKept } from "./limits-are-kept.ts";
import { machinesWithinBounds } from "./machines-within-bounds.ts";
import { missesAreOutages } from "./misses-are-outages.ts";
import { nobodysMachinesGo } from "./nobodys-machines-go.ts";
import { nothingIsUpset } from "./nothing-is-upset.ts";
import { notificationsComeInOrder } from "./notifications-come-in-order.ts";
import { oneFinalStatus } from "./one-final-status.ts";
import { oneMachineAtATime } from "./one-machine-at-a-time.ts";
import { oneMachinePerAttempt } from "./one-machine-per-attempt.ts";
import { oneRunPerDueTime } from "./one-run-per-due-time.ts";
import { oneRunPerKey } from "./one-run-per-key.ts";
import { outputIsTheMachines } from "./output-is-the-machines.ts";
import { pausesAreKept } from "./pauses-are-kept.ts";
import { punctualIsAhead } from "./punctual-is-ahead.ts";
import { queuesGoOn } from "./queues-go-on.ts";
import { releasedMeansGone } from "./released-means-gone.ts";
import { rerunsNameTheirOrigin } from "./reruns-name-their-origin.ts";
import { retriesFollowTheBook } from "./retries-follow-the-book.ts";
import { schedulesDoNotOverlap } from "./schedules-do-not-overlap.ts";
import { secretsStaySecret } from "./secrets-stay-secret.ts";
import { startsArePunctual } from "./starts-are-punctual.ts";
import { theOutcomeIsTrue } from "./the-outcome-is-true.ts";
import { waitsEnd } from "./waits-end.ts";
import { webhooksEndForAReason } from "./webhooks-end-for-a-reason.ts";

export const CHECKS: readonly Check[] = [
  oneFinalStatus,
  eventsFoldToTheRow,
  oneMachinePerAttempt,
  oneMachineAtATime,
  attemptsWithinBounds,
  retriesFollowTheBook,
  machinesWithinBounds,
  nobodysMachinesGo,
  waitsEnd,
  limitsAreKept,
  startsArePunctual,
  queuesGoOn,
  releasedMeansGone,
  outputIsTheMachines,
  theOutcomeIsTrue,
  imageTimesAreTheMachines,
  cancelsAreHeard,
  groupCancelsReachAll,
  rerunsNameTheirOrigin,
  followersSeeItAll,
  commandsHaveTheirSecrets,
  secretsStaySecret,
  oneRunPerKey,
  callsArePaced,
  launchesArePaced,
  launchesGoByRank,
  launchesAreUsed,
  oneRunPerDueTime,
  schedulesDoNotOverlap,
  pausesAreKept,
  missesAreOutages,
  dueTimesAreTold,
  firingsStartInTime,
  punctualIsAhead,
  dueTimesTakenBack,
  deliveriesAreTakenOnce,
  bodiesAreWhole,
  chainsGoOnOnce,
  notificationsComeInOrder,
  webhooksEndForAReason,
  commitsShowTheNewest,
  nothingIsUpset,
  everythingEnds,
];
