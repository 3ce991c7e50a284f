import { render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";

import { choose } from "../../i18n/language";
import { MoveReason } from "./move-reason";

afterEach(async () => {
  await choose("en");
  window.localStorage.clear();
});

it.each(["superseded", "rejected"] as const)(
  "marks the controller's English of one that is %s",
  async (to) => {
    await choose("de");
    render(<MoveReason to={to} why="its canary passed" />);
    expect(screen.getByText("its canary passed")).toHaveAttribute("lang", "en");
  },
);
