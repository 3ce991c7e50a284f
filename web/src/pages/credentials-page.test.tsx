import { render, screen, within } from "@testing-library/react";
import { expect, it } from "vitest";

import { App, makeCache } from "../app";
import { serve } from "../testing/api";
import { credentialWith, HELD } from "../testing/providers";

const KEPT = credentialWith({ custody: "returned" });
const TAKEN = credentialWith({ ...HELD, credential_id: "c-2" });

it("says who holds each credential, and since when", async () => {
  serve({
    "GET /api/me": { user_id: "u-1", name: "ada", operator: true },
    "GET /api/credentials": [KEPT, TAKEN],
  });
  window.history.replaceState(null, "", "/dashboard/credentials");
  render(<App cache={makeCache()} token={null} />);
  const kept = await screen.findByRole("row", { name: /c-1/ });
  expect(within(kept).getByText("nobody")).toBeVisible();
  const held = screen.getByRole("row", { name: /c-2/ });
  expect(within(held).getByText(/ci-3 since/)).toBeVisible();
  expect(within(held).queryByText("nobody")).toBeNull();
});
