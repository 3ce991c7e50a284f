/** Every failed request becomes one `ApiError`, whatever went wrong on the way. */

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

/** No answer at all: the controller is down, restarting, or the network between is. */
export function unreachable(): ApiError {
  if (!navigator.onLine)
    return new ApiError(null, {
      code: "offline",
      cause: "This device has no network.",
      remedy: "Nothing to do: this page goes on by itself once it has one.",
    });
  return new ApiError(null, {
    code: "unreachable",
    cause: "The controller did not answer.",
    remedy: "See that it is running (vestibule up); this page tries again by itself.",
  });
}

/** Reads the body of an error answer; a body that is no Problem (a proxy's page) is said to be so. */
export function problemOf(status: number, body: unknown): Problem {
  if (isProblem(body)) return { code: body.code, cause: body.cause, remedy: body.remedy };
  return {
    code: `http_${status}`,
    cause: `The controller answered with status ${status} and no explanation.`,
    remedy: "Look into the controller's log; a proxy in between may have answered instead.",
  };
}

/** What to show for an error of any kind. */
export function asProblem(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return {
    code: "internal",
    cause: error instanceof Error ? error.message : String(error),
    remedy: "Reload the page; if it happens again, report it with the browser's console.",
  };
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
