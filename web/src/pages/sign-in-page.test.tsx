import { render, screen, waitFor } from "@testing-library/react";
import { StrictMode } from "react";
import { expect, it } from "vitest";

import { App, makeCache } from "../app";
import { refusal, serve } from "../testing/api";
import { takeToken } from "./sign-in-token";

const USER = { user_id: "u-1", name: "ada", operator: true };

function open(token: string | null) {
  window.history.replaceState(null, "", "/sign-in");
  render(
    <StrictMode>
      <App cache={makeCache()} token={token} />
    </StrictMode>,
  );
}

it("exchanges the token exactly once and goes to the tools", async () => {
  const requests = serve({
    "POST /api/sign-in": USER,
    "GET /api/me": USER,
    "GET /api/host": refusal(500, { code: "internal", cause: "", remedy: "" }),
    "GET /api/providers": [],
  });
  open("one-time");
  await waitFor(() => {
    expect(window.location.pathname).toBe("/dashboard/remote-cli");
  });
  expect(requests.filter((request) => request.startsWith("POST"))).toEqual([
    'POST /api/sign-in {"token":"one-time"}',
  ]);
});

it("says why a link was refused and how to get another", async () => {
  const remedy = "Ask for another: vestibule user link NAME";
  const problem = { code: "link_invalid", cause: "The link was used before.", remedy };
  serve({ "POST /api/sign-in": refusal(401, problem), "GET /api/me": refusal(401, problem) });
  open("used");
  expect(await screen.findByText(problem.cause)).toBeVisible();
  expect(screen.getByText(/vestibule user link NAME/)).toBeVisible();
});

it("takes the token out of the address and the history", () => {
  window.history.replaceState(null, "", "/sign-in#token=abc");
  expect(takeToken(window.location, window.history)).toBe("abc");
  expect(window.location.href).not.toContain("abc");
  expect(takeToken(window.location, window.history)).toBeNull();
});
