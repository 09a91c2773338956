/** Every sender by its name in a hook's `source`. */

import type { HookSource } from "../core/hook/spec.ts";
import type { Sender } from "./sender.ts";
import { bitbucket } from "./senders/bitbucket.ts";
import { generic } from "./senders/generic.ts";
import { gitea } from "./senders/gitea.ts";
import { github } from "./senders/github.ts";
import { gitlab } from "./senders/gitlab.ts";
import { standard } from "./senders/standard.ts";
import { stripe } from "./senders/stripe.ts";

export const SENDERS: Readonly<Record<HookSource, Sender>> = {
  github,
  gitlab,
  gitea,
  bitbucket,
  stripe,
  standard,
  generic,
};
