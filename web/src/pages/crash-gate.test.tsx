import { MantineProvider } from "@mantine/core";
import { act, render, screen } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { navigate } from "wouter/use-browser-location";

import { CrashGate } from "./crash-gate";

function Broken(): never {
  throw new Error("It is broken.");
}

const Page = () => (window.location.pathname === "/broken" ? <Broken /> : <p>whole</p>);

beforeEach(() => {
  vi.spyOn(console, "error").mockReturnValue(undefined);
  window.history.replaceState(null, "", "/broken");
});

it("says what could not be drawn, and tries again elsewhere", () => {
  const onCrash = vi.fn();
  render(
    <MantineProvider env="test">
      <CrashGate onCrash={onCrash}>
        <Page />
      </CrashGate>
    </MantineProvider>,
  );
  expect(screen.getByRole("alert")).toHaveTextContent("It is broken.");
  expect(onCrash).toHaveBeenCalledOnce();
  act(() => {
    navigate("/whole");
  });
  expect(screen.getByText("whole")).toBeInTheDocument();
});
