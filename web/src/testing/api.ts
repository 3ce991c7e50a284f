/** The API as a table of answers: `GET /api/me` → body, or an error with its status, or what makes either. */

import { vi } from "vitest";

import type { Problem } from "../api/types";

interface Refusal {
  status: number;
  problem: Problem;
}

export type Answers = Record<string, unknown>;

export const refusal = (status: number, problem: Problem): Refusal => ({ status, problem });

/** Stubs fetch with these answers; returns the requests that were made, as “METHOD path body”. */
export function serve(answers: Answers): string[] {
  const requests: string[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const key = `${request.method} ${new URL(request.url).pathname}`;
    requests.push(`${key} ${await request.text()}`.trim());
    const answer = answers[key];
    return respond(await (typeof answer === "function" ? (answer as () => unknown)() : answer), key);
  });
  return requests;
}

function respond(answer: unknown, key: string): Response {
  if (answer === undefined) throw new Error(`The test has no answer to ${key}`);
  if (isRefusal(answer)) return Response.json(answer.problem, { status: answer.status });
  return Response.json(answer);
}

function isRefusal(answer: unknown): answer is Refusal {
  return typeof answer === "object" && answer !== null && "problem" in answer;
}
