/** The API as a table of answers: `GET /api/me` → body, or an error with its status, or what makes either. */

import { vi } from "vitest";

import type { Problem } from "../api/types";

interface Refusal {
  status: number;
  problem: Problem;
}

export type Answers = Record<string, unknown>;

export const refusal = (status: number, problem: Problem): Refusal => ({ status, problem });

/** What the requests to this path asked for, in their order, as in an address. */
export const searches = (path: string): string[] =>
  asked.filter(({ pathname }) => pathname === path).map(({ search }) => search.slice(1));

let asked: URL[] = [];

/** Stubs fetch with these answers; returns the requests that were made, as “METHOD path body”. */
export function serve(answers: Answers): string[] {
  const requests: string[] = [];
  asked = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const url = new URL(request.url);
    const key = `${request.method} ${url.pathname}`;
    asked.push(url);
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
