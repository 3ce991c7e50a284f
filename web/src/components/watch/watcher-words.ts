/** How a sign-in and its troubles are told to who may only look on. */

import { own } from "../../api/problem";
import type { Problem, SessionStatus } from "../../api/types";
import { t } from "../../i18n";
import { LISTED_STATUS_WORDS } from "../session/status-words";

export const statusWords = (status: SessionStatus) => LISTED_STATUS_WORDS[status];

/** Codes of troubles whose remedy is the owner's alone: to cancel the sign-in. */
const OWNERS = new Set(["agent_unreachable", "vnc_absent", "machine_not_paused"]);

/** The same trouble, with what a watcher can do about it. */
export const toWatcher = (problem: Problem): Problem =>
  OWNERS.has(problem.code) ? own(problem.code, problem.cause, t("watch.tellOwner")) : problem;
