/** Every failed request becomes one `ApiError`, whatever went wrong on the way. */

import { t } from "../i18n";
import type { Problem } from "./types";

export class ApiError extends Error {
  /** @param status HTTP status; null when no answer came. */
  constructor(
    readonly status: number | null,
    readonly problem: Problem,
  ) {
    super(problem.cause);
    this.name = "ApiError";
  }
}

/** A problem in this page's own words and language; what the controller tells is English. */
export interface OwnProblem extends Problem {
  own: true;
}

export const own = (code: string, cause: string, remedy: string): OwnProblem => ({
  code,
  cause,
  remedy,
  own: true,
});

/** No answer at all: the controller is down, restarting, or the network between is. */
export function unreachable(): ApiError {
  return new ApiError(
    null,
    navigator.onLine
      ? own("unreachable", t("problems.unreachable"), t("problems.unreachableRemedy"))
      : own("offline", t("problems.offline"), t("problems.offlineRemedy")),
  );
}

/** Reads the body of an error answer; a body that is no Problem (a proxy's page) is said to be so. */
export function problemOf(status: number, body: unknown): Problem {
  if (isProblem(body)) return { code: body.code, cause: body.cause, remedy: body.remedy };
  return own(`http_${status}`, t("problems.unexplained", { status }), t("problems.unexplainedRemedy"));
}

/** What to show for an error of any kind. */
export function asProblem(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  const cause = error instanceof Error ? error.message : String(error);
  return own("internal", cause, t("problems.internalRemedy"));
}

export function isNotSignedIn(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** The controller understood and said no: the same again will not help. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status !== null && error.status < 500;
}

/** There is no such thing (any more), or it is someone else's: asking again will not help. */
export function isAbsent(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

function isProblem(body: unknown): body is Problem {
  if (typeof body !== "object" || body === null) return false;
  const fields = body as Record<string, unknown>;
  return ["code", "cause", "remedy"].every((name) => typeof fields[name] === "string");
}
