import { render, screen, within } from "@testing-library/react";
import { expect, it } from "vitest";

import type { Credential } from "../api/types";
import { App, makeCache } from "../app";
import { serve } from "../testing/api";

const KEPT: Credential = {
  credential_id: "c-1",
  provider: "demo",
  account: "ada",
  expires_at: null,
  sealed_at: "2026-11-02T00:00:00Z",
  session_id: "s-1",
  custody: "returned",
  holder: null,
  held_since: null,
};

const HELD: Credential = {
  ...KEPT,
  credential_id: "c-2",
  custody: "checked_out",
  holder: "ci-3",
  held_since: "2026-11-22T12:00:00Z",
};

it("says who holds each credential, and since when", async () => {
  serve({
    "GET /api/me": { user_id: "u-1", name: "ada", operator: true },
    "GET /api/credentials": [KEPT, HELD],
  });
  window.history.replaceState(null, "", "/dashboard/credentials");
  render(<App cache={makeCache()} token={null} />);
  const kept = await screen.findByRole("row", { name: /c-1/ });
  expect(within(kept).getByText("nobody")).toBeVisible();
  const held = screen.getByRole("row", { name: /c-2/ });
  expect(within(held).getByText(/ci-3 since/)).toBeVisible();
  expect(within(held).queryByText("nobody")).toBeNull();
});
